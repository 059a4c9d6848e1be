import WireProtocol

/// Which workers the transport leads to no more: asks for those that may be gone, and tells of
/// those that surely are.
package struct Reachability: Sendable {
  private var rounds = ProbeRounds()
  private var unreachable = UnreachablePeers()

  /// Creates the state in which nothing speaks against anybody.
  package init() {}

  /// When something is to be done next: at once while messages have to be read before a worker is
  /// gone.
  package var nextDeadline: Instant? { wantsReading ? .start : rounds.nextDeadline }

  /// Whether messages have to be read, be there any or not.
  package var wantsReading: Bool { !unreachable.isEmpty }

  /// Some connection has ended.
  package mutating func connectionEnded(at now: Instant) { rounds.connectionEnded(at: now) }

  /// A worker could not be sent to.
  package mutating func notReached(_ worker: WorkerID, at now: Instant) {
    unreachable.insert(worker, at: now)
  }

  /// Messages are about to be read.
  package mutating func beginReading() { unreachable.beginReading() }

  /// Returns the sessions to ask for now, a portion at a time.
  package mutating func takeProbes(of sessions: SessionWatch, at now: Instant) -> [WorkerID] {
    rounds.takePortion(of: sessions, at: now)
  }

  /// Returns the workers that are gone, now that messages were read.
  ///
  /// One that was heard since it could not be sent to has said its last, or is back: the next
  /// probe tells.
  ///
  /// - Parameter isSocketEmpty: whether all messages were read that there were.
  package mutating func takeGone(
    of sessions: SessionWatch, isSocketEmpty: Bool, at now: Instant
  ) -> [WorkerID] {
    var gone: [WorkerID] = []
    for (worker, since) in unreachable.takeGone(isSocketEmpty: isSocketEmpty, at: now) {
      if let entry = sessions[worker], entry.heardAt > since {
        rounds.connectionEnded(at: now)
      } else {
        gone.append(worker)
      }
    }
    return gone
  }
}

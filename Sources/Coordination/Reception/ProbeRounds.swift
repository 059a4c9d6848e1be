import WireProtocol

/// Which sessions to ask for when a connection has ended.
///
/// libzmq tells that some connection has ended, never whose. So the sessions that have been silent
/// since are sent a small message each: one whose peer is gone cannot be routed to. The first round
/// leaves time for a worker that comes back at once; rounds are coalesced and sent in portions,
/// so that thousands of workers that leave together cost little.
package struct ProbeRounds: Sendable {
  /// The time between two rounds, and from the end of a connection to the first.
  package static let interval = Duration.milliseconds(300)
  /// The messages of one portion.
  package static let portionCountMax = 256

  /// When the next round begins, if there is one.
  private var deadline: Instant?
  /// Until when rounds go on.
  private var lastDue = Instant.start
  /// The sessions of this round that are left, the next one at the end.
  private var queue: [WorkerID] = []

  /// Creates rounds of which none is due.
  package init() {}

  /// When something is to be done next.
  package var nextDeadline: Instant? { queue.isEmpty ? deadline : .start }

  /// Some connection has ended; its session is asked for twice, in case its last messages were
  /// still on their way to us.
  package mutating func connectionEnded(at now: Instant) {
    lastDue = now + Self.interval * 2
    deadline = deadline ?? now + Self.interval
  }

  /// Returns the sessions to ask for now, a portion at a time.
  package mutating func takePortion(of sessions: SessionWatch, at now: Instant) -> [WorkerID] {
    if let due = deadline, due <= now {
      deadline = lastDue > now ? now + Self.interval : nil
      queue = sessions.workers(silentSince: now - Self.interval).reversed()
    }
    let portion = queue.suffix(Self.portionCountMax)
    queue.removeLast(portion.count)
    return portion.reversed()
  }
}

import WireProtocol

/// The workers that could not be sent to, until what they had sent before was read.
///
/// A connection that ends leaves its last messages to be read: results, or the farewell of a worker
/// that has left in good order. Only what is silent after them is lost.
package struct UnreachablePeers: Sendable {
  /// The longest time for which a loss waits while messages come without a pause.
  package static let patience = ProbeRounds.interval

  private var fresh: [WorkerID: Instant] = [:]
  private var read: [WorkerID: Instant] = [:]

  /// Creates an empty collection.
  package init() {}

  /// Whether nobody is in it.
  package var isEmpty: Bool { fresh.isEmpty && read.isEmpty }

  /// Records that a worker could not be sent to.
  package mutating func insert(_ worker: WorkerID, at now: Instant) {
    if read[worker] == nil, fresh[worker] == nil { fresh[worker] = now }
  }

  /// Messages are about to be read: those of the workers noted so far are among them.
  package mutating func beginReading() {
    read.merge(fresh) { first, _ in first }
    fresh.removeAll()
  }

  /// Returns the workers that are surely gone, with when that was noted, and forgets them.
  ///
  /// - Parameter isSocketEmpty: whether all messages were read that there were.
  package mutating func takeGone(
    isSocketEmpty: Bool, at now: Instant
  ) -> [(worker: WorkerID, since: Instant)] {
    guard !read.isEmpty else { return [] }
    let gone = read.filter { isSocketEmpty || $0.value + Self.patience <= now }
    for worker in gone.keys { read[worker] = nil }
    return gone.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

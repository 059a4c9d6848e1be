/// When a worker leaves, as far as it has said so.
package struct WorkerDeparture: Sendable {
  /// When the worker will have left, if it knows of an end.
  package private(set) var endsAt: Instant?
  /// The sequence of the last message that said so or denied it.
  private var sequence: UInt64 = 0
  /// Whether the worker has said that it takes no more work and leaves.
  private var isAnnounced = false

  /// Creates the departure of a worker that has said nothing of it.
  package init() {}

  /// Takes note of the time that the worker says to have left; delayed messages change nothing.
  package mutating func take(_ remainingMilliseconds: Int?, sequence: UInt64, at now: Instant) {
    guard sequence >= self.sequence else { return }
    self.sequence = sequence
    endsAt = remainingMilliseconds.map { now + .milliseconds($0) }
  }

  /// Takes note that the worker takes no more work and leaves.
  package mutating func announce() { isAnnounced = true }

  /// Whether the worker leaves now, or will have left at some time, as it has said.
  package func isDue(at time: Instant) -> Bool {
    isAnnounced || endsAt.map { $0 <= time } ?? false
  }
}

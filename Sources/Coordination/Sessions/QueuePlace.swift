/// Where a session waits for a lease.
package struct QueuePlace: Sendable {
  /// The number of the queue, that of the session's key.
  package var index = 0
  /// Whether the session waits in it.
  package private(set) var isWaiting = false

  /// Creates a place in no queue.
  package init() {}

  /// Takes note that the session waits.
  package mutating func join() { isWaiting = true }

  /// Leaves a queue; returns whether the session was in it.
  package mutating func leave(_ index: Int) -> Bool {
    guard waits(in: index) else { return false }
    isWaiting = false
    return true
  }

  /// Whether the session waits in a queue.
  package func waits(in index: Int) -> Bool { isWaiting && self.index == index }
}

/// When a snapshot is made, and the one that waits until its records are durable.
package struct SnapshotPlan: Sendable {
  /// The records that the last snapshot stands for, or zero.
  private var recordCount: Int
  /// A snapshot of which some records are not durable yet.
  private var waiting: CoordinatorSnapshot?

  /// The share of the interval after which the last snapshot of a coordinator's life is worth it.
  private static let lastShare = 16
  /// The share of all records after which a snapshot is due at the earliest, so that all snapshots
  /// of a long run together are in proportion to its journal.
  private static let growthShare = 32

  /// Creates a plan behind a snapshot of so many records, or zero.
  package init(recordCount: Int) {
    self.recordCount = recordCount
  }

  /// Whether a snapshot of so many records is due; `isLast` if there will be no later one.
  package func isDue(at count: Int, interval: Int, isLast: Bool) -> Bool {
    guard waiting == nil else { return false }
    if isLast { return count - recordCount >= max(1, interval / Self.lastShare) }
    return count - recordCount >= max(interval, count / Self.growthShare)
  }

  /// Keeps a snapshot until its records are durable.
  ///
  /// - Precondition: no other one waits.
  package mutating func keep(_ snapshot: CoordinatorSnapshot) {
    precondition(waiting == nil)
    precondition(snapshot.recordCount > recordCount)
    waiting = snapshot
    recordCount = snapshot.recordCount
  }

  /// Removes and returns the snapshot that waits, if all of its records are durable.
  package mutating func takeWritable(durableCount: Int) -> CoordinatorSnapshot? {
    guard let waiting, waiting.recordCount <= durableCount else { return nil }
    defer { self.waiting = nil }
    return waiting
  }
}

/// How many shards of open candidates are in each place.
package struct ShardCounts: Hashable, Sendable {
  /// The shards of which it is not known whether they are measured.
  package private(set) var unplanned = 0
  /// The planned shards whose proposals are not durable.
  package private(set) var unrecorded = 0
  /// The shards that wait for a worker.
  package private(set) var pending = 0
  /// The shards that a worker has.
  package private(set) var leased = 0
  /// Those of them that a second worker has, too.
  package private(set) var backup = 0
  /// The shards whose results are on the way to the store.
  package private(set) var persisting = 0
  /// The shards that are done.
  package private(set) var done = 0

  /// Creates the counts of no shard.
  package init() {}

  /// The shards altogether.
  package var total: Int { unplanned + unrecorded + pending + leased + persisting + done }

  /// Whether no count is negative, and no more shards have a second worker than a first.
  package var isValid: Bool {
    [unplanned, unrecorded, pending, leased, persisting, done].allSatisfy { $0 >= 0 }
      && (0...leased).contains(backup)
  }

  /// Adds so many shards; with a negative number it removes some.
  package mutating func add(_ state: ShardState, count: Int = 1) {
    switch state {
    case .unplanned: unplanned += count
    case .unrecorded: unrecorded += count
    case .pending: pending += count
    case .leased(_, let second):
      leased += count
      backup += second == nil ? 0 : count
    case .persisting: persisting += count
    case .done: done += count
    }
  }
}

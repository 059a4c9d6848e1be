import WireProtocol

/// What a worker has in hand, and how much more it wants.
package struct WorkerLoad: Sendable {
  /// The evaluations that the worker runs at once.
  package var slots: Int
  /// The leases, the oldest first: the first ones run.
  package private(set) var leases: [ShardID] = []
  /// Running shards whose leases have expired since the worker was last heard.
  package private(set) var expired: [ShardID] = []
  /// Whether the worker measures a shard again that another key has measured.
  package var hasSpotCheck = false
  /// The leases that the worker wants to hold at once, as it last said.
  private var leaseCountMax = 0
  /// Whether the worker gave a lease back or let one expire and has not asked since.
  private var isSatisfied = false
  /// Shards that the worker evaluates without a lease, as far as is known.
  private var unleasedCount = 0

  /// Creates the load of a worker that has nothing and wants nothing yet.
  package init(slots: Int) { self.slots = slots }

  /// The shards that the worker has, as far as is known.
  private var inHandCount: Int { leases.count + unleasedCount + (hasSpotCheck ? 1 : 0) }

  /// Whether the worker evaluates nothing, as far as is known.
  package var isFree: Bool { inHandCount == 0 }

  /// How often slots must become free before the turn of another lease comes: zero for at once.
  package var nextTurn: Int { inHandCount / slots }

  /// The leases whose evaluation should be running.
  package var running: ArraySlice<ShardID> { leases.prefix(slots) }

  /// Whether the worker wants something, however much it has.
  package var wantsMore: Bool { leaseCountMax > 0 && !isSatisfied }

  /// The leases that the worker could take now, for at most `limit` leases a slot.
  package func spare(limit: Int) -> Int {
    isSatisfied ? 0 : max(0, min(leaseCountMax, limit * slots) - inHandCount)
  }

  /// Takes note of how much the worker wants, or that it shall get nothing although it does.
  package mutating func want(leaseCountMax: Int, isRefused: Bool) {
    self.leaseCountMax = leaseCountMax
    isSatisfied = isRefused
  }

  /// Gives the worker nothing more until it asks again.
  package mutating func satisfy() { isSatisfied = true }

  /// Takes note of another lease.
  package mutating func add(_ shard: ShardID) { leases.append(shard) }

  /// Takes note that a lease has ended, if there is one.
  package mutating func drop(_ shard: ShardID) { leases.removeAll { $0 == shard } }

  /// Takes note that the lease of a running shard has expired, and has ended.
  package mutating func expire(_ shard: ShardID) { expired.append(shard) }

  /// Forgets the expired leases: the worker was heard again.
  package mutating func forgetExpired() { expired = [] }

  /// Takes note that a lease has ended whose shard the worker goes on with until it is told.
  package mutating func lose(_ shard: ShardID) {
    drop(shard)
    unleasedCount += 1
  }

  /// Takes note that the worker was told to stop with a shard that it had lost.
  package mutating func stopLost() { unleasedCount = max(0, unleasedCount - 1) }

  /// Takes note of how many shards the worker says to evaluate without a lease.
  package mutating func reportUnleased(_ count: Int) { unleasedCount = count }

  /// Traps unless no shard is leased twice and no more than `limit` for each slot there can be.
  package func checkInvariants(limit: Int) {
    precondition(leases.count <= limit * WireLimits.slotCountMax)
    precondition(Set(leases).count == leases.count)
    precondition(unleasedCount >= 0)
  }
}

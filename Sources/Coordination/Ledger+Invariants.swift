import SparsityCore
import WireProtocol

extension Ledger {
  /// Traps unless the counts of places add up.
  package func checkCounts() {
    precondition(counts.isValid)
    precondition((0...pendingCount).contains(parkedCount))
    precondition(queued.count >= availableCount)
    precondition(counts.total == candidates.count * slices.count)
    precondition(queue.count == queued.count)
  }

  /// Traps unless every shard is in exactly one place and leases agree with the sessions.
  ///
  /// - Complexity: O(*n*) for *n* open shards.
  package func checkInvariants(sessions: SessionTable) {
    checkCounts()
    var found = ShardCounts()
    var parked = 0
    var suspected = 0
    for (id, open) in candidates {
      var remaining = 0
      parked += open.parked.count
      precondition(open.parked.isEmpty || open.isSuspected)
      suspected += open.isSuspected ? 1 : 0
      for (slice, state) in open.shards.enumerated() {
        let shard = ShardID(candidate: id, slice: slice)
        remaining += state.isDone || slice >= open.plannedCount ? 0 : 1
        found.add(state)
        switch state {
        case .unplanned: precondition(slice >= open.plannedCount)
        case .unrecorded, .done: break
        case .pending:
          precondition(open.parked.contains(shard) == open.isSuspected)
          precondition(open.isSuspected || queued.contains(shard))
        case .leased(let first, let backup):
          precondition(first.worker != backup?.worker)
          for lease in state.leases {
            precondition(sessions[lease.worker]?.load.leases.contains(shard) == true)
          }
        case .persisting(let reporters, let others):
          precondition(Set(reporters + others).count == reporters.count + others.count)
        }
      }
      precondition(remaining == open.remainingCount)
      precondition(remaining > 0)
    }
    precondition(found == counts)
    precondition(parked == parkedCount)
    precondition(suspected == suspectedCount)
    precondition(sessions.leaseCount == leasedCount + backupCount)
  }
}

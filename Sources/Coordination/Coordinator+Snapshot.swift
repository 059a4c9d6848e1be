import EvolutionarySearch
import SparsityCore
import WireProtocol

/// When a snapshot is made, and one that waits for its records.
struct SnapshotPlan: Sendable {
  /// The records that the last snapshot stands for, or zero.
  var recordCount = 0
  /// A snapshot of which some records are not durable yet.
  var waiting: CoordinatorSnapshot?

  /// The share of the interval after which the last snapshot of a coordinator's life is worth it.
  private static let lastShare = 16
  /// The share of all records after which a snapshot is due at the earliest, so that all snapshots
  /// of a long run together are in proportion to its journal.
  private static let growthShare = 32

  /// Whether a snapshot of so many records is due; `isLast` if there will be no later one.
  func isDue(at count: Int, interval: Int, isLast: Bool) -> Bool {
    guard waiting == nil else { return false }
    if isLast { return count - recordCount >= max(1, interval / Self.lastShare) }
    return count - recordCount >= max(interval, count / Self.growthShare)
  }
}

extension Coordinator {
  /// What a replay of all records so far, durable or on their way, would bring about.
  ///
  /// Results on their way to the store count as done, since their records stand before the end of
  /// the snapshot; nothing else in a coordinator's state runs ahead of its records.
  ///
  /// - Complexity: O(*r* + *w* log *w* + *p*) for *r* records that are not durable, *w* shards of
  ///   candidates that are not concluded, and *p* individuals in population and archive.
  public var snapshot: CoordinatorSnapshot {
    var arriving: [ShardID: ShardState] = [:]
    var remaining: [CandidateID: Int] = [:]
    var completed = heldBack.keys.sorted()
    for case .shardCompleted(let completion) in records.waiting {
      let shard = completion.shard
      guard case .persisting = ledger.state(of: shard),
        let count = ledger[shard.candidate]?.remainingCount
      else { continue }
      arriving[shard] = completion.doneState
      remaining[shard.candidate, default: count] -= 1
      if remaining[shard.candidate] == 0 { completed.append(shard.candidate) }
    }
    let state = search.state
    var done: [StoredShard] = []
    for candidate in state.waiting {
      let shards = (ledger[candidate.id] ?? heldBack[candidate.id])?.shards ?? []
      for (slice, state) in shards.enumerated() {
        let shard = ShardID(candidate: candidate.id, slice: slice)
        if let stored = StoredShard(shard, arriving[shard] ?? state) { done.append(stored) }
      }
    }
    let front = frontResults.stored(
      of: search.archive.individuals, waiting: state.waiting.map(\.id))
    return CoordinatorSnapshot(
      recordCount: records.appendedCount, opening: opening,
      shardCount: recoveredShardCount + counters.results + counters.recalledResults,
      search: state, done: done,
      completed: completed, quarantined: quarantined.sorted(), pace: pace,
      front: front.shards, confirmed: front.confirmed)
  }

  /// Makes a snapshot when one is due, and asks for its writing once its records are durable.
  ///
  /// - Parameter isLast: whether the coordinator is about to end.
  mutating func keepSnapshot(isLast: Bool) {
    // A snapshot does not hold what was measured before the search began anew.
    guard known.isEmpty else { return }
    // What a discard makes of the state is found out by the next life.
    guard !isRestarting else { return }
    let interval = settings.bounds.snapshotIntervalRecords
    if snapshots.isDue(at: records.appendedCount, interval: interval, isLast: isLast) {
      snapshots.waiting = snapshot
      snapshots.recordCount = records.appendedCount
    }
    guard let waiting = snapshots.waiting, waiting.recordCount <= records.firstSequence else {
      return
    }
    snapshots.waiting = nil
    effects.append(.snapshot(waiting))
  }
}

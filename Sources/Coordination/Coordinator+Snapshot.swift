import EvolutionarySearch
import SparsityCore
import WireProtocol

extension Coordinator {
  /// What a replay of all records so far, durable or on their way, would bring about.
  ///
  /// Results on their way to the store count as done, since their records stand before the end of
  /// the snapshot; nothing else in a coordinator's state runs ahead of its records.
  ///
  /// - Precondition: the search is not being asked (``isAsking``).
  /// - Complexity: O(*r* + *w* log *w* + *p*) for *r* records that are not durable, *w* shards of
  ///   candidates that are not concluded, and *p* individuals in population and archive.
  package var snapshot: CoordinatorSnapshot {
    guard let state = driver.search.state else {
      preconditionFailure("a snapshot while the search is being asked")
    }
    var arriving: [ShardID: ShardState] = [:]
    var remaining: [CandidateID: Int] = [:]
    var completed = driver.heldBackCandidates
    for case .shardCompleted(let completion) in records.waiting {
      let shard = completion.shard
      guard case .persisting = leases.ledger.state(of: shard),
        let count = leases.ledger[shard.candidate]?.remainingCount
      else { continue }
      arriving[shard] = completion.doneState
      remaining[shard.candidate, default: count] -= 1
      if remaining[shard.candidate] == 0 { completed.append(shard.candidate) }
    }
    var done: [StoredShard] = []
    var plans: [StoredPlan] = []
    for candidate in state.waiting {
      guard let open = leases.ledger[candidate.id] ?? driver.heldBack(candidate.id) else {
        continue
      }
      if open.reopened != nil { completed.append(candidate.id) }
      if let plan = StoredPlan(open, firstPlannedCount: leases.ledger.shardCountOfProposal) {
        plans.append(plan)
      }
      for (slice, state) in open.shards.enumerated() {
        let shard = ShardID(candidate: candidate.id, slice: slice)
        if let stored = StoredShard(shard, arriving[shard] ?? state) { done.append(stored) }
      }
    }
    let front = driver.frontResults.stored(
      of: driver.search.archive.individuals, waiting: state.waiting.map(\.id))
    return CoordinatorSnapshot(
      recordCount: records.appendedCount, opening: opening,
      shardCount: life.recoveredShardCount + counters.results + counters.recalledResults,
      search: state, done: done,
      completed: completed, quarantined: driver.quarantinedCandidates, pace: stragglers.pace,
      front: front.shards, confirmed: front.confirmed, plans: plans)
  }

  /// Makes a snapshot when one is due, and asks for its writing once its records are durable.
  ///
  /// - Parameter isLast: whether the coordinator is about to end.
  mutating func keepSnapshot(isLast: Bool) {
    // A snapshot does not hold what was measured before the search began anew.
    guard !driver.knowsResults else { return }
    // What a discard makes of the state is found out by the next life.
    guard !life.isRestarting else { return }
    let interval = settings.bounds.snapshotIntervalRecords
    // The next question comes after this, so the search cannot always be away.
    if !driver.isAsking,
      snapshots.isDue(at: records.appendedCount, interval: interval, isLast: isLast)
    {
      snapshots.keep(snapshot)
    }
    if let snapshot = snapshots.takeWritable(durableCount: records.firstSequence) {
      outbox.append(.snapshot(snapshot))
    }
  }
}

extension StoredPlan {
  /// Takes down what is planned of a candidate; `nil` if that is what is planned of all.
  fileprivate init?(_ open: OpenCandidate, firstPlannedCount: Int) {
    let stopped = open.stopped ?? open.reopened
    let sliceCount = stopped?.sliceCount ?? open.plannedCount
    guard stopped != nil || sliceCount > firstPlannedCount else { return nil }
    self.init(
      candidate: open.candidate.id, sliceCount: sliceCount,
      stop: stopped.map {
        Stop(imageCount: $0.imageCount, accuracy: $0.accuracy, meanLoss: $0.meanLoss)
      })
  }
}

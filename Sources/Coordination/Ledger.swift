import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The open candidates and where their shards are.
package struct Ledger: Sendable {
  /// The slices of the search set, one for each shard of a candidate.
  package let slices: [ImageSlice]
  /// The shards that are measured of every candidate.
  private let firstPlannedCount: Int
  /// How many shards are where.
  package private(set) var counts = ShardCounts()
  /// The pending shards of suspected candidates, which wait for a trial.
  private(set) var parkedCount = 0
  /// The candidates that are suspected.
  package private(set) var suspectedCount = 0
  private(set) var candidates: [CandidateID: OpenCandidate] = [:]
  /// Pending shards, and some that were pending; each shard is in it at most once.
  private(set) var queue = MinimumHeap<ShardID>()
  private(set) var queued: Set<ShardID> = []

  /// Creates an empty ledger.
  ///
  /// - Parameter firstPlannedCount: the slices that are measured of every candidate; all without a
  ///   number.
  package init(slices: [ImageSlice], firstPlannedCount: Int? = nil) {
    precondition(!slices.isEmpty)
    self.slices = slices
    self.firstPlannedCount = firstPlannedCount ?? slices.count
    precondition((1...slices.count).contains(self.firstPlannedCount))
  }

  /// The number of open candidates.
  package var count: Int { candidates.count }

  /// The open candidates in order of proposal.
  package var open: [CandidateID] { candidates.keys.sorted() }

  /// The planned shards whose proposals are not durable.
  package var unrecordedCount: Int { counts.unrecorded }
  /// The shards that wait for a worker.
  package var pendingCount: Int { counts.pending }
  /// The shards that a worker has.
  package var leasedCount: Int { counts.leased }
  /// Those of them that a second worker has, too.
  package var backupCount: Int { counts.backup }
  /// The shards whose results are on the way to the store.
  package var persistingCount: Int { counts.persisting }

  /// The pending shards that may be leased now.
  package var availableCount: Int { counts.pending - parkedCount }

  /// Whether nobody works on an open candidate, and no proposal is on its way to the store.
  package var isIdle: Bool { counts.unrecorded + counts.leased + counts.persisting == 0 }

  /// An open candidate.
  package subscript(candidate: CandidateID) -> OpenCandidate? { candidates[candidate] }

  /// Where a shard is, or `nil` if its candidate is not open or has no such slice.
  package func state(of shard: ShardID) -> ShardState? {
    guard let open = candidates[shard.candidate], shard.slice < slices.count else { return nil }
    return open.shards[shard.slice]
  }

  /// The key of an open candidate's shard.
  package func key(of shard: ShardID) -> ShardKey? {
    guard let open = candidates[shard.candidate], shard.slice < slices.count else { return nil }
    return open.keys[shard.slice]
  }

  /// Adds a candidate whose shards are unrecorded.
  package mutating func insert(_ candidate: Candidate, cost: Cost, keys: [ShardKey]) {
    precondition(candidates[candidate.id] == nil)
    precondition(keys.count == slices.count)
    let planned = firstPlannedCount
    candidates[candidate.id] = OpenCandidate(
      candidate: candidate, cost: cost, keys: keys,
      shards: slices.indices.map { $0 < planned ? .unrecorded : .unplanned },
      leaseCounts: Array(repeating: 0, count: slices.count), plannedCount: planned,
      remainingCount: planned, results: Array(repeating: nil, count: slices.count))
    counts.add(.unrecorded, count: planned)
    counts.add(.unplanned, count: slices.count - planned)
  }

  /// The shards that workers are given of a candidate at first.
  package var shardCountOfProposal: Int { firstPlannedCount }

  /// Takes up a stopped candidate again of which more is to be measured after all.
  package mutating func reopen(_ open: OpenCandidate, sliceCount: Int) {
    let id = open.candidate.id
    precondition(candidates[id] == nil && !open.isSuspected && open.plannedCount < sliceCount)
    candidates[id] = open
    candidates[id]?.reopened = open.stopped
    for state in open.shards { counts.add(state, count: 1) }
    plan(id, sliceCount: sliceCount)
  }

  /// Lets more shards of a candidate wait for workers; it is not stopped after all if it was.
  package mutating func plan(_ candidate: CandidateID, sliceCount: Int) {
    guard let planned = candidates[candidate]?.plannedCount, planned < sliceCount else { return }
    candidates[candidate]?.stopped = nil
    for slice in planned..<sliceCount {
      candidates[candidate]?.plannedCount += 1
      let shard = ShardID(candidate: candidate, slice: slice)
      guard state(of: shard) == .unplanned else { continue }
      candidates[candidate]?.remainingCount += 1
      move(shard, to: .pending)
    }
  }

  /// Takes note of what a slice has given.
  package mutating func keep(_ result: SliceResult, of shard: ShardID) {
    candidates[shard.candidate]?.results[shard.slice] = result
    candidates[shard.candidate]?.reopened = nil
  }

  /// Ends the evaluation of a candidate behind its planned shards.
  package mutating func stop(_ candidate: CandidateID, with estimate: StoppedEvaluation) {
    candidates[candidate]?.stopped = estimate
  }

  /// Lets an unrecorded candidate's shards wait for workers.
  package mutating func release(_ candidate: CandidateID) {
    guard let open = candidates[candidate] else { return }
    for slice in slices.indices where open.shards[slice] == .unrecorded {
      move(ShardID(candidate: candidate, slice: slice), to: .pending)
    }
  }

  /// Moves a shard to another place.
  ///
  /// - Precondition: the shard's candidate is open and the shard is not done.
  package mutating func move(_ shard: ShardID, to state: ShardState) {
    guard let old = self.state(of: shard) else {
      preconditionFailure("moved \(shard), which is not open")
    }
    counts.add(old, count: -1)
    counts.add(state, count: 1)
    candidates[shard.candidate]?.shards[shard.slice] = state
    switch (old, state) {
    case (.done, _): preconditionFailure("moved \(shard), which is done")
    case (_, .done): candidates[shard.candidate]?.remainingCount -= 1
    case (_, .pending):
      if candidates[shard.candidate]?.isSuspected == true { park(shard) } else { enqueue(shard) }
    default: break
    }
    if case .pending = old, let place = candidates[shard.candidate]?.parked.firstIndex(of: shard) {
      candidates[shard.candidate]?.parked.remove(at: place)
      parkedCount -= 1
    }
  }

  private mutating func park(_ shard: ShardID) {
    candidates[shard.candidate]?.parked.append(shard)
    parkedCount += 1
  }

  private mutating func enqueue(_ shard: ShardID) {
    if queued.insert(shard).inserted { queue.insert(shard) }
  }

  /// Whether a shard of an open candidate has no result yet.
  package func isUnfinished(_ shard: ShardID) -> Bool {
    switch state(of: shard) {
    case .unplanned, .unrecorded, .pending, .leased: true
    case .persisting, .done, nil: false
    }
  }

  // MARK: Suspects

  /// Lets the shards of an open candidate wait for trials.
  package mutating func suspect(_ candidate: CandidateID) {
    guard let open = candidates[candidate], !open.isSuspected else { return }
    candidates[candidate]?.isSuspected = true
    suspectedCount += 1
    for slice in slices.indices where open.shards[slice] == .pending {
      park(ShardID(candidate: candidate, slice: slice))
    }
  }

  /// Lets the shards of a candidate wait for workers as others do.
  package mutating func acquit(_ candidate: CandidateID) {
    guard let open = candidates[candidate], open.isSuspected else { return }
    candidates[candidate]?.isSuspected = false
    candidates[candidate]?.parked = []
    suspectedCount -= 1
    parkedCount -= open.parked.count
    for shard in open.parked { enqueue(shard) }
  }

  /// The next shard of a suspect to try, unless another one is with a worker or the store.
  package func trialShard(of candidate: CandidateID) -> ShardID? {
    guard let open = candidates[candidate], open.isSuspected, !open.isUnderWay else { return nil }
    return open.parked.min()
  }

  /// Whether some shard of an open candidate was finished.
  ///
  /// - Complexity: O(*s*) for *s* shards.
  package func hasFinishedShard(of candidate: CandidateID) -> Bool {
    candidates[candidate]?.firstFinishedSlice != nil
  }

  /// A finished shard of some open candidate that is not suspected.
  ///
  /// - Complexity: O(*n*) for *n* open shards.
  package func anyFinishedShard() -> ShardID? {
    for id in open {
      guard let open = candidates[id], !open.isSuspected else { continue }
      if let slice = open.firstFinishedSlice { return ShardID(candidate: id, slice: slice) }
    }
    return nil
  }

  /// The lease of a worker to a shard, if it has one.
  package func lease(of shard: ShardID, by worker: WorkerID) -> Lease? {
    guard case .leased(let first, let backup) = state(of: shard) else { return nil }
    if first.worker == worker { return first }
    return backup?.worker == worker ? backup : nil
  }

  /// Adds the lease of a pending shard, or a second one.
  ///
  /// - Precondition: the shard is pending, or leased once to another worker.
  package mutating func add(_ lease: Lease, to shard: ShardID) {
    switch state(of: shard) {
    case .pending: move(shard, to: .leased(lease))
    case .leased(let first, backup: nil):
      precondition(first.worker != lease.worker)
      move(shard, to: .leased(first, backup: lease))
    default: preconditionFailure("\(shard) cannot be leased")
    }
    candidates[shard.candidate]?.leaseCounts[shard.slice] += 1
  }

  /// Replaces a worker's lease by a newer version of itself.
  package mutating func update(_ lease: Lease, of shard: ShardID) {
    guard case .leased(let first, let backup) = state(of: shard) else { return }
    if first.worker == lease.worker {
      move(shard, to: .leased(lease, backup: backup))
    } else if backup?.worker == lease.worker {
      move(shard, to: .leased(first, backup: lease))
    }
  }

  /// Ends a worker's lease: the shard is the other worker's alone, or waits.
  package mutating func end(_ worker: WorkerID, of shard: ShardID) {
    guard case .leased(let first, let backup) = state(of: shard) else { return }
    if first.worker == worker {
      move(shard, to: backup.map { .leased($0) } ?? .pending)
    } else if backup?.worker == worker {
      move(shard, to: .leased(first))
    }
  }

  /// Counts an evaluation that failed against a candidate; returns how many failures there are now.
  package mutating func countFailure(of candidate: CandidateID, by worker: WorkerID) -> Int {
    candidates[candidate]?.hasFailed = true
    return addFailure(of: candidate, by: worker)
  }

  private mutating func addFailure(of candidate: CandidateID, by worker: WorkerID) -> Int {
    candidates[candidate]?.failures[worker, default: 0] += 1
    return candidates[candidate]?.failures.values.reduce(0, +) ?? 0
  }

  /// Counts a lease that was taken back because two workers were late, and only against a candidate
  /// that has failed elsewhere: once for each worker, or each time if nobody is left to try it.
  /// Returns how many failures there are now.
  package mutating func countDelay(
    of candidate: CandidateID, by worker: WorkerID, isLeftAlone: Bool
  ) -> Int {
    guard let open = candidates[candidate], open.hasFailed else { return 0 }
    guard isLeftAlone || open.failures[worker] == nil else { return 0 }
    return addFailure(of: candidate, by: worker)
  }

  /// Whether some open candidate is not among `others`.
  ///
  /// - Complexity: O(*n*) for *n* open candidates.
  package func hasCandidate(besides others: Set<CandidateID>) -> Bool {
    candidates.keys.contains { !others.contains($0) }
  }

  /// Takes back what counts against a candidate because of a worker: the fault was the worker's.
  package mutating func forgive(_ worker: WorkerID, candidate: CandidateID) {
    candidates[candidate]?.failures[worker] = nil
  }

  /// Returns the pending shard of the oldest candidate that is not avoided, or `nil`; the caller
  /// leases it. Suspected candidates have none.
  ///
  /// - Complexity: O(log *n*), times the number of avoided shards.
  package mutating func popPending(avoiding avoided: Set<CandidateID>) -> ShardID? {
    var passedOver: [ShardID] = []
    defer { for shard in passedOver { queue.insert(shard) } }
    while let shard = queue.popMinimum() {
      if state(of: shard) == .pending, avoided.contains(shard.candidate) {
        passedOver.append(shard)
        continue
      }
      queued.remove(shard)
      guard state(of: shard) == .pending else { continue }
      if candidates[shard.candidate]?.isSuspected == false { return shard }
    }
    return nil
  }

  /// Removes and returns a candidate.
  package mutating func remove(_ candidate: CandidateID) -> OpenCandidate? {
    guard let open = candidates.removeValue(forKey: candidate) else { return nil }
    for state in open.shards { counts.add(state, count: -1) }
    parkedCount -= open.parked.count
    suspectedCount -= open.isSuspected ? 1 : 0
    return open
  }
}

extension OpenCandidate {
  /// Whether a worker has one of the shards, or its result is on the way to the store.
  ///
  /// - Complexity: O(*s*) for *s* shards.
  fileprivate var isUnderWay: Bool {
    shards.contains {
      switch $0 {
      case .leased, .persisting: true
      case .unplanned, .unrecorded, .pending, .done: false
      }
    }
  }

  /// The first slice whose result is durable.
  ///
  /// - Complexity: O(*s*) for *s* shards.
  fileprivate var firstFinishedSlice: Int? { shards.firstIndex(where: \.isDone) }
}

import SparsityCore
import WireProtocol

extension Coordinator {
  /// The workers that are told about one result; more will repeat it and be told then.
  private static let reporterCountMax = 8

  /// Takes a result, whatever lease or epoch it comes from: equal keys have equal results.
  ///
  /// A worker that is not known must greet first, since only then its numerics are; it keeps the
  /// result until it is acknowledged.
  mutating func take(_ result: ShardResult, from worker: WorkerID) {
    guard sessions[worker] != nil else {
      answerStranger(worker)
      return
    }
    let shard = result.shard
    let reference = ShardReference(shard: shard, key: result.key)
    guard let open = ledger[shard.candidate] else {
      answerClosed(reference, to: worker)
      return
    }
    guard ledger.key(of: shard) == result.key else {
      refuse(worker, .misbehaved, words: "it sent a result for \(shard) with a foreign key")
      return
    }
    guard result.costs == open.cost.wireValues else {
      refuse(
        worker, .costMismatch,
        words: "it computes the cost of \(shard.candidate) as \(result.costs), the coordinator "
          + "as \(open.cost.wireValues); use the same version of elsa and the same profile")
      return
    }
    let slice = ledger.slices[shard.slice]
    guard result.measurement.correct.count == slice.count else {
      refuse(
        worker, .misbehaved,
        words: "it measured \(result.measurement.correct.count) images of \(slice.count)")
      return
    }
    settle(result, from: worker)
  }

  /// Answers a result or a claim for a shard whose candidate is not open.
  private mutating func answerClosed(_ reference: ShardReference, to worker: WorkerID) {
    let candidate = reference.shard.candidate
    if candidate.rawValue >= search.birthCount || quarantined.contains(candidate) {
      counters.strayMessages += 1
      send(.cancel(reference), to: worker)
    } else {
      counters.duplicateResults += 1
      send(.acknowledge(reference), to: worker)
    }
  }

  /// Takes a valid result of an open candidate's shard.
  private mutating func settle(_ result: ShardResult, from worker: WorkerID) {
    let shard = result.shard
    var holder: WorkerID?
    switch ledger.state(of: shard) {
    case .pending: break
    case .leased(let lease): holder = lease.worker
    case .persisting(let measurement, var reporters, let holder):
      counters.duplicateResults += 1
      if measurement != result.measurement { disagree(shard, worker) }
      guard !reporters.contains(worker), reporters.count < Self.reporterCountMax else { return }
      reporters.append(worker)
      ledger.move(shard, to: .persisting(measurement, reporters: reporters, holder: holder))
      return
    case .done:
      counters.duplicateResults += 1
      if ledger.state(of: shard) != result.measurement.doneState { disagree(shard, worker) }
      send(.acknowledge(ShardReference(shard: shard, key: result.key)), to: worker)
      return
    case .unborn, nil:
      counters.strayMessages += 1
      return
    }
    guard records.count < settings.bounds.waitingRecordCountMax else {
      counters.postponedResults += 1
      return
    }
    sessions.modify(worker) { $0.streak = FailureStreak() }
    counters.results += 1
    counters.images += result.measurement.correct.count
    counters.evaluationMicroseconds &+= result.evaluationMicroseconds
    if holder != worker {
      counters.lateResults += 1
      sessions.modify(worker) { $0.unleasedCount = max(0, $0.unleasedCount - 1) }
    }
    if let holder {
      sessions.modify(holder) { session in session.leases.removeAll { $0 == shard } }
    }
    ledger.move(
      shard,
      to: .persisting(
        result.measurement, reporters: [worker], holder: holder == worker ? nil : holder))
    records.append(
      .shardCompleted(
        ShardCompletion(
          shard: shard, key: result.key, measurement: result.measurement,
          worker: sessions[worker]?.label ?? "\(worker)",
          evaluationMicroseconds: result.evaluationMicroseconds)))
  }

  private mutating func disagree(_ shard: ShardID, _ worker: WorkerID) {
    counters.disagreements += 1
    note(.resultsDisagree(shard, label: sessions[worker]?.label ?? "\(worker)"))
  }

  // MARK: The store's answers

  /// Acts on records that have become durable.
  mutating func confirm(firstSequence: Int) {
    if records.isFailing { note(.storageRecovered) }
    for record in records.confirm(firstSequence: firstSequence) {
      switch record {
      case .opened: if phase == .opening { phase = .working }
      case .born(let candidate, _): ledger.release(candidate)
      case .shardCompleted(let completion): finish(completion)
      case .evaluated, .quarantined: break
      }
    }
  }

  /// Keeps records that could not be written.
  mutating func fail(_ firstSequence: Int, words: String, at now: Instant) {
    counters.failedWrites += 1
    if !records.isFailing { note(.storageFailing(words: words)) }
    records.fail(
      firstSequence: firstSequence, retryAt: now + settings.timing.storageRetryInterval)
  }

  /// Tells everybody concerned that a shard's result is durable.
  private mutating func finish(_ completion: ShardCompletion) {
    let shard = completion.shard
    // The candidate may have been given up while the record was written.
    guard case .persisting(_, let reporters, let holder) = ledger.state(of: shard) else { return }
    let reference = ShardReference(shard: shard, key: completion.key)
    for worker in reporters { send(.acknowledge(reference), to: worker) }
    if let holder, !reporters.contains(holder) { send(.cancel(reference), to: holder) }
    ledger.move(shard, to: completion.measurement.doneState)
    if ledger[shard.candidate]?.remainingCount == 0 { conclude(shard.candidate) }
  }
}

import EvolutionarySearch
import SparsityCore
import WireProtocol

extension Coordinator {
  /// The workers that are told about one result; more will repeat it and be told then.
  private static let reporterCountMax = 8

  /// Takes a result of whatever lease and term: equal keys have equal results. It must bear the
  /// token of the lease, for keys can be computed by everybody.
  ///
  /// A worker that is not known must greet first, since only then its numerics are; it keeps the
  /// result until it is acknowledged.
  mutating func take(_ result: ShardResult, from worker: WorkerID, at now: Instant) {
    guard leases.sessions[worker] != nil else {
      answerStranger(worker)
      return
    }
    let shard = result.shard
    let reference = ShardReference(shard: shard, key: result.key)
    guard leases.token(of: result.key, for: worker) == result.token else {
      counters.unleasedResults += 1
      send(.cancel(reference), to: worker)
      countFault(of: worker) {
        "\(counted($0, "message")) of it no worker sends, the last a result for \(shard), which it "
          + "was not given"
      }
      return
    }
    finishControl(reference, from: worker)
    finishSpotCheck(result, from: worker)
    // A finding may end this life; what is not settled comes again in the next one.
    guard leases.sessions[worker] != nil else { return }
    guard let open = leases.ledger[shard.candidate] else {
      if let first = verification.firstResult(of: shard), !first.agreesOnCosts(with: result) {
        refuseCosts(of: result, from: worker, expected: "otherwise")
        return
      }
      compare(result, from: worker)
      answerClosed(reference, to: worker)
      return
    }
    guard leases.ledger.key(of: shard) == result.key else {
      // The worker was given it: before the search has begun anew, the number was another's.
      counters.strayMessages += 1
      send(.cancel(reference), to: worker)
      return
    }
    guard result.costs == open.cost.wireValues else {
      refuseCosts(of: result, from: worker, expected: "as \(open.cost.wireValues)")
      return
    }
    let slice = leases.ledger.slices[shard.slice]
    guard result.measurement.correct.count == slice.count else {
      refuse(
        worker, .misbehaved,
        diagnostic: "it measured \(counted(result.measurement.correct.count, "image")) of "
          + "\(slice.count)")
      return
    }
    guard settings.description.measures(result.measuredCosts) else {
      let wanted = settings.description.measuredCosts.map(\.rawValue).joined(separator: " and ")
      refuse(
        worker, .misbehaved,
        diagnostic: wanted.isEmpty
          ? "it has measured costs, which this run computes"
          : "it has not measured \(wanted) alone, as the run wants it")
      return
    }
    settle(result, from: worker, at: now)
  }

  /// Refuses a worker that computes other costs; only another version or profile does.
  private mutating func refuseCosts(
    of result: ShardResult, from worker: WorkerID, expected: String
  ) {
    refuse(
      worker, .costMismatch,
      diagnostic: "it computes the cost of \(result.shard.candidate) as \(result.costs), the "
        + "coordinator \(expected); use the same version of elsa and the same profile")
  }

  /// Answers a result or a claim for a shard whose candidate is not open.
  private mutating func answerClosed(_ reference: ShardReference, to worker: WorkerID) {
    let candidate = reference.shard.candidate
    if candidate.rawValue >= driver.search.proposalCount || driver.isQuarantined(candidate) {
      counters.strayMessages += 1
      send(.cancel(reference), to: worker)
    } else {
      counters.duplicateResults += 1
      leases.modify(worker) { $0.standing.prove() }
      send(.acknowledge(reference), to: worker)
    }
  }

  /// Takes a valid result of an open candidate's shard.
  private mutating func settle(_ result: ShardResult, from worker: WorkerID, at now: Instant) {
    let shard = result.shard
    let holders = leases.ledger.state(of: shard)?.leases ?? []
    switch leases.ledger.state(of: shard) {
    case .pending, .leased: break
    case .persisting(var reporters, let others):
      counters.duplicateResults += 1
      compare(result, from: worker)
      guard !reporters.contains(worker), reporters.count < Self.reporterCountMax else { return }
      reporters.append(worker)
      leases.move(
        shard, to: .persisting(reporters: reporters, others: others.filter { $0 != worker }))
      return
    case .done:
      counters.duplicateResults += 1
      compare(result, from: worker)
      send(.acknowledge(ShardReference(shard: shard, key: result.key)), to: worker)
      return
    case .unplanned:
      counters.strayMessages += 1
      send(.cancel(ShardReference(shard: shard, key: result.key)), to: worker)
      return
    case .unrecorded, nil:
      counters.strayMessages += 1
      return
    }
    guard records.count < settings.bounds.waitingRecordCountMax else {
      counters.postponedResults += 1
      return
    }
    let images = result.measurement.correct.count
    stragglers.observe(microseconds: result.evaluationMicroseconds, images: images)
    faults.losses.countFinished(by: worker)
    acquit(shard.candidate)
    leases.modify(worker) { session in
      session.standing.deliver()
      session.pace.observe(microseconds: result.evaluationMicroseconds, images: images)
      session.load.drop(shard)
    }
    counters.results += 1
    counters.images += images
    counters.evaluationMicroseconds &+= result.evaluationMicroseconds
    if !holders.contains(where: { $0.worker == worker }) {
      counters.expiredResults += 1
      leases.modify(worker) { $0.load.stopLost() }
    }
    let others = holders.filter { $0.worker != worker }
    for lease in others { supersede(lease, for: shard, at: now) }
    leases.move(shard, to: .persisting(reporters: [worker], others: others.map(\.worker)))
    record(result, from: worker)
    proposeSpotCheck(of: result, from: worker)
  }

  /// Hands a result to the store, and remembers it for a while to compare others with it.
  private mutating func record(_ result: ShardResult, from worker: WorkerID) {
    let label = leases.sessions[worker]?.label ?? "\(worker)"
    let keyName = leases.sessions[worker]?.key ?? ""
    verification.remember(
      ResultTrace(result, label: label, keyName: keyName), of: result.shard)
    records.append(
      .shardCompleted(
        ShardCompletion(
          shard: result.shard, key: result.key, measurement: result.measurement, worker: label,
          measuredCosts: result.measuredCosts,
          evaluationMicroseconds: result.evaluationMicroseconds,
          keyName: keyName)))
    keep(result.measurement, of: result.shard)
  }

  /// Keeps a result whose record is on its way: so the records say what was known when.
  private mutating func keep(_ measurement: ShardMeasurement, of shard: ShardID) {
    leases.keep(SliceResult(measurement), of: shard)
    guard let open = leases.ledger[shard.candidate] else { return }
    driver.tell(
      correctCount: measurement.correct.populationCount, imageCount: measurement.correct.count,
      of: open)
    planAhead(of: shard.candidate)
  }

  /// Reports a result that differs from the first one of its shard, if that is remembered.
  ///
  /// Equal keys have equal results, so one of the two workers computes wrongly; which one, a person
  /// must find out. What was journaled stays.
  private mutating func compare(_ result: ShardResult, from worker: WorkerID) {
    guard let first = verification.firstResult(of: result.shard), !first.agrees(with: result)
    else { return }
    counters.disagreements += 1
    notify(
      .resultsDisagree(
        result.shard, label: leases.sessions[worker]?.label ?? "\(worker)", other: first.label))
    dispute(result, from: worker, first: first.finding)
  }

  // MARK: The store's answers

  /// Acts on records that have become durable.
  mutating func confirm(firstSequence: Int) {
    if records.isFailing { notify(.storageRecovered) }
    for record in records.confirm(firstSequence: firstSequence) {
      switch record {
      case .opened: life.opened()
      case .proposed(let candidate, _):
        leases.release(candidate)
        recall(candidate)
      case .shardCompleted(let completion): finish(completion)
      case .joined, .evaluated, .confirmed, .discarded, .quarantined: break
      }
    }
  }

  /// Takes what was measured of a candidate's pending shards before the search has begun anew.
  mutating func recall(_ candidate: CandidateID) {
    guard life.recordsSearch, driver.knowsResults, let open = leases.ledger[candidate] else {
      return
    }
    for completion in driver.recall(open) {
      leases.move(completion.shard, to: .persisting(reporters: [], others: []))
      records.append(.shardCompleted(completion))
      counters.recalledResults += 1
      stragglers.observe(
        microseconds: completion.evaluationMicroseconds,
        images: completion.measurement.correct.count)
      keep(completion.measurement, of: completion.shard)
    }
  }

  /// Keeps records that could not be written.
  mutating func fail(_ firstSequence: Int, diagnostic: String, at now: Instant) {
    counters.failedWrites += 1
    if !records.isFailing { notify(.storageFailing(diagnostic: diagnostic)) }
    records.fail(
      firstSequence: firstSequence, retryAt: now + settings.timing.storageRetryInterval)
  }

  /// Tells everybody concerned that a shard's result is durable.
  private mutating func finish(_ completion: ShardCompletion) {
    let shard = completion.shard
    // The candidate may have been quarantined while the record was written.
    guard case .persisting(let reporters, let others) = leases.ledger.state(of: shard) else {
      return
    }
    let reference = ShardReference(shard: shard, key: completion.key)
    for worker in reporters { send(.acknowledge(reference), to: worker) }
    for worker in others {
      send(.cancel(reference), to: worker)
      leases.modify(worker) { $0.load.stopLost() }
    }
    leases.move(shard, to: completion.doneState)
    if leases.ledger[shard.candidate]?.remainingCount == 0 { conclude(shard.candidate) }
  }
}

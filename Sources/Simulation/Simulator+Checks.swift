import Coordination
import SparsityCore
import WireProtocol

extension Simulator {
  /// Checks what the coordinator sends against what is durable.
  mutating func check(_ envelope: Envelope, to worker: WorkerID) {
    checkRevocation(envelope.message, to: worker)
    switch envelope.message {
    case .acknowledge(let reference):
      // Of a stopped candidate nothing more is needed.
      let isNeedless = journal.evaluated[reference.shard.candidate]?.stop != nil
      if !journal.everDurable.contains(reference.key), !isNeedless {
        violate("\(reference.shard) is acknowledged before it is durable")
      }
    case .lease(let grant):
      // Who is to show that it can finish anything gets what is known; a control that is sent again
      // may be withdrawn by the same event.
      if coordinator.machine?.isControl(grant.shard, of: worker) == true {
        observed.controls[worker] = grant.shard
      }
      if observed.controls[worker] == grant.shard { return }
      if coordinator.machine?.isSpotCheck(grant.shard, of: worker) == true {
        observed.spotChecks[worker, default: []].insert(grant.shard)
      }
      if observed.spotChecks[worker]?.contains(grant.shard) == true { return }
      if journal.shardIDs.contains(grant.shard) {
        violate("\(grant.shard) is leased though its result is durable")
      }
      if journal.proposed[grant.shard.candidate] != grant.genome {
        violate("\(grant.shard) is leased before its proposal is durable")
      }
      if journal.evaluated[grant.shard.candidate] != nil {
        violate("\(grant.shard) is leased though its candidate is evaluated")
      }
      checkEndTime(of: grant, for: worker)
    case .drain: checkDrain(of: worker)
    case .refused(let refusal): check(refusal, to: worker)
    case .welcome(let welcome): check(welcome, to: worker)
    case .finished:
      if !hasConcludedAll {
        violate("workers are told that the run is finished, and it is not")
      }
    default: break
    }
  }

  /// Checks what the coordinator tells users.
  mutating func check(_ notification: Coordinator.Notification) {
    switch notification {
    case .resultsDisagree(let shard, let label, let other):
      let names = plan.hasWrongWorker ? [label, other] : []
      if names.contains(wrongLabel) { return }
      violate("\(label) and \(other) disagree about \(shard)")
    case .resultsDiscarded(let keyName, _): checkDiscard(of: keyName)
    case .frontNotRepeated, .keysDisagree: isFrontUnrepeated = true
    default: break
    }
  }

  /// Checks that the journal brings back the state that wrote it, when all of it is written.
  mutating func checkReplay() {
    guard let machine = coordinator.machine, machine.isSettled, !machine.isAsking else { return }
    guard coordinator.isFinished || generator.chance(0.1) else { return }
    compareReplay(with: machine)
  }

  private mutating func compareReplay(with machine: Coordinator) {
    do {
      let replayed = try Coordinator(
        settings: run.settings, discards: journal.discards, recovering: journal.records)
      if replayed.durableState != machine.durableState {
        violate("the journal gives another state than the one that wrote it")
      }
      if replayed.term != machine.term.next { violate("the journal gives another term") }
      checkSnapshots(of: machine, replayed: replayed)
    } catch {
      violate("the journal cannot be replayed: \(error)")
    }
  }

  /// Checks the result of a run that has finished.
  mutating func checkOutcome() {
    guard let machine = coordinator.machine else {
      violate("the coordinator is down at the end")
      return
    }
    compareReplay(with: machine)
    if !hasConcludedAll {
      violate("\(concludedCount) candidates are concluded instead of \(conclusionCount)")
    }
    let wrong = deviantCandidates
    // What all accuracies are compared with.
    let floor = run.settings.search.accuracy?.floor
    let isReferenceWrong = floor?.reference != nil && wrong.contains(CandidateID(0))
    for (candidate, evaluation) in journal.evaluated.sorted(by: { $0.key < $1.key }) {
      guard let genome = journal.proposed[candidate] else {
        violate("\(candidate) is evaluated and was not proposed")
        continue
      }
      let expected = run.evaluate(
        candidate, genome, stopped: run.stopped(evaluation),
        lacksReference: journal.quarantined.contains(CandidateID(0)))
      if evaluation != expected, !wrong.contains(candidate), !isReferenceWrong {
        violate("\(candidate) has another evaluation than a run without faults gives")
      }
      if evaluation.stop != nil, wrong.isEmpty, floor == nil, !isBeaten(evaluation) {
        violate("\(candidate) was stopped though nothing is better")
      }
      if isHarmful(genome) { violate("\(candidate) was evaluated though nobody can") }
    }
    checkQuarantines()
    checkDeaths()
    if wrong.isEmpty { checkStrictOrder() }
    let counters = machine.counters
    let repeatedCount = computedShardCount - journal.shards.count
    let allowedCount = counters.backupLeases + counters.spotCheckLeases
    if plan.isCalm, repeatedCount > allowedCount || counters.expiredLeases > 0 {
      violate(
        "without faults \(computedShardCount) evaluations were made for "
          + "\(journal.shards.count) shards and \(counters.expiredLeases) leases expired")
    }
    if !plan.hasForger, !plan.hasRogue, counters.unleasedResults > 0 {
      violate("\(counters.unleasedResults) results of honest workers were taken for forged ones")
    }
    checkFrontIsConfirmed(of: machine)
    if journal.workers.contains(Self.forgerLabel) { violate("forged results were taken") }
    if plan.hasDeviantWorker, journal.workers.contains("worker-1") {
      violate("results of the worker that computes other costs were taken")
    }
  }

  private var concludedCount: Int { journal.evaluated.count + journal.quarantined.count }

  /// Whether as many candidates are concluded as must be in the end. They may be more where some
  /// were stopped by results that count no more, and were measured whole since.
  private var hasConcludedAll: Bool {
    concludedCount == conclusionCount
      || (concludedCount > conclusionCount && journal.discards.end > 0)
  }

  /// The candidates that must be concluded in the end.
  private var conclusionCount: Int {
    let imageCount = run.settings.description.imageCount
    return run.conclusionCount(
      savedImageCount: journal.evaluated.values.reduce(0) { sum, evaluation in
        sum + (evaluation.stop == nil ? 0 : imageCount - evaluation.imageCount)
      })
  }

  /// Whether a candidate that was measured on all images is better than a stopped one is believed
  /// to be, and costs no more.
  private func isBeaten(_ stopped: EvaluatedCandidate) -> Bool {
    let objectives = run.settings.description.objectives
    let own = stopped.minimized(objectives)
    return journal.evaluated.values.contains { other in
      guard other.stop == nil else { return false }
      return zip(zip(other.minimized(objectives), own), objectives).allSatisfy { pair, objective in
        objective == .accuracy ? pair.0 < pair.1 : pair.0 <= pair.1
      }
    }
  }

  private mutating func checkQuarantines() {
    // However many workers were lost: only a sick worker alone can spoil what others could do.
    let mayBeAlone =
      plan.hasSickWorker
      && !([plan.departures, plan.revocations, plan.hangs].allSatisfy(\.isEmpty)
        && [plan.partitions, plan.clogs].allSatisfy(\.isEmpty)
        && (plan.reception?.linkBreaks.isEmpty ?? true)
        && plan.freezes.isEmpty && plan.idleTimeout == nil && plan.lifetimes == nil
        && !plan.hasDeviantWorker && (keys == nil || !plan.hasWrongWorker))
    if mayBeAlone { return }
    for candidate in journal.quarantined.sorted() {
      guard let genome = journal.proposed[candidate], !isHarmful(genome) else { continue }
      violate("\(candidate) was quarantined for no reason")
    }
  }

  /// Checks that a worker on which nothing succeeds is not given more and more.
  ///
  /// It is turned away three times after three candidates, of each of which it may hold six leases;
  /// a coordinator that starts knows nothing of it.
  mutating func countFailure(at place: Int) {
    workers[place].process?.failureCount += 1
    let count = workers[place].process?.failureCount ?? 0
    let countMax = 3 * 3 * 6
    if count > countMax * coordinator.life {
      violate("\(count) evaluations have failed at worker-\(place), and it still gets leases")
    }
  }

  /// Checks that a candidate that kills is not tried for ever.
  ///
  /// It also kills those that have it before the first loss is noticed, which cannot be helped, and
  /// a coordinator that starts knows nothing of earlier trials. A worker whose key is revoked
  /// before its loss is noticed leaves no loss to count.
  mutating func countKill(of worker: WorkerID, by candidate: CandidateID) {
    // The loss of a worker that is about to leave anyhow does not count.
    guard plan.lifetimes == nil else { return }
    guard coordinator.machine?.isTrial(of: candidate, by: worker) == true else { return }
    killCounts[candidate, default: 0] += 1
    let count = killCounts[candidate, default: 0]
    if count > LossLimits.countMax * coordinator.life + plan.revocations.count {
      violate("\(candidate) has killed \(count) workers that tried it alone, and goes on")
    }
  }

  /// Whether nobody can evaluate a genome.
  func isHarmful(_ genome: Genome) -> Bool {
    (plan.hasPoison && run.isInTwelfth(0, genome))
      || (plan.hasFailures && run.isInTwelfth(1, genome))
  }
}

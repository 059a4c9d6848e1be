import SparsityCore
import WireProtocol

/// Shards that are measured again with another key, and what happens when the results differ.
///
/// A secret share of all shards is measured again while the run goes on, as far as workers of other
/// keys are there; and one shard of each individual on the front before the run counts as complete.
/// A key that is found to have delivered what is not so is trusted no more: the journal says so,
/// and this life of the coordinator ends. The next one restores what the honest results give
/// (``DiscardedResults``) and has the rest measured again.
extension Coordinator {
  /// The workers that are looked at for a check in one event: the second has another key.
  private static let spotCheckTriesMax = 2
  /// The multiple of everybody's pace that a worker is given for a check.
  private static let spotCheckPaceRatioMax = 4
  /// How often a check is sent to a worker that does not name it.
  private static let spotCheckSendCountMax = 10

  /// Whether a worker measures a shard again that another key has measured.
  package func isSpotCheck(_ shard: ShardID, of worker: WorkerID) -> Bool {
    verification.checks.check(of: worker)?.grant.shard == shard
  }

  // MARK: What is checked

  /// Has a result measured again if it belongs to the secret share.
  mutating func proposeSpotCheck(of result: ShardResult, from worker: WorkerID) {
    guard verification.repeatsShards, leases.sessions.keyNames.count > 1,
      let keyName = leases.sessions[worker]?.key, verification.needsWitness(keyName),
      verification.isDrawn(result.key), let grant = leases.grant(of: result.shard, for: worker)
    else { return }
    verification.checks.add(grant, finding: SpotChecks.Finding(result, keyName: keyName))
  }

  /// Has one shard of each individual on the front measured again, when nothing else is left.
  mutating func planFrontChecks() {
    guard verification.needsFrontPlan(concludedCount: driver.concludedCount), life.isWorking,
      driver.isSpent, leases.ledger.count == 0, !driver.holdsBack, let keys = driver.keys
    else { return }
    verification.planFront(concludedCount: driver.concludedCount)
    for individual in driver.search.archive.individuals
    where !driver.frontResults.isConfirmed(individual.id) {
      let results = driver.frontResults[individual.id].filter {
        verification.needsWitness($0.keyName)
      }
      guard !results.isEmpty else { continue }
      // Which one, nobody can know who does not know the secret.
      let first = keys.key(of: individual.genome, slice: leases.ledger.slices[0])
      let result = results[verification.choice(of: results.count, for: first)]
      let slice = leases.ledger.slices[result.shard.slice]
      let key = keys.key(of: individual.genome, slice: slice)
      let grant = LeaseGrant(
        shard: result.shard, slice: slice, genome: individual.genome, key: key, attempt: 0,
        token: leases.token(of: key, for: WorkerID(0)))
      verification.checks.add(
        grant, finding: SpotChecks.Finding(result), isRequired: true)
    }
  }

  /// Whether nothing must be measured again before the run counts as complete.
  var isFrontChecked: Bool {
    verification.isFrontChecked(concludedCount: driver.concludedCount)
  }

  // MARK: Handing out

  /// Gives checks to workers of other keys, before anything else.
  mutating func leaseSpotChecks(at now: Instant) {
    guard verification.checks.hasWaiting else { return }
    for worker in leases.sessions.auditors.sorted() { leaseSpotCheck(to: worker, at: now) }
    guard !leases.sessions.keyNames.isEmpty else { return }
    var passedOver: [WorkerID] = []
    while passedOver.count < Self.spotCheckTriesMax, verification.checks.hasWaiting,
      let worker = leases.popSpare()
    {
      passedOver.append(worker)
      leaseSpotCheck(to: worker, at: now)
    }
    for worker in passedOver { leases.enqueueIfSpare(worker) }
  }

  private mutating func leaseSpotCheck(to worker: WorkerID, at now: Instant) {
    guard let session = leases.sessions[worker], let keyName = session.key,
      session.load.wantsMore, !session.standing.failsSpotChecks,
      isHeard(session, at: now),
      canFinish(session, at: now),
      let shard = verification.checks.next(for: worker, keyName: keyName),
      let check = verification.checks.checks[shard]
    else { return }
    verification.checks.begin(shard, by: worker, at: now)
    leases.modify(worker) { $0.load.hasSpotCheck = true }
    counters.spotCheckLeases += 1
    send(.lease(lease(of: check, for: worker)), to: worker)
    clock.wantScan(at: spotCheckDeadline(of: session, slice: check.grant.slice, startedAt: now))
  }

  private func lease(of check: SpotChecks.Check, for worker: WorkerID) -> LeaseGrant {
    var grant = check.grant
    grant.attempt = 0
    grant.token = leases.token(of: grant.key, for: worker)
    return grant
  }

  /// Sends a check again that its worker does not name.
  mutating func repeatLostSpotCheck(of worker: WorkerID, held: [HeldShard], at now: Instant) {
    guard let check = verification.checks.check(of: worker), let holder = check.holder,
      !held.contains(where: { $0.shard == check.grant.shard }),
      now - holder.sentAt >= settings.timing.heartbeatInterval
    else { return }
    guard holder.sendCount < Self.spotCheckSendCountMax else {
      endSpotCheck(of: worker, hasFailed: true)
      return
    }
    verification.checks.resent(to: worker, at: now)
    send(.lease(lease(of: check, for: worker)), to: worker)
  }

  /// Takes checks from workers that take too long.
  mutating func expireSpotChecks(at now: Instant) {
    for (worker, shard) in verification.checks.underWay {
      guard let check = verification.checks.checks[shard], let holder = check.holder,
        let session = leases.sessions[worker]
      else { continue }
      let deadline = spotCheckDeadline(
        of: session, slice: check.grant.slice, startedAt: holder.startedAt)
      guard deadline <= now else {
        clock.wantScan(at: deadline)
        continue
      }
      send(.cancel(ShardReference(shard: shard, key: check.grant.key)), to: worker)
      endSpotCheck(of: worker, hasFailed: true)
    }
  }

  /// When a check takes so long that another worker had better be asked.
  private func spotCheckDeadline(
    of session: Session, slice: ImageSlice, startedAt: Instant
  ) -> Instant {
    var expected =
      stragglers.expectedTime(images: slice.count, at: session.pace)
      ?? settings.timing.stallTimeout
    if let typical = stragglers.pace.typical {
      let usual = Duration.time(images: slice.count, nanosecondsPerImage: typical)
      expected = min(expected, usual * Self.spotCheckPaceRatioMax)
    }
    return startedAt + expected * 3 * (session.load.nextTurn + 1) + settings.timing.sessionTimeout
  }

  /// Takes a check from a worker that has failed at it or is not there any more.
  mutating func endSpotCheck(of worker: WorkerID, hasFailed: Bool) {
    guard verification.checks.check(of: worker) != nil else { return }
    let given = verification.checks.release(worker, hasFailed: hasFailed)
    leases.modify(worker) { $0.load.hasSpotCheck = false }
    if hasFailed { leases.endSpotChecks(of: worker) }
    if let given { giveUp([given]) }
  }

  /// Ends a check that its worker rejects; returns whether it has rejected one.
  mutating func rejectSpotCheck(_ rejection: Rejection, from worker: WorkerID) -> Bool {
    guard isSpotCheck(rejection.shard, of: worker) else { return false }
    switch rejection.reason {
    case .handedBack:
      endSpotCheck(of: worker, hasFailed: false)
      leases.modify(worker) { $0.load.satisfy() }
    case .keyMismatch: refuse(worker, .inputMismatch, diagnostic: rejection.diagnostic)
    case .evaluationFailed: endSpotCheck(of: worker, hasFailed: true)
    }
    return true
  }

  // MARK: Findings

  /// Takes the result of a check, if it is one.
  mutating func finishSpotCheck(_ result: ShardResult, from worker: WorkerID) {
    guard let check = verification.checks.check(of: worker), check.grant.shard == result.shard,
      check.grant.key == result.key
    else { return }
    let finding = SpotChecks.Finding(result, keyName: leases.sessions[worker]?.key ?? "")
    verification.checks.finish(by: worker, finding: finding)
    verification.endPatience()
    leases.modify(worker) { session in
      session.load.hasSpotCheck = false
      session.standing.succeed()
    }
    judge(result.shard)
  }

  /// Has a third key say which of two is right.
  mutating func dispute(_ result: ShardResult, from worker: WorkerID, first: SpotChecks.Finding) {
    guard verification.repeatsShards, let keyName = leases.sessions[worker]?.key,
      keyName != first.keyName,
      !first.keyName.isEmpty, let grant = leases.grant(of: result.shard, for: worker)
    else { return }
    verification.checks.add(grant, finding: first)
    verification.checks.add(grant, finding: SpotChecks.Finding(result, keyName: keyName))
    judge(result.shard)
  }

  private mutating func judge(_ shard: ShardID) {
    switch verification.checks.verdict(of: shard) {
    case .open: break
    case .confirmed:
      guard let check = verification.checks.remove(shard), let last = check.findings.last else {
        return
      }
      counters.confirmedShards += 1
      driver.confirm(shard.candidate)
      records.append(.confirmed(shard, keyName: last.keyName))
    case .wrong(let keyNames):
      let check = verification.checks.remove(shard)
      let others = (check?.findings.map(\.keyName) ?? []).filter { !keyNames.contains($0) }
      counters.disagreements += 1
      discard(
        keyNames,
        diagnostic: "its result of shard \(shard) is not what \(others.joined(separator: " and ")) "
          + "measured")
    }
  }

  /// Trusts keys no more: what they have delivered is measured again by others.
  mutating func discard(_ keyNames: [String], diagnostic: String) {
    guard life.isWorking else { return }
    for keyName in keyNames {
      records.append(
        .discarded(
          DiscardedKey(
            keyName: keyName, diagnostic: diagnostic, restartsSearch: settings.restartsSearch)))
      notify(.resultsDiscarded(keyName: keyName, diagnostic: diagnostic))
    }
    stop(toRestart: true)
  }

  /// Why the results of a key cannot be discarded now, or `nil` if they can.
  package func discardProblem(of keyName: String) -> String? {
    if let problem = verification.discardProblem(of: keyName) { return problem }
    return life.isWorking ? nil : "the coordinator is not at work now; ask again"
  }

  // MARK: The auditor

  /// Wants a worker with the coordinator's own key where no other one can decide, or does without.
  mutating func provideForSpotChecks(at now: Instant) {
    guard verification.checks.hasUrgent, life.isWorking, !life.isDraining else {
      verification.endPatience()
      return
    }
    let isUntaken = isUntakenTooLong(at: now)
    if verification.checks.hasAuditor {
      if !verification.isAuditorWanted {
        let others = leases.sessions.keyNames.filter { $0 != settings.spotChecks.trustedKey }
        guard isUntaken || !verification.checks.stuck(among: others).isEmpty else { return }
        verification.wantAuditor()
        outbox.append(.startAuditor)
      } else if isUntaken {
        failAuditor(diagnostic: "nothing was heard of it for \(settings.timing.stallTimeout)")
      }
      return
    }
    let keyNames: [String] = isUntaken ? [] : Array(leases.sessions.keyNames)
    let stuck = verification.checks.stuck(among: keyNames)
    giveUp(stuck.compactMap { verification.checks.remove($0) })
  }

  /// Whether nobody has done the last checks of the run for too long.
  private mutating func isUntakenTooLong(at now: Instant) -> Bool {
    guard driver.isSpent, leases.ledger.count == 0 else {
      verification.endPatience()
      return false
    }
    let due = verification.patienceEnd(timing: settings.timing, at: now)
    guard due <= now else {
      clock.wantScan(at: due)
      return false
    }
    return verification.checks.underWay.isEmpty
  }

  /// Goes on without the coordinator's own key.
  mutating func failAuditor(diagnostic: String) {
    guard verification.checks.hasAuditor else { return }
    notify(.auditorFailed(diagnostic: diagnostic))
    verification.checks.hasAuditor = false
    for shard in verification.checks.checks.keys.sorted() { judge(shard) }
  }

  /// Says what nobody can measure again; the journal keeps the first result.
  private mutating func giveUp(_ checks: [SpotChecks.Check]) {
    for check in checks where check.isDisputed {
      notify(
        .keysDisagree(
          check.grant.shard, keyNames: check.findings.map(\.keyName),
          diagnostic: "nobody is there to say which is right"))
    }
    let count = checks.count { $0.isRequired && !$0.isDisputed }
    if count > 0 { notify(.frontNotRepeated(count: count)) }
  }
}

extension SpotChecks.Finding {
  /// Takes down a result.
  init(_ result: ShardResult, keyName: String) {
    self.init(
      correctCount: result.measurement.correct.populationCount,
      summedLossBits: (result.measurement.summedLoss ?? .nan).bitPattern, keyName: keyName)
  }

  /// Takes down a result that is durable.
  init(_ stored: StoredShard) {
    self.init(
      correctCount: stored.measurement.correct.populationCount,
      summedLossBits: (stored.measurement.summedLoss ?? .nan).bitPattern,
      keyName: stored.keyName)
  }
}

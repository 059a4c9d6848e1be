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
    spotChecks.check(of: worker)?.grant.shard == shard
  }

  /// Whether anything is measured again in this run.
  private var repeatsShards: Bool { settings.spotChecks.share > 0 }

  /// Whether what a key delivers needs another key's word.
  private func needsWitness(_ keyName: String) -> Bool {
    !keyName.isEmpty && keyName != settings.spotChecks.trustedKey
  }

  // MARK: What is checked

  /// Has a result measured again if it belongs to the secret share.
  mutating func proposeSpotCheck(of result: ShardResult, from worker: WorkerID) {
    guard repeatsShards, sessions.keyNames.count > 1,
      let keyName = sessions[worker]?.key, needsWitness(keyName),
      tokens.draw(of: result.key) < settings.spotChecks.share,
      let grant = leaseGrant(of: result.shard, for: worker)
    else { return }
    spotChecks.add(grant, finding: SpotChecks.Finding(result, keyName: keyName))
  }

  /// Has one shard of each individual on the front measured again, when nothing else is left.
  mutating func planFrontChecks() {
    guard repeatsShards, phase == .working, !isFrontPlanned, isSearchSpent, ledger.count == 0,
      heldBack.isEmpty, let keys
    else { return }
    frontPlannedAt = concludedCount
    for individual in search.archive.individuals where !frontResults.isConfirmed(individual.id) {
      let results = frontResults[individual.id].filter { needsWitness($0.keyName) }
      guard !results.isEmpty else { continue }
      // Which one, nobody can know who does not know the secret.
      let first = keys.key(of: individual.genome, slice: ledger.slices[0])
      let result = results[Int(tokens.draw(of: first) * Double(results.count))]
      let slice = ledger.slices[result.shard.slice]
      let key = keys.key(of: individual.genome, slice: slice)
      let grant = LeaseGrant(
        shard: result.shard, slice: slice, genome: individual.genome, key: key, attempt: 0,
        token: tokens.token(of: key, for: WorkerID(0)))
      spotChecks.add(
        grant, finding: SpotChecks.Finding(result), isRequired: true)
    }
  }

  /// Whether the front as it is was looked through for what must be measured again.
  private var isFrontPlanned: Bool { frontPlannedAt == concludedCount }

  /// Whether nothing must be measured again before the run counts as complete.
  var isFrontChecked: Bool {
    !repeatsShards || (isFrontPlanned && spotChecks.requiredCount == 0)
  }

  // MARK: Handing out

  /// Gives checks to workers of other keys, before anything else.
  mutating func leaseSpotChecks(at now: Instant) {
    guard spotChecks.hasWaiting else { return }
    for worker in sessions.auditors.sorted() { leaseSpotCheck(to: worker, at: now) }
    guard !sessions.keyNames.isEmpty else { return }
    var passedOver: [WorkerID] = []
    while passedOver.count < Self.spotCheckTriesMax, spotChecks.hasWaiting,
      let worker = sessions.popSpare()
    {
      passedOver.append(worker)
      leaseSpotCheck(to: worker, at: now)
    }
    for worker in passedOver { sessions.enqueueIfSpare(worker) }
  }

  private mutating func leaseSpotCheck(to worker: WorkerID, at now: Instant) {
    guard let session = sessions[worker], let keyName = session.key, session.leaseCountMax > 0,
      !session.isSatisfied, !session.failsSpotChecks, isHeard(session, at: now),
      canFinish(session, at: now),
      let shard = spotChecks.next(for: worker, keyName: keyName),
      let check = spotChecks.checks[shard]
    else { return }
    spotChecks.begin(shard, by: worker, at: now)
    sessions.modify(worker) { $0.hasSpotCheck = true }
    counters.spotCheckLeases += 1
    send(.lease(lease(of: check, for: worker)), to: worker)
    wantScan(at: spotCheckDeadline(of: session, slice: check.grant.slice, startedAt: now))
  }

  private func lease(of check: SpotChecks.Check, for worker: WorkerID) -> LeaseGrant {
    var grant = check.grant
    grant.attempt = 0
    grant.token = tokens.token(of: grant.key, for: worker)
    return grant
  }

  /// Sends a check again that its worker does not name.
  mutating func repeatLostSpotCheck(of worker: WorkerID, held: [HeldShard], at now: Instant) {
    guard let check = spotChecks.check(of: worker), let holder = check.holder,
      !held.contains(where: { $0.shard == check.grant.shard }),
      now - holder.sentAt >= settings.timing.heartbeatInterval
    else { return }
    guard holder.sendCount < Self.spotCheckSendCountMax else {
      endSpotCheck(of: worker, hasFailed: true)
      return
    }
    spotChecks.resent(to: worker, at: now)
    send(.lease(lease(of: check, for: worker)), to: worker)
  }

  /// Takes checks from workers that take too long.
  mutating func expireSpotChecks(at now: Instant) {
    for (worker, shard) in spotChecks.underWay {
      guard let check = spotChecks.checks[shard], let holder = check.holder,
        let session = sessions[worker]
      else { continue }
      let deadline = spotCheckDeadline(
        of: session, slice: check.grant.slice, startedAt: holder.startedAt)
      guard deadline <= now else {
        wantScan(at: deadline)
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
    var expected = expectedTime(images: slice.count, of: session) ?? settings.timing.stallTimeout
    if let typical = pace.typical {
      let usual = Duration.time(images: slice.count, nanosecondsPerImage: typical)
      expected = min(expected, usual * Self.spotCheckPaceRatioMax)
    }
    return startedAt + expected * 3 * (session.nextTurn + 1) + settings.timing.sessionTimeout
  }

  /// Takes a check from a worker that has failed at it or is not there any more.
  mutating func endSpotCheck(of worker: WorkerID, hasFailed: Bool) {
    guard spotChecks.check(of: worker) != nil else { return }
    let given = spotChecks.release(worker, hasFailed: hasFailed)
    sessions.modify(worker) { $0.hasSpotCheck = false }
    if hasFailed { sessions.endSpotChecks(of: worker) }
    if let given { giveUp([given]) }
  }

  /// Ends a check that its worker rejects; returns whether it has rejected one.
  mutating func rejectSpotCheck(_ rejection: Rejection, from worker: WorkerID) -> Bool {
    guard isSpotCheck(rejection.shard, of: worker) else { return false }
    switch rejection.reason {
    case .handedBack:
      endSpotCheck(of: worker, hasFailed: false)
      sessions.modify(worker) { $0.isSatisfied = true }
    case .keyMismatch: refuse(worker, .inputMismatch, words: rejection.words)
    case .evaluationFailed: endSpotCheck(of: worker, hasFailed: true)
    }
    return true
  }

  // MARK: Findings

  /// Takes the result of a check, if it is one.
  mutating func finishSpotCheck(_ result: ShardResult, from worker: WorkerID) {
    guard let check = spotChecks.check(of: worker), check.grant.shard == result.shard,
      check.grant.key == result.key
    else { return }
    let finding = SpotChecks.Finding(result, keyName: sessions[worker]?.key ?? "")
    spotChecks.finish(by: worker, finding: finding)
    untakenSince = nil
    sessions.modify(worker) { session in
      session.hasSpotCheck = false
      session.isProven = true
      session.streak = FailureStreak()
    }
    judge(result.shard)
  }

  /// Has a third key say which of two is right.
  mutating func dispute(_ result: ShardResult, from worker: WorkerID, first: SpotChecks.Finding) {
    guard repeatsShards, let keyName = sessions[worker]?.key, keyName != first.keyName,
      !first.keyName.isEmpty, let grant = leaseGrant(of: result.shard, for: worker)
    else { return }
    spotChecks.add(grant, finding: first)
    spotChecks.add(grant, finding: SpotChecks.Finding(result, keyName: keyName))
    judge(result.shard)
  }

  private mutating func judge(_ shard: ShardID) {
    switch spotChecks.verdict(of: shard) {
    case .open: break
    case .confirmed:
      guard let check = spotChecks.remove(shard), let last = check.findings.last else { return }
      counters.confirmedShards += 1
      frontResults.confirm(shard.candidate)
      records.append(.confirmed(shard, keyName: last.keyName))
    case .wrong(let keyNames):
      let check = spotChecks.remove(shard)
      let others = (check?.findings.map(\.keyName) ?? []).filter { !keyNames.contains($0) }
      counters.disagreements += 1
      discard(
        keyNames,
        words: "its result of shard \(shard) is not what \(others.joined(separator: " and ")) "
          + "measured")
    }
  }

  /// Trusts keys no more: what they have delivered is measured again by others.
  mutating func discard(_ keyNames: [String], words: String) {
    guard phase == .working else { return }
    for keyName in keyNames {
      records.append(
        .discarded(DiscardedKey(keyName: keyName, words: words, restartsSearch: isStrict)))
      note(.resultsDiscarded(keyName: keyName, words: words))
    }
    stop(toRestart: true)
  }

  /// Why the results of a key cannot be discarded now, or `nil` if they can.
  public func discardProblem(of keyName: String) -> String? {
    if keyName.isEmpty { return "the name of the key is missing" }
    if keyName == settings.spotChecks.trustedKey {
      return "\(keyName) is the coordinator's own key"
    }
    if distrusted.contains(keyName) { return "the results of \(keyName) are discarded already" }
    return phase == .working ? nil : "the coordinator is not at work now; ask again"
  }

  /// Whether this life ends because results count no more.
  var isRestarting: Bool {
    switch phase {
    case .stopping(_, let restarts): restarts
    case .ending(let ending, _): ending == .restarting
    case .choosingNumerics, .opening, .working, .over: false
    }
  }

  // MARK: The auditor

  /// Wants a worker with the coordinator's own key where no other one can decide, or does without.
  mutating func provideForSpotChecks(at now: Instant) {
    guard spotChecks.hasUrgent, phase == .working, !isDraining else {
      untakenSince = nil
      return
    }
    let isUntaken = isUntakenTooLong(at: now)
    if spotChecks.hasAuditor {
      if !isAuditorWanted {
        let others = sessions.keyNames.filter { $0 != settings.spotChecks.trustedKey }
        guard isUntaken || !spotChecks.stuck(among: others).isEmpty else { return }
        isAuditorWanted = true
        untakenSince = nil
        effects.append(.startAuditor)
      } else if isUntaken {
        failAuditor(words: "nothing was heard of it for \(settings.timing.stallTimeout)")
      }
      return
    }
    let keyNames: [String] = isUntaken ? [] : Array(sessions.keyNames)
    giveUp(spotChecks.stuck(among: keyNames).compactMap { spotChecks.remove($0) })
  }

  /// Whether nobody does the last checks of the run: workers that seem to be able to may be busy
  /// for ever with what they cannot finish, or hand back what they are given.
  private mutating func isUntakenTooLong(at now: Instant) -> Bool {
    guard isSearchSpent, ledger.count == 0 else {
      untakenSince = nil
      return false
    }
    let patience =
      isAuditorWanted ? settings.timing.stallTimeout : settings.timing.sessionTimeout * 2
    let due = (untakenSince ?? now) + patience
    untakenSince = untakenSince ?? now
    guard due <= now else {
      wantScan(at: due)
      return false
    }
    return spotChecks.underWay.isEmpty
  }

  /// Goes on without the coordinator's own key.
  mutating func failAuditor(words: String) {
    guard spotChecks.hasAuditor else { return }
    note(.auditorFailed(words: words))
    spotChecks.hasAuditor = false
    for shard in spotChecks.checks.keys.sorted() { judge(shard) }
  }

  /// Says what nobody can measure again; the journal keeps the first result.
  private mutating func giveUp(_ checks: [SpotChecks.Check]) {
    for check in checks where check.isDisputed {
      note(
        .keysDisagree(
          check.grant.shard, keyNames: check.findings.map(\.keyName),
          words: "nobody is there to say which is right"))
    }
    let count = checks.count { $0.isRequired && !$0.isDisputed }
    if count > 0 { note(.frontNotRepeated(count: count)) }
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
      correctCount: stored.correctCount, summedLossBits: stored.summedLossBits,
      keyName: stored.keyName)
  }
}

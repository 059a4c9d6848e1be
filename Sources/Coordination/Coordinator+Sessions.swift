import SparsityCore
import WireProtocol

extension Coordinator {
  /// Applies a message.
  mutating func receive(
    _ envelope: Envelope, from worker: WorkerID, key: String?, at now: Instant
  ) {
    if var refusal = refused[worker] {
      // The first may be lost, and so may the second; whoever goes on has no use for more.
      guard refusal.sentCount < RefusedWorker.sentCountMax else { return }
      refusal.sentCount += 1
      refused.set(refusal, for: worker)
      send(.refused(refusal.refusal), to: worker)
      return
    }
    if case .stopping = phase {
      send(.pause, to: worker)
      return
    }
    if case .hello(let hello) = envelope.message {
      greet(hello, sequence: envelope.sequence, from: worker, key: key, at: now)
      return
    }
    guard envelope.run == settings.description.run else {
      if case .bye = envelope.message { applicants?.remove(worker) }
      counters.strayMessages += 1
      send(.rehello, to: worker)
      return
    }
    sessions.modify(worker) { $0.heardAt = now }
    switch envelope.message {
    case .result(let result): take(result, from: worker, at: now)
    case .request(let request):
      sessions.modify(worker) {
        $0.take(request.remainingMilliseconds, sequence: envelope.sequence, at: now)
      }
      take(request, from: worker, at: now)
    case .heartbeat(let heartbeat):
      sessions.modify(worker) {
        $0.take(heartbeat.remainingMilliseconds, sequence: envelope.sequence, at: now)
        if heartbeat.isLeaving { $0.isLeaving = true }
      }
      take(heartbeat, from: worker, at: now)
    case .reject(let rejection): take(rejection, from: worker)
    case .bye(let farewell): part(farewell, from: worker)
    case .inputs(let message): take(message, from: worker)
    case .unknown: counters.unknownMessages += 1
    case .hello, .welcome, .refused, .lease, .cancel, .acknowledge, .alive, .rehello, .drain,
      .pause, .finished, .operation:
      counters.strayMessages += 1
    }
  }

  /// Counts a frame that could not be decoded; a peer that sends many is refused.
  mutating func countMalformed(_ error: WireError, from worker: WorkerID?) {
    counters.malformedFrames += 1
    guard let worker, refused[worker] == nil else { return }
    if case .unsupportedVersion = error {
      refuse(worker, .protocolVersion, words: "\(error)")
      return
    }
    countFault(of: worker) { "\(counted($0, "frame")) could not be decoded; the last: \(error)" }
  }

  /// Counts something that no sound worker sends; a peer that does it often is refused.
  mutating func countFault(of worker: WorkerID, words: (Int) -> String) {
    let count = (malformed[worker] ?? 0) + 1
    malformed.set(count, for: worker)
    guard count >= settings.bounds.malformedCountMax else { return }
    refuse(worker, .misbehaved, words: words(count))
  }

  // MARK: Coming and going

  /// Takes up what a worker says of itself.
  mutating func greet(
    _ hello: Hello, sequence: UInt64, from worker: WorkerID, key: String?, at now: Instant
  ) {
    guard
      let version = ProtocolVersion.newest(of: hello.supported, and: ProtocolVersion.supported)
    else {
      let words =
        "the worker speaks protocol \(hello.supported.lowerBound) to "
        + "\(hello.supported.upperBound), the coordinator \(ProtocolVersion.supported.lowerBound) "
        + "to \(ProtocolVersion.supported.upperBound); use the same version of elsa"
      refuse(worker, .protocolVersion, words: words, label: hello.label)
      return
    }
    if let words = numericsProblem(of: hello) {
      refuse(worker, .numerics, words: words, label: hello.label)
      return
    }
    if let key, distrusted.contains(key) {
      let words =
        "the results of the key \(key) were discarded, and it may deliver no others; give the "
        + "worker a key of another name (elsa keygen worker NAME --authorize)"
      refuse(worker, .keyRevoked, words: words, label: hello.label)
      return
    }
    if case .ending(.completed, _) = phase {
      send(.finished, to: worker)
      return
    }
    let former = sessions[worker]
    guard !isDraining || former != nil else {
      turnAwayClosing(worker)
      return
    }
    let workerCount = sessions.count + applicantCount
    guard former != nil || workerCount < settings.bounds.sessionCountMax else {
      let words = "there are \(counted(workerCount, "worker")), the limit; ask again later"
      turnAway(worker, .tooManyWorkers, words: words)
      return
    }
    guard applicants == nil else {
      wait(hello, sequence: sequence, from: worker, key: key, at: now)
      return
    }
    admit(
      hello, sequence: sequence, from: worker, key: key, version: version, former: former, at: now)
  }

  private mutating func admit(
    _ hello: Hello, sequence: UInt64, from worker: WorkerID, key: String?,
    version: ProtocolVersion, former: Session?, at now: Instant
  ) {
    forgiveLoss(of: worker)
    var session =
      former
      ?? Session(
        worker: worker, key: key, isAuditor: isAuditor(key), label: hello.label,
        slots: hello.slots, version: version, heardAt: now, advancedAt: now)
    if let streak = streaks.remove(worker) { session.streak = streak }
    session.heardAt = now
    session.slots = hello.slots
    session.take(hello.remainingMilliseconds, sequence: sequence, at: now)
    sessions.insert(session)
    wantScan(at: now + settings.timing.sessionTimeout)
    send(.welcome(welcome(version: version)), to: worker)
    let adoptedBefore = counters.adoptedLeases
    reconcile(hello.held, with: worker, at: now)
    let adopted = counters.adoptedLeases - adoptedBefore
    if former == nil {
      // Results name the key, too; while the disk is full no more than those wait.
      if let key, records.count < settings.bounds.waitingRecordCountMax {
        records.append(.joined(JoinedSession(worker: worker, label: hello.label, keyName: key)))
      }
      note(
        hello.held.isEmpty
          ? .workerJoined(worker, label: hello.label, slots: hello.slots)
          : .workerReturned(worker, label: hello.label, adoptedLeases: adopted))
    }
    if isDraining { send(.drain, to: worker) }
  }

  /// Whether sessions of a key only measure again what others have measured.
  private func isAuditor(_ key: String?) -> Bool {
    !settings.spotChecks.trustedKeyWorks && key == settings.spotChecks.trustedKey
  }

  private func welcome(version: ProtocolVersion) -> Welcome {
    Welcome(
      version: version, description: settings.description,
      heartbeatMilliseconds: settings.timing.heartbeatInterval.wholeMilliseconds,
      leaseMilliseconds: settings.timing.leaseDuration.wholeMilliseconds)
  }

  /// Refuses somebody without a session for now, and without a word to people: many may ask often.
  mutating func turnAway(
    _ worker: WorkerID, _ reason: Refusal.Reason, words: String, isCounted: Bool = true
  ) {
    counters.refusedWorkers += isCounted ? 1 : 0
    let refusal = Refusal(
      reason: reason, words: words, isFinal: false, supported: ProtocolVersion.supported)
    send(.refused(refusal), to: worker)
  }

  /// Refuses somebody who comes when the coordinator is about to end.
  mutating func turnAwayClosing(_ worker: WorkerID) {
    turnAway(worker, .closing, words: "the coordinator takes no more workers")
  }

  /// Refuses a worker: it loses its leases and, if that is final, is not listened to again.
  mutating func refuse(
    _ worker: WorkerID, _ reason: Refusal.Reason, isFinal: Bool = true, words: String,
    label: String? = nil
  ) {
    counters.refusedWorkers += 1
    let refusal = Refusal(
      reason: reason, words: words, isFinal: isFinal, supported: ProtocolVersion.supported)
    if isFinal { refused.set(RefusedWorker(refusal: refusal), for: worker) }
    let label = label ?? sessions[worker]?.label ?? "\(worker)"
    if let session = sessions[worker] {
      for shard in session.leases { giveBack(shard, from: worker) }
      endSession(of: worker)
    }
    note(.workerRefused(worker, label: label, reason, words: words))
    send(.refused(refusal), to: worker)
  }

  /// Ends the session of a peer that has lost its right to take part; its leases go to others.
  mutating func revoke(_ worker: WorkerID) {
    refuse(
      worker, .keyRevoked,
      words: "its key is not allowed any more; ask who runs the coordinator for another one")
  }

  /// Removes a session whose leases are given back, with what else depends on it.
  mutating func endSession(of worker: WorkerID) {
    losses.endTrial(of: worker)
    endSpotCheck(of: worker, hasFailed: false)
    sessions.remove(worker)
  }

  private mutating func part(_ farewell: Farewell, from worker: WorkerID) {
    guard let session = sessions[worker] else { return }
    for shard in session.leases { giveBack(shard, from: worker) }
    endSession(of: worker)
    note(.workerLeft(worker, label: session.label, farewell))
  }

  /// Gives up a candidate that has failed too often.
  mutating func quarantineIfHopeless(
    _ candidate: CandidateID, failureCount: Int, words: String
  ) {
    guard failureCount >= settings.bounds.failureCountMax else { return }
    quarantine(candidate, words: "\(counted(failureCount, "time")), the last time because \(words)")
  }

  // MARK: Shards in a worker's hands

  private mutating func take(
    _ request: WorkRequest, from worker: WorkerID, at now: Instant
  ) {
    guard let session = sessions[worker] else {
      answerStranger(worker)
      return
    }
    let canFinish = canFinish(session, at: now)
    sessions.modify(worker) { session in
      session.leaseCountMax = request.leaseCountMax
      session.isSatisfied = !canFinish
    }
  }

  private mutating func take(
    _ heartbeat: Heartbeat, from worker: WorkerID, at now: Instant
  ) {
    guard let session = sessions[worker] else {
      answerStranger(worker)
      return
    }
    if case .ending = phase {
      answerStranger(worker)
      return
    }
    let hasAdvanced = session.held != heartbeat.held || heartbeat.held.isEmpty
    let advancedAt = hasAdvanced ? now : session.advancedAt
    let isStalled = now - advancedAt >= settings.timing.stallTimeout
    let canFinish = canFinish(session, at: now)
    sessions.modify(worker) { session in
      session.leaseCountMax = heartbeat.leaseCountMax
      session.isSatisfied = isStalled || !canFinish
      session.held = heartbeat.held
      session.advancedAt = advancedAt
    }
    // A worker that beats while the coordinator ends has not heard that it shall leave.
    send(isDraining ? .drain : .alive, to: worker)
    guard !isStalled else { return }
    reconcile(heartbeat.held, with: worker, at: now)
    forgiveSilence(of: worker)
    repeatLostLeases(of: worker, held: heartbeat.held, at: now)
    repeatLostControl(of: worker, held: heartbeat.held, at: now)
    repeatLostSpotCheck(of: worker, held: heartbeat.held, at: now)
  }

  /// Answers a worker that is not known, or not any more.
  mutating func answerStranger(_ worker: WorkerID) {
    if case .ending(.completed, _) = phase {
      send(.finished, to: worker)
    } else {
      send(.rehello, to: worker)
    }
  }

  /// Compares what a worker holds with the ledger: extends its leases, takes over open shards,
  /// cancels what is not wanted any more.
  private mutating func reconcile(
    _ held: [HeldShard], with worker: WorkerID, at now: Instant
  ) {
    let deadline = now + settings.timing.leaseDuration
    var unleasedCount = 0
    for entry in held {
      if isControl(entry.shard, of: worker) || isSpotCheck(entry.shard, of: worker) { continue }
      let reference = ShardReference(shard: entry.shard, key: entry.key)
      guard ledger.key(of: entry.shard) == entry.key else {
        // Measured shards are settled when their result comes.
        if entry.state != .measured { send(.cancel(reference), to: worker) }
        continue
      }
      if var lease = ledger.lease(of: entry.shard, by: worker) {
        lease.deadline = deadline
        ledger.update(lease, of: entry.shard)
        continue
      }
      // Who was never given a shard cannot keep it from others.
      guard tokens.token(of: entry.key, for: worker) == entry.token else {
        send(.cancel(reference), to: worker)
        continue
      }
      switch ledger.state(of: entry.shard) {
      case .pending where mayAdopt(for: worker),
        .leased(_, backup: nil) where entry.state != .measured && mayAdopt(for: worker):
        hold(entry.shard, by: worker, at: now)
        counters.adoptedLeases += 1
      case .done where entry.state != .measured:
        send(.cancel(reference), to: worker)
      default:
        unleasedCount += entry.state == .measured ? 0 : 1
      }
    }
    sessions.modify(worker) { $0.unleasedCount = unleasedCount }
  }

  /// Whether a worker may hold more than it was given: as much as an honest one can have in hand.
  private func mayAdopt(for worker: WorkerID) -> Bool {
    guard let session = sessions[worker], !isDraining else { return false }
    return session.leases.count < sessions.heldPerSlotMax * session.slots
  }

  /// Sends leases again that a worker should have and does not name.
  private mutating func repeatLostLeases(
    of worker: WorkerID, held: [HeldShard], at now: Instant
  ) {
    guard let session = sessions[worker], !isDraining else { return }
    let known = Set(held.map(\.shard))
    for shard in session.leases where !known.contains(shard) {
      guard var lease = ledger.lease(of: shard, by: worker) else { continue }
      guard now - lease.sentAt >= settings.timing.heartbeatInterval else { continue }
      guard let grant = leaseGrant(of: shard, for: worker) else { continue }
      lease.sentAt = now
      ledger.update(lease, of: shard)
      send(.lease(grant), to: worker)
    }
  }

  private mutating func take(_ rejection: Rejection, from worker: WorkerID) {
    let shard = rejection.shard
    failControl(shard, from: worker)
    if rejectSpotCheck(rejection, from: worker) { return }
    guard ledger.key(of: shard) == rejection.key, let session = sessions[worker] else { return }
    guard ledger.lease(of: shard, by: worker) != nil else { return }
    switch rejection.reason {
    case .handedBack:
      sessions.modify(worker) { $0.isSatisfied = true }
      giveBack(shard, from: worker)
    case .keyMismatch:
      refuse(worker, .inputMismatch, words: rejection.words)
    case .evaluationFailed:
      note(.evaluationRejected(shard, label: session.label, words: rejection.words))
      giveBack(shard, from: worker)
      losses.endTrial(of: worker)
      blame(shard.candidate, or: worker, words: rejection.words)
    }
  }

  /// Counts a failed evaluation against the candidate, or turns the worker away if nothing that it
  /// evaluates succeeds.
  ///
  /// Until its next success a worker counts once against a candidate: with many slots it may have
  /// leased several shards of it before the first one failed.
  private mutating func blame(_ candidate: CandidateID, or worker: WorkerID, words: String) {
    counters.failedEvaluations += 1
    guard var streak = sessions[worker]?.streak else { return }
    let isNew = streak.candidates.insert(candidate).inserted
    // In strict mode others may be about to come; what else is open tells the worker from them.
    let isLeftAlone = isRestIdle && !(isStrict && ledger.hasCandidate(besides: streak.candidates))
    guard isNew || isLeftAlone else { return }
    let isWorkerSuspect =
      streak.candidates.count.isMultiple(of: settings.bounds.failureCountMax)
      && speaksAgainstWorker(streak)
    guard isWorkerSuspect else {
      sessions.modify(worker) { $0.streak = streak }
      let count = ledger.countFailure(of: candidate, by: worker)
      quarantineIfHopeless(candidate, failureCount: count, words: words)
      return
    }
    for candidate in streak.candidates { ledger.forgive(worker, candidate: candidate) }
    streak.turnAwayCount += 1
    streaks.set(streak, for: worker)
    refuse(
      worker, .failing, isFinal: streak.turnAwayCount >= settings.bounds.failureCountMax,
      words: "the evaluations of \(streak.candidates.count) candidates in a row have failed: "
        + words)
  }

  /// Whether failures tell of a sick worker rather than of bad candidates.
  ///
  /// When the worker has failed with all that is open, and nothing more can be born before some of
  /// it is concluded, only time can tell: another worker succeeds with one of the candidates, or
  /// they become too many to be bad.
  private func speaksAgainstWorker(_ streak: FailureStreak) -> Bool {
    if mayAsk || ledger.hasCandidate(besides: streak.candidates) { return true }
    let countMax = settings.bounds.failureCountMax
    return streak.candidates.count >= countMax * countMax
      || streak.candidates.contains { ledger[$0] == nil && !quarantined.contains($0) }
  }
}

extension Duration {
  /// The whole milliseconds, at least one.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}

/// A worker that is refused for good, and how often it was told so.
struct RefusedWorker: Sendable {
  /// What it is told.
  let refusal: Refusal
  /// How often it was told.
  var sentCount = 1

  /// How often a worker is told at most, whatever it sends: often enough on a bad network.
  static let sentCountMax = 16
}

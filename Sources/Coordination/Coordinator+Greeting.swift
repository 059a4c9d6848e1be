import SparsityCore
import WireProtocol

/// How workers come and go.
extension Coordinator {
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
    if let key, verification.distrusts(key) {
      let words =
        "the results of the key \(key) were discarded, and it may deliver no others; give the "
        + "worker a key of another name (elsa keygen worker NAME --authorize)"
      refuse(worker, .keyRevoked, words: words, label: hello.label)
      return
    }
    if life.isTellingCompletion {
      send(.finished, to: worker)
      return
    }
    let former = leases.sessions[worker]
    guard !life.isDraining || former != nil else {
      turnAwayClosing(worker)
      return
    }
    let workerCount = leases.sessions.count + applicantCount
    guard former != nil || workerCount < settings.bounds.sessionCountMax else {
      let words = "there are \(counted(workerCount, "worker")), the limit; ask again later"
      turnAway(worker, .tooManyWorkers, words: words)
      return
    }
    guard life.applicants == nil else {
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
        worker: worker, key: key, isAuditor: verification.isAuditor(key), label: hello.label,
        slots: hello.slots, version: version, heardAt: now)
    if let streak = faults.takeStreak(of: worker) { session.streak = streak }
    session.heardAt = now
    session.slots = hello.slots
    session.take(hello.remainingMilliseconds, sequence: sequence, at: now)
    leases.insert(session)
    clock.wantScan(at: now + settings.timing.sessionTimeout)
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
    if life.isDraining { send(.drain, to: worker) }
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
    if isFinal { faults.refuse(worker, refusal) }
    let label = label ?? leases.sessions[worker]?.label ?? "\(worker)"
    leases.giveBackAll(of: worker)
    endSession(of: worker)
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
    faults.losses.endTrial(of: worker)
    endSpotCheck(of: worker, hasFailed: false)
    leases.remove(worker)
  }

  mutating func part(_ farewell: Farewell, from worker: WorkerID) {
    guard let session = leases.sessions[worker] else { return }
    leases.giveBackAll(of: worker)
    endSession(of: worker)
    note(.workerLeft(worker, label: session.label, farewell))
  }
}

extension Duration {
  /// The whole milliseconds, at least one.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}

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
      let diagnostic =
        "the worker speaks protocol \(hello.supported.lowerBound) to "
        + "\(hello.supported.upperBound), the coordinator \(ProtocolVersion.supported.lowerBound) "
        + "to \(ProtocolVersion.supported.upperBound); use the same version of elsa"
      refuse(worker, .protocolVersion, diagnostic: diagnostic, label: hello.label)
      return
    }
    if let diagnostic = numericsProblem(of: hello) {
      refuse(worker, .numerics, diagnostic: diagnostic, label: hello.label)
      return
    }
    if let key, verification.distrusts(key) {
      let diagnostic =
        "the results of the key \(key) were discarded, and it may deliver no others; give the "
        + "worker a key of another name (elsa keygen worker NAME --authorize)"
      refuse(worker, .keyRevoked, diagnostic: diagnostic, label: hello.label)
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
      let diagnostic = "there are \(counted(workerCount, "worker")), the limit; ask again later"
      turnAway(worker, .tooManyWorkers, diagnostic: diagnostic)
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
        slots: hello.slots, heardAt: now)
    if let streak = faults.takeStreak(of: worker) { session.standing.fail(streak) }
    session.contact.hear(at: now)
    session.load.slots = hello.slots
    session.departure.take(hello.remainingMilliseconds, sequence: sequence, at: now)
    leases.insert(session)
    if former == nil { outbox.append(.sessionBegan(worker, label: session.label)) }
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
      notify(
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

  /// Refuses a peer without a session for now, and without a word to users: many may ask often.
  mutating func turnAway(
    _ worker: WorkerID, _ reason: Refusal.Reason, diagnostic: String, isCounted: Bool = true
  ) {
    counters.refusedWorkers += isCounted ? 1 : 0
    let refusal = Refusal(
      reason: reason, diagnostic: diagnostic, isFinal: false, supported: ProtocolVersion.supported)
    send(.refused(refusal), to: worker)
  }

  /// Refuses a peer who comes when the coordinator is about to end.
  mutating func turnAwayClosing(_ worker: WorkerID) {
    turnAway(worker, .closing, diagnostic: "the coordinator takes no more workers")
  }

  /// Refuses a worker: it loses its leases and, if that is final, is not listened to again.
  mutating func refuse(
    _ worker: WorkerID, _ reason: Refusal.Reason, isFinal: Bool = true, diagnostic: String,
    label: String? = nil
  ) {
    counters.refusedWorkers += 1
    let refusal = Refusal(
      reason: reason, diagnostic: diagnostic, isFinal: isFinal, supported: ProtocolVersion.supported
    )
    if isFinal { faults.refuse(worker, refusal) }
    let label = label ?? leases.sessions[worker]?.label ?? "\(worker)"
    leases.giveBackAll(of: worker)
    notify(.workerRefused(worker, label: label, reason, diagnostic: diagnostic))
    endSession(of: worker)
    send(.refused(refusal), to: worker)
  }

  /// Ends the session of a peer that has lost its right to take part; its leases go to others.
  mutating func revoke(_ worker: WorkerID) {
    life.removeApplicant(worker)
    refuse(
      worker, .keyRevoked,
      diagnostic: "its key is not allowed any more; ask who runs the coordinator for another one")
  }

  /// Removes a session whose leases are given back, with what else depends on it.
  mutating func endSession(of worker: WorkerID) {
    faults.losses.endTrial(of: worker)
    endSpotCheck(of: worker, hasFailed: false)
    removeSession(worker)
  }

  /// Removes a session, if there is one, and says so.
  mutating func removeSession(_ worker: WorkerID) {
    guard leases.sessions[worker] != nil else { return }
    leases.remove(worker)
    outbox.append(.sessionEnded(worker))
  }

  mutating func part(_ farewell: Farewell, from worker: WorkerID) {
    guard let session = leases.sessions[worker] else { return }
    leases.giveBackAll(of: worker)
    notify(.workerLeft(worker, label: session.label, farewell))
    endSession(of: worker)
  }
}

extension Duration {
  /// The whole milliseconds, at least one.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}

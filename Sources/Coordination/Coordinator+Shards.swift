import SparsityCore
import WireProtocol

/// Shards in workers' hands: what they ask for, hold and hand back.
extension Coordinator {
  mutating func take(
    _ request: WorkRequest, from worker: WorkerID, at now: Instant
  ) {
    guard let session = leases.sessions[worker] else {
      answerStranger(worker)
      return
    }
    let canFinish = canFinish(session, at: now)
    leases.modify(worker) { session in
      session.load.want(leaseCountMax: request.leaseCountMax, isRefused: !canFinish)
    }
  }

  mutating func take(
    _ heartbeat: Heartbeat, from worker: WorkerID, at now: Instant
  ) {
    guard let session = leases.sessions[worker] else {
      answerStranger(worker)
      return
    }
    if life.isEnding {
      answerStranger(worker)
      return
    }
    var contact = session.contact
    contact.report(heartbeat.held, at: now)
    let isStalled = contact.isStalled(for: settings.timing.stallTimeout, at: now)
    let isRefused = isStalled || !canFinish(session, at: now)
    leases.modify(worker) { session in
      session.contact = contact
      session.load.want(leaseCountMax: heartbeat.leaseCountMax, isRefused: isRefused)
    }
    // A worker that beats while the coordinator ends has not heard that it shall leave.
    send(life.isDraining ? .drain : .alive, to: worker)
    guard !isStalled else { return }
    reconcile(heartbeat.held, with: worker, at: now)
    forgiveSilence(of: worker)
    repeatLostLeases(of: worker, by: heartbeat, at: now)
    repeatLostControl(of: worker, held: heartbeat.held, at: now)
    repeatLostSpotCheck(of: worker, held: heartbeat.held, at: now)
  }

  /// Answers a worker that is not known, or not any more.
  mutating func answerStranger(_ worker: WorkerID) {
    if life.isTellingCompletion {
      send(.finished, to: worker)
    } else {
      send(.rehello, to: worker)
    }
  }

  /// Compares what a worker holds with the ledger: extends its leases, takes over open shards,
  /// cancels what is not wanted any more.
  mutating func reconcile(
    _ held: [HeldShard], with worker: WorkerID, at now: Instant
  ) {
    var unleasedCount = 0
    for entry in held {
      if isControl(entry.shard, of: worker) || isSpotCheck(entry.shard, of: worker) { continue }
      let reference = ShardReference(shard: entry.shard, key: entry.key)
      guard leases.ledger.key(of: entry.shard) == entry.key else {
        // Measured shards are settled when their result comes.
        if entry.state != .measured { send(.cancel(reference), to: worker) }
        continue
      }
      if leases.extend(entry.shard, by: worker, at: now) { continue }
      // Who was never given a shard cannot keep it from others.
      guard leases.token(of: entry.key, for: worker) == entry.token else {
        send(.cancel(reference), to: worker)
        continue
      }
      switch leases.ledger.state(of: entry.shard) {
      case .pending where mayAdopt(for: worker),
        .leased(_, backup: nil) where entry.state != .measured && mayAdopt(for: worker):
        hold(entry.shard, by: worker, at: now)
        counters.adoptedLeases += 1
      case .done where entry.state != .measured, .unplanned where entry.state != .measured:
        send(.cancel(reference), to: worker)
      default:
        unleasedCount += entry.state == .measured ? 0 : 1
      }
    }
    leases.modify(worker) { $0.load.reportUnleased(unleasedCount) }
  }

  /// Whether a worker may hold more than it was given: as much as an honest one can have in hand.
  private func mayAdopt(for worker: WorkerID) -> Bool {
    guard let session = leases.sessions[worker], !life.isDraining else { return false }
    return session.load.leases.count < leases.sessions.heldPerSlotMax * session.load.slots
  }

  /// Sends leases again that a worker should have and does not name; one that leaves has handed
  /// them back.
  private mutating func repeatLostLeases(
    of worker: WorkerID, by heartbeat: Heartbeat, at now: Instant
  ) {
    guard let session = leases.sessions[worker], !life.isDraining else { return }
    let known = Set(heartbeat.held.map(\.shard))
    for shard in session.load.leases where !known.contains(shard) {
      guard !heartbeat.isLeaving else {
        leases.giveBack(shard, from: worker)
        continue
      }
      let interval = settings.timing.heartbeatInterval
      guard leases.resend(shard, by: worker, after: interval, at: now),
        let grant = leases.grant(of: shard, for: worker)
      else { continue }
      send(.lease(grant), to: worker)
    }
  }

  mutating func take(_ rejection: Rejection, from worker: WorkerID) {
    let shard = rejection.shard
    failControl(shard, from: worker)
    if rejectSpotCheck(rejection, from: worker) { return }
    guard leases.ledger.key(of: shard) == rejection.key, let session = leases.sessions[worker]
    else { return }
    guard leases.ledger.lease(of: shard, by: worker) != nil else { return }
    switch rejection.reason {
    case .handedBack:
      leases.modify(worker) { $0.load.satisfy() }
      leases.giveBack(shard, from: worker)
    case .keyMismatch:
      refuse(worker, .inputMismatch, diagnostic: rejection.diagnostic)
    case .evaluationFailed:
      notify(.evaluationRejected(shard, label: session.label, diagnostic: rejection.diagnostic))
      leases.giveBack(shard, from: worker)
      faults.losses.endTrial(of: worker)
      blame(shard.candidate, or: worker, diagnostic: rejection.diagnostic)
    }
  }

  /// Counts a failed evaluation against the candidate, or turns the worker away if nothing that it
  /// evaluates succeeds.
  private mutating func blame(_ candidate: CandidateID, or worker: WorkerID, diagnostic: String) {
    counters.failedEvaluations += 1
    guard var streak = leases.sessions[worker]?.standing.streak else { return }
    let isNew = streak.candidates.insert(candidate).inserted
    let hasOthers = leases.ledger.hasCandidate(besides: streak.candidates)
    // In strict mode others may be about to come; what else is open tells the worker from them.
    let isLeftAlone = isRestIdle && !(driver.isStrict && hasOthers)
    let blame = faults.blame(
      streak, isNew: isNew, isLeftAlone: isLeftAlone,
      speaksAgainstWorker: speaksAgainstWorker(streak, hasOthers: hasOthers))
    switch blame {
    case .nobody: break
    case .candidate:
      leases.modify(worker) { $0.standing.fail(streak) }
      let count = leases.countFailure(of: candidate, by: worker)
      quarantineIfHopeless(candidate, failureCount: count, diagnostic: diagnostic)
    case .worker(let isFinal):
      leases.forgive(worker, candidates: streak.candidates)
      streak.turnAwayCount += 1
      faults.keep(streak, of: worker)
      refuse(
        worker, .failing, isFinal: isFinal,
        diagnostic:
          "the evaluations of \(streak.candidates.count) candidates in a row have failed: "
          + diagnostic)
    }
  }

  /// Whether failures tell of a sick worker rather than of bad candidates.
  ///
  /// When the worker has failed with all that is open, and nothing more can be proposed before some
  /// of it is concluded, only time can tell: another worker succeeds with one of the candidates, or
  /// they become too many to be bad.
  private func speaksAgainstWorker(_ streak: FailureStreak, hasOthers: Bool) -> Bool {
    driver.mayPropose || hasOthers || faults.isHopeless(streak)
      || streak.candidates.contains {
        leases.ledger[$0] == nil && !driver.isQuarantined($0)
      }
  }
}

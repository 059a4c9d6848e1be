import SparsityCore
import WireProtocol

/// Lost workers, and the trials of the candidates that they ran (see ``LossAttribution``).
extension Coordinator {
  /// The workers that are looked at for a trial when nothing else waits.
  static let trialTriesMax = 8
  /// How often a control is sent to a worker that does not name it.
  private static let controlSendCountMax = 10

  /// Ends a session without a farewell; the candidates that it ran are suspected of it, unless it
  /// was about to leave anyhow.
  mutating func lose(_ worker: WorkerID, diagnostic: String, at now: Instant) {
    guard let session = leases.sessions[worker] else { return }
    counters.lostWorkers += 1
    counters.expiredLeases += session.load.leases.count
    let running = session.load.running + session.load.expired
    leases.giveBackAll(of: worker)
    notify(
      .workerLost(
        worker, label: session.label, leases: session.load.leases.count, diagnostic: diagnostic))
    endSpotCheck(of: worker, hasFailed: true)
    removeSession(worker)
    // Anyone who comes back with nothing done in between has still failed with what it failed with.
    faults.keep(session.standing.streak, of: worker)
    guard !session.departure.isDue(at: now + settings.timing.departureMargin) else {
      faults.losses.endTrial(of: worker)
      return
    }
    // What others have finished meanwhile did not kill the worker.
    let unfinished = running.filter { leases.ledger.isUnfinished($0) }
    let candidates = Set(unfinished.map(\.candidate)).sorted()
    counters.suspectedDeaths += candidates.isEmpty ? 0 : 1
    faults.losses.lose(worker, running: candidates)
    for candidate in candidates {
      leases.suspect(candidate)
      quarantineIfConvicted(candidate)
    }
  }

  /// Suspects a candidate over which a worker has fallen silent: before it counts as lost, others
  /// would follow.
  mutating func suspectSilently(_ shard: ShardID) {
    guard leases.ledger.isUnfinished(shard) else { return }
    faults.losses.suspect(shard.candidate)
    leases.suspect(shard.candidate)
  }

  /// Clears the candidates over which a worker was silent that is heard again.
  mutating func forgiveSilence(of worker: WorkerID) {
    guard let session = leases.sessions[worker] else { return }
    if session.load.leases.isEmpty { faults.losses.endTrial(of: worker) }
    guard !session.load.expired.isEmpty else { return }
    for shard in session.load.expired where faults.losses.lossCount(of: shard.candidate) == 0 {
      acquit(shard.candidate)
    }
    leases.modify(worker) { $0.load.forgetExpired() }
  }

  private mutating func quarantineIfConvicted(_ candidate: CandidateID) {
    guard
      faults.losses.convicts(candidate, wasFinished: leases.ledger.hasFinishedShard(of: candidate))
    else {
      return
    }
    quarantine(
      candidate,
      diagnostic:
        "\(faults.losses.lossCount(of: candidate)) workers were lost over it, tried alone, while "
        + "they finished others")
  }

  /// Takes back the suspicions that a worker which has come back has caused.
  mutating func forgiveLoss(of worker: WorkerID) {
    for candidate in faults.losses.forgive(worker) { acquit(candidate) }
  }

  /// Suspects a candidate no longer: its shards wait for workers as others do.
  mutating func acquit(_ candidate: CandidateID) {
    guard faults.losses.suspects(candidate) else { return }
    release(faults.losses.reserved(for: candidate), from: candidate)
    faults.losses.clear(candidate)
    leases.acquit(candidate)
  }

  // MARK: Trials

  /// The suspects of which a shard waits while nobody has another one, and for which no worker is
  /// kept free; those come last for which a worker is kept that is still busy.
  func suspectsWithoutWorker(at now: Instant) -> [CandidateID] {
    guard !faults.losses.isEmpty else { return [] }
    let waiting = faults.losses.candidates.filter { trialShard(of: $0) != nil }
    return waiting.filter { faults.losses.reserved(for: $0) == nil }
      + waiting.filter { candidate in
        guard let worker = faults.losses.reserved(for: candidate),
          let session = leases.sessions[worker]
        else {
          return false
        }
        guard let control = session.isolation?.control else { return !session.load.isFree }
        return hasExpired(control, with: session, at: now)
      }
  }

  /// Whether a control takes so long that another worker had better be asked.
  private func hasExpired(_ control: Control, with session: Session, at now: Instant) -> Bool {
    let expected =
      stragglers.expectedTime(
        images: control.grant.slice.count, at: session.pace) ?? .zero
    return now - control.startedAt > expected * 3 + settings.timing.sessionTimeout
  }

  private func trialShard(of candidate: CandidateID) -> ShardID? {
    faults.losses.isTried(candidate) ? nil : leases.ledger.trialShard(of: candidate)
  }

  /// Keeps a worker free for the first of these suspects that it may try; returns whether it does.
  ///
  /// A busy worker is kept only if no other one is.
  mutating func reserve(
    _ worker: WorkerID, for waiting: inout [CandidateID], isLastResort: Bool
  ) -> Bool {
    guard let session = leases.sessions[worker] else { return false }
    let index = waiting.firstIndex { candidate in
      (isLastResort || !session.standing.hasFailed(with: candidate))
        && (session.load.isFree || faults.losses.reserved(for: candidate) == nil)
    }
    guard let index else { return false }
    let candidate = waiting.remove(at: index)
    release(faults.losses.reserved(for: candidate), from: candidate)
    faults.losses.reserve(worker, for: candidate)
    leases.modify(worker) { $0.isolation = .reserved(candidate) }
    return true
  }

  private mutating func release(_ worker: WorkerID?, from candidate: CandidateID) {
    guard let worker else { return }
    faults.losses.reserve(nil, for: candidate)
    if leases.sessions[worker]?.isolation?.reservation == candidate {
      leases.modify(worker) { $0.isolation = nil }
    }
  }

  /// Gives the workers that are kept for suspects, and have become free, something to do.
  mutating func beginTrials(at now: Instant) {
    guard !faults.losses.isEmpty else { return }
    for candidate in faults.losses.candidates {
      guard let worker = faults.losses.reserved(for: candidate) else { continue }
      guard let session = leases.sessions[worker], session.isolation?.reservation == candidate,
        session.load.wantsMore, isHeard(session, at: now),
        canFinish(session, at: now)
      else {
        release(worker, from: candidate)
        continue
      }
      guard session.load.isFree, session.isolation?.control == nil else { continue }
      guard let shard = trialShard(of: candidate) else {
        release(worker, from: candidate)
        continue
      }
      if !session.standing.isProven, !session.standing.ignoresControls,
        let grant = controlGrant(for: worker)
      {
        counters.controlLeases += 1
        let control = Control(grant: grant, candidate: candidate, startedAt: now, sentAt: now)
        leases.modify(worker) { $0.isolation = .control(control) }
        send(.lease(grant), to: worker)
        continue
      }
      counters.trialLeases += 1
      faults.losses.begin(candidate, by: worker, proven: session.standing.isProven)
      lease(shard, to: worker, at: now)
      leases.modify(worker) { $0.isolation = .trial(candidate) }
    }
  }

  /// A shard whose result is known, for a worker that has to show that it can finish anything.
  private func controlGrant(for worker: WorkerID) -> LeaseGrant? {
    if let shard = leases.ledger.anyFinishedShard() { return leases.grant(of: shard, for: worker) }
    guard let keys = driver.keys, let candidate = driver.evaluatedCandidate else { return nil }
    let slice = leases.ledger.slices[0]
    let key = keys.key(of: candidate.genome, slice: slice)
    return LeaseGrant(
      shard: ShardID(candidate: candidate.id, slice: 0), slice: slice, genome: candidate.genome,
      key: key, attempt: 0, token: leases.token(of: key, for: worker))
  }

  /// Whether the loss of a worker now would count against a candidate.
  package func isTrial(of candidate: CandidateID, by worker: WorkerID) -> Bool {
    faults.losses.wouldCount(worker, against: candidate)
  }

  /// Whether a worker evaluates a shard again to show that it can.
  package func isControl(_ shard: ShardID, of worker: WorkerID) -> Bool {
    leases.sessions[worker]?.isolation?.control?.grant.shard == shard
  }

  /// Takes the result of a control, if it is one.
  mutating func finishControl(_ reference: ShardReference, from worker: WorkerID) {
    guard let control = leases.sessions[worker]?.isolation?.control,
      control.grant.shard == reference.shard, control.grant.key == reference.key
    else { return }
    leases.modify(worker) { session in
      session.isolation = .reserved(control.candidate)
      session.standing.succeed()
    }
  }

  /// Ends a control that its worker could not finish or has handed back.
  mutating func failControl(_ shard: ShardID, from worker: WorkerID) {
    guard let control = leases.sessions[worker]?.isolation?.control, control.grant.shard == shard
    else {
      return
    }
    release(worker, from: control.candidate)
    leases.modify(worker) { $0.load.satisfy() }
  }

  /// Sends a control again that its worker does not name.
  ///
  /// A worker that has had the shard's result acknowledged, by another life of the coordinator,
  /// takes no lease of it any more.
  mutating func repeatLostControl(of worker: WorkerID, held: [HeldShard], at now: Instant) {
    guard var control = leases.sessions[worker]?.isolation?.control,
      !held.contains(where: { $0.shard == control.grant.shard }),
      now - control.sentAt >= settings.timing.heartbeatInterval
    else { return }
    guard control.sendCount < Self.controlSendCountMax else {
      release(worker, from: control.candidate)
      leases.modify(worker) { $0.standing.endControls() }
      return
    }
    control.sentAt = now
    control.sendCount += 1
    leases.modify(worker) { $0.isolation = .control(control) }
    send(.lease(control.grant), to: worker)
  }
}

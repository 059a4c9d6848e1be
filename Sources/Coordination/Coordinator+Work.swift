import SparsityCore
import WireProtocol

/// Hands shards to workers that want some.
extension Coordinator {
  /// Leases pending shards to workers that want some, and finds out how many more they would take.
  mutating func handOutWork(at now: Instant) {
    driver.want(shardCount: 0)
    guard life.isWorking, !life.isDraining, !records.isFailing else { return }
    leaseSpotChecks(at: now)
    leaseStragglers(at: now)
    beginTrials(at: now)
    var suspects = suspectsWithoutWorker(at: now)
    var triesLeft = Self.trialTriesMax
    // Workers that could take a lease, but have failed with everything that waits.
    var choosy: [WorkerID] = []
    while leases.ledger.availableCount > 0 || (!suspects.isEmpty && triesLeft > 0),
      let worker = leases.popSpare()
    {
      triesLeft -= leases.ledger.availableCount > 0 ? 0 : 1
      guard let session = leases.sessions[worker],
        isHeard(session, at: now), canFinish(session, at: now)
      else {
        leases.modify(worker) { $0.load.satisfy() }
        continue
      }
      let isLastResort = isLastResort(at: now)
      // Who has finished something comes for suspects at once, any other one when nothing else is
      // there for it.
      if session.standing.isProven, reserve(worker, for: &suspects, isLastResort: isLastResort) {
        continue
      }
      // What the worker has not failed with comes first, or one bad candidate would keep the rest
      // waiting.
      var pending = leases.popPending(avoiding: session.standing.streak.candidates)
      if pending == nil, leases.ledger.unrecordedCount == 0, !driver.mayPropose,
        reserve(worker, for: &suspects, isLastResort: isLastResort)
      {
        continue
      }
      if pending == nil, isLastResort { pending = leases.popPending(avoiding: []) }
      guard let shard = pending else {
        choosy.append(worker)
        continue
      }
      if !isLastResort { stragglers.endRest() }
      lease(shard, to: worker, at: now)
      leases.enqueueIfSpare(worker)
    }
    for worker in choosy { leases.enqueueIfSpare(worker) }
    beginTrials(at: now)
    let choosyCount = choosy.reduce(0) { $0 + leases.sessions.spareCount(of: $1) }
    let unserved = max(leases.sessions.spareCount - leases.ledger.availableCount, choosyCount)
    driver.want(shardCount: max(0, unserved - leases.ledger.unrecordedCount))
  }

  /// Whether a worker was heard of lately enough to be given something.
  func isHeard(_ session: Session, at now: Instant) -> Bool {
    session.contact.silence(at: now) < settings.timing.leaseDuration
  }

  /// Whether pending shards are all that there is for now and nobody works on any.
  var isRestIdle: Bool {
    !driver.mayPropose && leases.ledger.isIdle
  }

  /// Whether the rest goes even to workers that have failed with it: nobody else has come for it
  /// for long enough.
  private mutating func isLastResort(at now: Instant) -> Bool {
    guard isRestIdle else {
      stragglers.endRest()
      return false
    }
    let due = stragglers.lastResortTime(at: now)
    guard due > now else { return true }
    clock.wantScan(at: due)
    return false
  }

  /// Leases a shard to a worker and sends the lease.
  mutating func lease(_ shard: ShardID, to worker: WorkerID, at now: Instant) {
    hold(shard, by: worker, at: now)
    counters.leases += 1
    guard let grant = leases.grant(of: shard, for: worker) else {
      preconditionFailure("\(shard) is not open")
    }
    send(.lease(grant), to: worker)
  }

  /// Records that a worker holds a shard from now on, alone or besides another one.
  mutating func hold(_ shard: ShardID, by worker: WorkerID, at now: Instant) {
    let lease = leases.hold(shard, by: worker, at: now)
    clock.wantScan(at: lease.deadline)
    if let stragglesAt = stragglerTime(of: lease, for: shard) { clock.wantScan(at: stragglesAt) }
  }
}

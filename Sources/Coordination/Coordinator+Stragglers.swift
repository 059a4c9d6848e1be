import SparsityCore
import WireProtocol

/// Speculative leases for shards that take too long (see ``StragglerPolicy``).
///
/// A straggler goes to a second worker before anything else does. When nothing waits and
/// nothing may be proposed, capacity is idle: then a shard is given to a second worker if that one
/// should need less than two thirds of the time that the first still needs.
///
/// At most two workers have a shard. When the second straggles, too, the first loses its lease,
/// and a third gets one. If evaluations of the candidate have failed elsewhere, that is one more
/// failure of it: else two workers that hang would pass on for ever what fails at all others. A
/// worker that is beaten to a result learns from it: the time that it had counts as a sample, so
/// that a slow worker is given more time and can finish something in the end.
extension Coordinator {
  /// The workers that are compared for a speculative lease.
  private static let choiceCountMax = 8

  /// Returns when a lease straggles, if its expected time is known.
  func stragglerTime(of lease: Lease, for shard: ShardID) -> Instant? {
    guard let session = leases.sessions[lease.worker] else { return nil }
    return stragglers.stragglerTime(
      of: lease, images: leases.ledger.slices[shard.slice].count, at: session.pace)
  }

  /// Whether a worker can finish another shard before its time is over, as far as is known.
  func canFinish(_ session: Session, at now: Instant) -> Bool {
    stragglers.canFinish(session, images: leases.ledger.slices.first?.count ?? 0, at: now)
  }

  // MARK: Speculative leases

  /// Records a shard whose leases straggle, or when to look for that.
  ///
  /// When two workers are late, the one that had the shard first loses it, so that a third may try.
  mutating func watch(_ lease: Lease, of shard: ShardID, at now: Instant) {
    guard let stragglesAt = stragglerTime(of: lease, for: shard) else { return }
    guard stragglesAt <= now else {
      clock.wantScan(at: stragglesAt)
      return
    }
    guard case .leased(let first, let backup) = leases.ledger.state(of: shard) else { return }
    if let backup {
      guard first.worker == lease.worker else { return }
      guard let backupStragglesAt = stragglerTime(of: backup, for: shard) else { return }
      guard backupStragglesAt <= now else {
        clock.wantScan(at: backupStragglesAt)
        return
      }
      withdraw(first, of: shard, at: now)
      let count = leases.countDelay(of: shard.candidate, by: first.worker)
      quarantineIfHopeless(
        shard.candidate, failureCount: count, diagnostic: "workers took too long")
      guard leases.ledger.state(of: shard) != nil else { return }
    }
    stragglers.add(shard)
  }

  /// Takes one of two leases back.
  private mutating func withdraw(_ lease: Lease, of shard: ShardID, at now: Instant) {
    guard let key = leases.ledger.key(of: shard) else { return }
    supersede(lease, for: shard, at: now)
    leases.withdraw(lease, of: shard)
    send(.cancel(ShardReference(shard: shard, key: key)), to: lease.worker)
  }

  /// Leases stragglers a second time, before anything else is handed out.
  mutating func leaseStragglers(at now: Instant) {
    guard stragglers.hasStragglers, leases.sessions.spareCount > 0 else { return }
    var left = stragglers.takeStragglers().filter { shard in
      guard case .leased(_, backup: nil) = leases.ledger.state(of: shard) else { return false }
      return true
    }
    left.removeAll { back($0, atMost: nil, at: now) }
    stragglers.putBack(left)
  }

  /// Leases shards a second time when there is nothing else to do and another worker is faster.
  mutating func leaseTail(at now: Instant) {
    let isTail =
      life.isWorking && !life.isDraining && !records.isFailing && !driver.mayPropose
      && leases.ledger.availableCount == 0 && leases.ledger.unrecordedCount == 0
      && leases.ledger.leasedCount > leases.ledger.backupCount && leases.sessions.spareCount > 0
    guard isTail else {
      stragglers.endTail()
      return
    }
    guard stragglers.mayLookThroughTail(at: now) else { return }
    var slowest: [(remaining: Duration, shard: ShardID)] = []
    for worker in leases.sessions.workers {
      // What a silent worker has may have killed it; its lease expires soon enough.
      guard let session = leases.sessions[worker],
        session.contact.silence(at: now) < settings.timing.heartbeatInterval * 2
      else { continue }
      for shard in session.load.leases where !faults.losses.suspects(shard.candidate) {
        guard case .leased(let lease, backup: nil) = leases.ledger.state(of: shard) else {
          continue
        }
        let images = leases.ledger.slices[shard.slice].count
        guard
          let remaining = stragglers.remainingTime(
            of: lease, images: images, at: session.pace, now: now)
        else { continue }
        slowest.append((remaining, shard))
      }
    }
    slowest.sort {
      $0.remaining == $1.remaining ? $0.shard < $1.shard : $0.remaining > $1.remaining
    }
    for (remaining, shard) in slowest.prefix(leases.sessions.spareCount) {
      guard leases.sessions.spareCount > 0 else { return }
      _ = back(shard, atMost: remaining * 2 / 3, at: now)
    }
  }

  /// Gives a leased shard to a second worker: the fastest of those that have waited longest, and
  /// rather one that was not beaten to a result itself since its last one.
  ///
  /// Returns whether it did; with a `limit` the second worker must be expected to need less.
  private mutating func back(_ shard: ShardID, atMost limit: Duration?, at now: Instant) -> Bool {
    guard case .leased(let first, backup: nil) = leases.ledger.state(of: shard) else {
      return false
    }
    let images = leases.ledger.slices[shard.slice].count
    var passedOver: [WorkerID] = []
    var best: (worker: WorkerID, rank: Rank)?
    while passedOver.count < Self.choiceCountMax, let worker = leases.popSpare() {
      passedOver.append(worker)
      guard worker != first.worker, let session = leases.sessions[worker] else { continue }
      guard !session.standing.hasFailed(with: shard.candidate) else { continue }
      guard isHeard(session, at: now), canFinish(session, at: now) else { continue }
      let time = stragglers.expectedTime(images: images, at: session.pace)
        .map { $0 * (session.load.nextTurn + 1) }
      if let limit, time.map({ $0 >= limit }) ?? true { continue }
      let rank = Rank(isBeaten: session.standing.isBeaten, time: time ?? .zero)
      if best.map({ rank < $0.rank }) ?? true { best = (worker, rank) }
    }
    if let best {
      counters.backupLeases += 1
      lease(shard, to: best.worker, at: now)
    }
    for worker in passedOver { leases.enqueueIfSpare(worker) }
    return best != nil
  }

  /// Takes a shard from a worker that another was faster than.
  mutating func supersede(_ lease: Lease, for shard: ShardID, at now: Instant) {
    let images = leases.ledger.slices[shard.slice].count
    let expected = leases.sessions[lease.worker].flatMap {
      stragglers.expectedTime(of: lease, images: images, at: $0.pace)
    }
    leases.supersede(lease, for: shard, expected: expected, at: now)
  }
}

/// How well a worker is suited for a speculative lease; less is better.
private struct Rank: Comparable {
  let isBeaten: Bool
  let time: Duration

  static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.isBeaten == rhs.isBeaten ? lhs.time < rhs.time : rhs.isBeaten
  }
}

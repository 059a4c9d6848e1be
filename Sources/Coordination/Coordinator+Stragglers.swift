import SparsityCore
import WireProtocol

/// Second leases for shards that take too long.
///
/// A lease is overdue three times its expected time plus ``CoordinatorTiming/leaseDuration`` after
/// it was given; the expected time is the median of the worker's last results (of all workers' if
/// it has none, and at most sixteen times theirs), scaled to the shard's images, once for each turn
/// that it waits for a slot. An overdue shard goes to a second worker before anything else does.
/// When nothing waits and nothing may be born, capacity is idle: then a shard is given to a second
/// worker if that one should need less than two thirds of the time that the first still needs. A
/// lease that is late by some time is taken to need as long again.
///
/// At most two workers have a shard. When the second is overdue, too, the first loses its lease,
/// and a third gets one. If evaluations of the candidate have failed elsewhere, that is one more
/// failure of it: else two workers that hang would pass on for ever what fails at all others. A
/// worker that is beaten to a result learns from it: the time that it had counts as a sample, so
/// that a slow worker is given more time and can finish something in the end.
extension Coordinator {
  /// What is known of the pace before the first result.
  static var emptyPace: Pace { Pace(countMax: 63) }

  /// The multiple of the expected time after which a lease is overdue.
  private static let overdueFactor = 3
  /// The multiple of everybody's pace that a single worker's is believed to be at most.
  private static let paceRatioMax = 16
  /// The workers that are compared for a second lease.
  private static let choiceCountMax = 8
  /// The overdue shards that are tried for one event.
  private static let overdueTriesMax = 16

  /// Returns the time that a worker should need for some images when it begins at once.
  func expectedTime(images: Int, of session: Session) -> Duration? {
    let own = session.pace.typical
    let everybody = pace.typical
    guard let typical = own ?? everybody else { return nil }
    let limit = everybody.map { max(1, $0) * Self.paceRatioMax } ?? typical
    return .time(images: images, nanosecondsPerImage: min(typical, limit))
  }

  /// Returns the time from a lease's beginning to its expected result.
  private func expectedTime(of lease: Lease, for shard: ShardID) -> Duration? {
    guard let session = sessions[lease.worker] else { return nil }
    return expectedTime(images: ledger.slices[shard.slice].count, of: session)
      .map { $0 * (lease.turn + 1) }
  }

  /// Returns when a lease is overdue, if its expected time is known.
  func overdueTime(of lease: Lease, for shard: ShardID) -> Instant? {
    expectedTime(of: lease, for: shard).map {
      lease.givenAt + $0 * Self.overdueFactor + settings.timing.leaseDuration
    }
  }

  /// Returns the time that a lease still needs; one that is late needs as long again.
  private func remainingTime(of lease: Lease, for shard: ShardID, at now: Instant) -> Duration? {
    guard let expected = expectedTime(of: lease, for: shard) else { return nil }
    let rest = lease.givenAt + expected - now
    return rest < .zero ? .zero - rest : rest
  }

  /// Whether a worker can finish another shard before its time is over, as far as is known.
  ///
  /// Half of the time that its images rarely exceed is added, and a margin for the way.
  func canFinish(_ session: Session, at now: Instant) -> Bool {
    guard let endsAt = session.endsAt else { return true }
    let images = ledger.slices.first?.count ?? 0
    let turn = session.nextTurn
    let time = (session.pace.slow ?? pace.slow).map {
      Duration.time(images: images, nanosecondsPerImage: $0) * (turn + 1) * 3 / 2
    }
    return now + (time ?? .zero) + settings.timing.departureMargin <= endsAt
  }

  // MARK: Second leases

  /// Notes a shard whose leases are overdue, or when to look for that.
  ///
  /// When two workers are late, the one that had the shard first loses it, so that a third may try.
  mutating func watch(_ lease: Lease, of shard: ShardID, at now: Instant) {
    guard let overdueAt = overdueTime(of: lease, for: shard) else { return }
    guard overdueAt <= now else {
      wantScan(at: overdueAt)
      return
    }
    guard case .leased(let first, let backup) = ledger.state(of: shard) else { return }
    if let backup {
      guard first.worker == lease.worker else { return }
      guard let backupOverdueAt = overdueTime(of: backup, for: shard) else { return }
      guard backupOverdueAt <= now else {
        wantScan(at: backupOverdueAt)
        return
      }
      withdraw(first, of: shard, at: now)
      let count = ledger.countDelay(of: shard.candidate, by: first.worker)
      quarantineIfHopeless(shard.candidate, failureCount: count, words: "workers took too long")
      guard ledger.state(of: shard) != nil else { return }
    }
    overdue.append(shard)
  }

  /// Takes one of two leases back.
  private mutating func withdraw(_ lease: Lease, of shard: ShardID, at now: Instant) {
    guard let key = ledger.key(of: shard) else { return }
    supersede(lease, for: shard, at: now)
    ledger.end(lease.worker, of: shard)
    send(.cancel(ShardReference(shard: shard, key: key)), to: lease.worker)
    sessions.modify(lease.worker) { $0.unleasedCount = max(0, $0.unleasedCount - 1) }
  }

  /// Leases overdue shards a second time, before anything else is handed out.
  mutating func leaseOverdue(at now: Instant) {
    guard !overdue.isEmpty, sessions.spareCount > 0 else { return }
    let tried = overdue.prefix(Self.overdueTriesMax)
    var left = tried.filter { shard in
      guard case .leased(_, backup: nil) = ledger.state(of: shard) else { return false }
      return true
    }
    left.removeAll { back($0, atMost: nil, at: now) }
    // Those that nobody could take come last, so that they do not keep others waiting.
    overdue.removeFirst(tried.count)
    overdue += left
  }

  /// Leases shards a second time when there is nothing else to do and another worker is faster.
  mutating func leaseTail(at now: Instant) {
    let isTail =
      phase == .working && !isDraining && !records.isFailing && !mayAsk
      && ledger.availableCount == 0 && ledger.unbornCount == 0
      && ledger.leasedCount > ledger.backupCount && sessions.spareCount > 0
    guard isTail else {
      tailDeadline = nil
      return
    }
    if let tailDeadline, now < tailDeadline { return }
    tailDeadline = now + settings.timing.heartbeatInterval / 4
    var slowest: [(remaining: Duration, shard: ShardID)] = []
    for worker in sessions.workers {
      // What a silent worker has may have killed it; its lease expires soon enough.
      guard let session = sessions[worker],
        now - session.heardAt < settings.timing.heartbeatInterval * 2
      else { continue }
      for shard in session.leases where !losses.suspects(shard.candidate) {
        guard case .leased(let lease, backup: nil) = ledger.state(of: shard) else { continue }
        guard let remaining = remainingTime(of: lease, for: shard, at: now) else { continue }
        slowest.append((remaining, shard))
      }
    }
    slowest.sort {
      $0.remaining == $1.remaining ? $0.shard < $1.shard : $0.remaining > $1.remaining
    }
    for (remaining, shard) in slowest.prefix(sessions.spareCount) {
      guard sessions.spareCount > 0 else { return }
      _ = back(shard, atMost: remaining * 2 / 3, at: now)
    }
  }

  /// Gives a leased shard to a second worker: the fastest of those that have waited longest, and
  /// rather one that was not beaten to a result itself since its last one.
  ///
  /// Returns whether it did; with a `limit` the second worker must be expected to need less.
  private mutating func back(_ shard: ShardID, atMost limit: Duration?, at now: Instant) -> Bool {
    guard case .leased(let first, backup: nil) = ledger.state(of: shard) else { return false }
    let images = ledger.slices[shard.slice].count
    var passedOver: [WorkerID] = []
    var best: (worker: WorkerID, rank: Rank)?
    while passedOver.count < Self.choiceCountMax, let worker = sessions.popSpare() {
      passedOver.append(worker)
      guard worker != first.worker, let session = sessions[worker] else { continue }
      guard !session.streak.candidates.contains(shard.candidate) else { continue }
      guard isHeard(session, at: now), canFinish(session, at: now) else { continue }
      let time = expectedTime(images: images, of: session).map { $0 * (session.nextTurn + 1) }
      if let limit, time.map({ $0 >= limit }) ?? true { continue }
      let rank = Rank(isBeaten: session.isBeaten, time: time ?? .zero)
      if best.map({ rank < $0.rank }) ?? true { best = (worker, rank) }
    }
    if let best {
      counters.backupLeases += 1
      lease(shard, to: best.worker, at: now)
    }
    for worker in passedOver { sessions.enqueueIfSpare(worker) }
    return best != nil
  }

  /// Takes a shard from a worker that another was faster than.
  ///
  /// The time that the worker has had is a lower bound of what it needs; it is a sample if it
  /// exceeds what was expected.
  mutating func supersede(_ lease: Lease, for shard: ShardID, at now: Instant) {
    let elapsed = now - lease.givenAt
    let expected = expectedTime(of: lease, for: shard)
    let images = ledger.slices[shard.slice].count
    sessions.modify(lease.worker) { session in
      session.leases.removeAll { $0 == shard }
      // Until it is told, the worker goes on with it.
      session.unleasedCount += 1
      session.isBeaten = true
      guard let expected, elapsed > expected else { return }
      session.pace.observe(
        microseconds: elapsed.wholeMicroseconds / (lease.turn + 1), images: images)
    }
  }
}

/// How well a worker is suited for a second lease; less is better.
private struct Rank: Comparable {
  let isBeaten: Bool
  let time: Duration

  static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.isBeaten == rhs.isBeaten ? lhs.time < rhs.time : rhs.isBeaten
  }
}

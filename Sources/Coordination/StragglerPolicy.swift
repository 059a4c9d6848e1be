import WireProtocol

/// Tells what takes too long: leases, and shards that nobody takes.
///
/// A lease straggles three times its expected time plus ``CoordinatorTiming/leaseDuration`` after
/// it was given; the expected time is the median of the worker's last results (of all workers' if
/// it has none, and at most sixteen times theirs), scaled to the shard's images, once for each turn
/// that it waits for a slot. A lease that is late by some time is taken to need as long again.
package struct StragglerPolicy: Sendable {
  private let timing: CoordinatorTiming
  /// How long evaluations take, by whichever worker.
  package private(set) var pace: Pace
  /// The shards whose only lease straggles, in the order in which they are leased again.
  private var stragglers: [ShardID] = []
  /// When the last shards are looked through for those that a second worker should get.
  package private(set) var tailDeadline: Instant?
  /// Since when nobody takes what is left.
  private var restIdleSince: Instant?

  /// What is known of the pace before the first result.
  package static var emptyPace: Pace { Pace(countMax: 63) }

  /// The multiple of the expected time after which a lease straggles.
  private static let stragglerFactor = 3
  /// The multiple of everybody's pace that a single worker's is believed to be at most.
  private static let paceRatioMax = 16
  /// The stragglers that are tried for one event.
  private static let stragglerTriesMax = 16

  /// Creates a policy that knows how long evaluations took before.
  package init(timing: CoordinatorTiming, pace: Pace) {
    self.timing = timing
    self.pace = pace
  }

  /// Takes note of an evaluation.
  package mutating func observe(microseconds: Int, images: Int) {
    pace.observe(microseconds: microseconds, images: images)
  }

  /// Leaves an absence of the coordinator out of what it waits for.
  package mutating func allow(for absence: Duration) {
    restIdleSince = restIdleSince.map { $0 + absence }
  }

  // MARK: Expectations

  /// Returns the time that a worker of some pace should need for images when it begins at once.
  package func expectedTime(images: Int, at own: Pace) -> Duration? {
    let everybody = pace.typical
    guard let typical = own.typical ?? everybody else { return nil }
    let limit = everybody.map { max(1, $0) * Self.paceRatioMax } ?? typical
    return .time(images: images, nanosecondsPerImage: min(typical, limit))
  }

  /// Returns the time from a lease's beginning to its expected result.
  package func expectedTime(of lease: Lease, images: Int, at own: Pace) -> Duration? {
    expectedTime(images: images, at: own).map { $0 * (lease.turn + 1) }
  }

  /// Returns when a lease straggles, if its expected time is known.
  package func stragglerTime(of lease: Lease, images: Int, at own: Pace) -> Instant? {
    expectedTime(of: lease, images: images, at: own).map {
      lease.givenAt + $0 * Self.stragglerFactor + timing.leaseDuration
    }
  }

  /// Returns the time that a lease still needs; one that is late needs as long again.
  package func remainingTime(of lease: Lease, images: Int, at own: Pace, now: Instant) -> Duration?
  {
    guard let expected = expectedTime(of: lease, images: images, at: own) else { return nil }
    let rest = lease.givenAt + expected - now
    return rest < .zero ? .zero - rest : rest
  }

  /// Whether a worker can finish another shard before its time is over, as far as is known.
  ///
  /// Half of the time that its images rarely exceed is added, and a margin for the way.
  package func canFinish(_ session: Session, images: Int, at now: Instant) -> Bool {
    guard let endsAt = session.departure.endsAt else { return true }
    let turn = session.load.nextTurn
    let time = (session.pace.slow ?? pace.slow).map {
      Duration.time(images: images, nanosecondsPerImage: $0) * (turn + 1) * 3 / 2
    }
    return now + (time ?? .zero) + timing.departureMargin <= endsAt
  }

  // MARK: Stragglers

  /// Whether a shard waits for a second worker because the first takes too long.
  package var hasStragglers: Bool { !stragglers.isEmpty }

  /// Forgets the stragglers before all leases are looked through.
  package mutating func beginScan() { stragglers = [] }

  /// Adds a shard whose only lease straggles.
  package mutating func add(_ shard: ShardID) { stragglers.append(shard) }

  /// Brings the stragglers in their order after all leases were looked through.
  package mutating func endScan() { stragglers = Set(stragglers).sorted() }

  /// Removes and returns the first stragglers; those that nobody takes are put back.
  package mutating func takeStragglers() -> ArraySlice<ShardID> {
    let taken = stragglers.prefix(Self.stragglerTriesMax)
    stragglers.removeFirst(taken.count)
    return taken
  }

  /// Puts shards that nobody could take behind the others, so that they keep none stragglers.
  package mutating func putBack(_ shards: [ShardID]) { stragglers += shards }

  // MARK: The tail

  /// Whether the last shards are looked through now; that is not done at every event.
  package mutating func mayLookThroughTail(at now: Instant) -> Bool {
    if let tailDeadline, now < tailDeadline { return false }
    tailDeadline = now + timing.heartbeatInterval / 4
    return true
  }

  /// Takes note that there is something else to do than to hurry the last shards.
  package mutating func endTail() { tailDeadline = nil }

  // MARK: What nobody takes

  /// When the rest goes even to workers that have failed with it: nobody else has come for it for
  /// as long as a silent worker may take to return.
  package mutating func lastResortTime(at now: Instant) -> Instant {
    let since = restIdleSince ?? now
    restIdleSince = since
    return since + timing.sessionTimeout
  }

  /// Takes note that a peer takes or does what is left.
  package mutating func endRest() { restIdleSince = nil }

  /// Traps unless no shard straggles twice.
  package func checkInvariants() {
    precondition(Set(stragglers).count == stragglers.count)
  }
}

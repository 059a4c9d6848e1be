import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Owns the search, hands shards to workers, and accepts each shard's result once.
///
/// The coordinator does no input or output and reads no clock: events go in with the time at which
/// they happened, effects come out, and the caller performs the effects in order. Every change of
/// the search is a record of the journal, in the order in which it happened, so that replaying the
/// journal gives the state that wrote it. Nothing is acknowledged before its record is durable, and
/// no shard is leased before its candidate's proposal is.
///
/// It is made of smaller machines, each with a state of its own that only it changes; what is here
/// and in the extensions passes from one to the next, and keeps nothing itself.
package struct Coordinator: Sendable {
  /// What the coordinator was told before it started.
  ///
  /// The description's numerics are those of the run once ``numerics`` is not `nil`.
  package internal(set) var settings: CoordinatorSettings
  /// What was seen so far in this term.
  package internal(set) var counters = CoordinatorCounters()

  /// How far this life has come.
  var life: Lifecycle
  /// When the search is asked for candidates and told of results.
  var driver: SearchDriver
  /// Who holds which shard.
  var leases: LeaseTable
  /// Whom faults speak against.
  var faults: FaultAttribution
  /// What takes too long.
  var stragglers: StragglerPolicy
  /// What is measured again with another key.
  var verification: Verification
  /// What is on its way to the store.
  var records: RecordQueue
  /// When the next snapshot is made.
  var snapshots: SnapshotPlan
  /// When leases and sessions are looked through again.
  var clock: ScanClock
  /// What the event that is being applied asks for.
  var outbox: Outbox

  /// Creates a coordinator, or restores one from the records of its journal, in their order.
  ///
  /// - Parameters:
  ///   - snapshot: what the first records have brought about, all discards among them; `records`
  ///     are those behind it.
  ///   - discards: all discards of the journal.
  /// - Throws: ``CoordinationError`` for impossible settings, or a snapshot or journal that does
  ///   not fit them.
  package init(
    settings: CoordinatorSettings, snapshot: CoordinatorSnapshot? = nil,
    discards: DiscardedResults = DiscardedResults(),
    recovering records: some Sequence<JournalRecord>
  ) throws(CoordinationError) {
    var replay = try Replay(settings: settings, snapshot: snapshot, discards: discards)
    for record in records { try replay.apply(record) }
    self.settings = replay.settings
    let term = replay.term.next
    let tokens = LeaseTokens(secret: replay.settings.tokenSecret)
    let snapshotCount = snapshot?.recordCount ?? 0
    life = Lifecycle(
      numericsWindow: replay.settings.numericsWindow,
      source: RecoverySource(
        snapshotRecordCount: snapshotCount, recordCount: replay.recordCount - snapshotCount),
      recoveredShardCount: replay.shardCount)
    driver = SearchDriver(replay)
    leases = LeaseTable(
      ledger: replay.ledger, tokens: tokens, leasesPerSlotMax: settings.bounds.leasesPerSlotMax,
      leaseDuration: settings.timing.leaseDuration)
    faults = FaultAttribution(bounds: settings.bounds)
    stragglers = StragglerPolicy(timing: settings.timing, pace: replay.pace)
    verification = Verification(
      settings: settings.spotChecks, distrusted: discards.keyNames, tokens: tokens)
    self.records = RecordQueue(term: term, durableCount: replay.recordCount)
    snapshots = SnapshotPlan(recordCount: snapshotCount)
    clock = ScanClock(heartbeatInterval: settings.timing.heartbeatInterval)
    outbox = Outbox(run: settings.description.run, term: term)
    if life.phase == .opening { self.records.append(.opened(opening)) }
    for candidate in replay.completed { conclude(candidate) }
    _ = outbox.take()
    checkInvariants()
  }

  /// The number of this life of the coordinator within its run.
  package var term: Term { outbox.term }

  /// The search, with the archive of non-dominated individuals.
  package var search: Search { driver.search }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  package var nextDeadline: Instant? {
    if life.isOver { return nil }
    let deadlines = [
      clock.deadline(hasSessions: leases.sessions.count > 0), stragglers.tailDeadline,
      life.deadline, records.wakeDeadline,
    ]
    return deadlines.compactMap(\.self).min()
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  ///
  /// - Precondition: a store answers each batch once and a search each request, and
  ///   ``Event/started`` comes first.
  /// - Complexity: O(*h* log *n*) for a message that names *h* shards, with *n* pending shards;
  ///   O(*s* + *l*) for ``Event/ticked`` with *s* sessions and *l* leases, if they are due.
  package mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
    if life.isOver { return [] }
    allowForAbsence(at: now)
    take(event, at: now)
    chooseNumerics(at: now)
    scan(at: now)
    handOutWork(at: now)
    leaseTail(at: now)
    advanceInOrder()
    planFrontChecks()
    provideForSpotChecks(at: now)
    keepSnapshot(isLast: isAboutToEnd)
    end(at: now)
    askForProposals()
    if let batch = records.nextBatch(at: now) { outbox.append(.persist(batch)) }
    leases.checkCounts()
    records.checkInvariants()
    return outbox.take()
  }

  private mutating func take(_ event: Event, at now: Instant) {
    switch event {
    case .started: begin()
    case .received(let envelope, let worker, let key):
      receive(envelope, from: worker, key: key, at: now)
    case .malformed(let error, let worker): countMalformed(error, from: worker)
    case .unreachable(let worker):
      life.removeApplicant(worker)
      lose(worker, diagnostic: "its connection ended", at: now)
    case .revoked(let workers): for worker in workers { revoke(worker) }
    case .persisted(let sequence): confirm(firstSequence: sequence)
    case .persistFailed(let sequence, let diagnostic):
      fail(sequence, diagnostic: diagnostic, at: now)
    case .storageRecovered: records.retryNow(at: now)
    case .proposed(let answer): take(answer)
    case .served(let message, let worker): answer(message, to: worker)
    case .discardRequested(let keyName):
      if discardProblem(of: keyName) == nil {
        discard([keyName], diagnostic: "an operator asks for it")
      }
    case .auditorFailed(let diagnostic): failAuditor(diagnostic: diagnostic)
    case .drainRequested: drain()
    case .stopRequested: stop(toRestart: false)
    case .ticked: break
    }
  }

  /// Whether nothing is left to do: the search is spent and everything is durable.
  package var isComplete: Bool {
    driver.isSpent && leases.ledger.count == 0 && !driver.holdsBack && records.isEmpty
      && isFrontChecked
  }

  /// Traps unless every shard is in exactly one place and all counts agree.
  ///
  /// - Complexity: O(*n*) for *n* open shards and sessions; the simulator calls it at each step.
  package func checkInvariants() {
    life.checkInvariants()
    driver.checkInvariants(openCount: leases.ledger.count)
    leases.checkInvariants()
    faults.losses.checkInvariants(sessions: leases.sessions, ledger: leases.ledger)
    stragglers.checkInvariants()
    verification.checks.checkInvariants(sessions: leases.sessions)
    records.checkInvariants()
    precondition(
      !driver.holdsBack || driver.isStrict || driver.awaitsReference || life.isRestarting
        || life.isOver)
    precondition((driver.keys == nil) == (settings.numericsWindow != nil))
    precondition(driver.keys != nil || (records.isEmpty && leases.sessions.count == 0))
    precondition(leases.ledger.unrecordedCount == 0 || !records.isEmpty || !life.recordsSearch)
    precondition(leases.ledger.persistingCount <= records.count)
  }

  /// Traps if a worker that has been silent for twice the duration of a lease still holds one.
  ///
  /// - Complexity: O(*s* log *s*) for *s* sessions; the simulator calls it at each step.
  package func checkSilence(at now: Instant) { leases.checkSilence(at: now) }
}

extension Coordinator {
  /// Adds a message to a worker to the effects.
  mutating func send(_ message: Message, to worker: WorkerID) { outbox.send(message, to: worker) }

  /// Adds something that users should know to the effects.
  mutating func notify(_ notification: Notification) { outbox.notify(notification) }

  /// Leaves the time that the coordinator was away out of what it waits for, if it was.
  ///
  /// Time that passed unseen says nothing about workers, so everything that measures their silence
  /// is moved by it. Otherwise a suspended machine would wake up, find all workers silent, and
  /// blame the candidates for it.
  ///
  /// - Complexity: O(*s* + *l*) for *s* sessions and *l* leases after an absence.
  private mutating func allowForAbsence(at now: Instant) {
    guard let absence = clock.advance(to: now, hasSessions: leases.sessions.count > 0) else {
      return
    }
    leases.allow(for: absence)
    stragglers.allow(for: absence)
    verification.allow(for: absence)
  }
}

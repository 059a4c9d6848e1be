import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Owns the search, hands shards to workers, and accepts each shard's result once.
///
/// The coordinator does no input or output and reads no clock: events go in with the time at which
/// they happened, effects come out, and the caller performs the effects in order. Every change of
/// the search is a record of the journal, in the order in which it happened, so that replaying the
/// journal gives the state that wrote it. Nothing is acknowledged before its record is durable, and
/// no shard is leased before its candidate's birth is.
public struct Coordinator: Sendable {
  /// What the coordinator was told before it started.
  ///
  /// The description's numerics are those of the run once ``numerics`` is not `nil`.
  public internal(set) var settings: CoordinatorSettings
  /// The number of this life of the coordinator within its run.
  public let epoch: Epoch
  /// The search, with the archive of non-dominated individuals.
  public internal(set) var search: Search

  /// The tokens that prove leases.
  let tokens: LeaseTokens
  /// The keys of the run's shards, once the arithmetic is known that they depend on.
  var keys: ShardKeys?
  /// The workers that wait until the arithmetic is chosen, if it is.
  var applicants: NumericsApplicants?
  let recoveredShardCount: Int
  let recoverySource: RecoverySource
  var ledger: Ledger
  var records: RecordQueue
  var sessions: SessionTable
  var quarantined: Set<CandidateID>
  /// The evaluated candidates that the search is told about when those before them are concluded.
  var heldBack: [CandidateID: OpenCandidate] = [:]
  /// When the next snapshot is made.
  var snapshots: SnapshotPlan
  /// The results of the front, shard by shard.
  var frontResults: FrontResults
  /// What was measured before the search has begun anew, for candidates that come again.
  var known: KnownResults
  /// The names of the keys that are trusted no more.
  let distrusted: Set<String>
  /// What is measured again.
  var spotChecks: SpotChecks
  /// Whether a worker with the coordinator's own key was asked for.
  var isAuditorWanted = false
  /// Since when nobody has come for the checks that the run waits for.
  var untakenSince: Instant?
  /// The concluded candidates after which the front was looked through for what must be checked.
  var frontPlannedAt: Int?
  /// What was seen so far in this epoch.
  public internal(set) var counters = CoordinatorCounters()
  var phase = Phase.opening
  var isDraining = false
  /// The sessions that were refused, with the oldest first.
  var refused: RecentMemory<WorkerID, RefusedWorker>
  /// What the loss of workers says about the candidates that they ran.
  var losses: LossAttribution
  /// What has failed at workers that were turned away because of it.
  var streaks: RecentMemory<WorkerID, FailureStreak>
  /// The malformed frames of each peer.
  var malformed: RecentMemory<WorkerID, Int>
  /// The concluded candidates at which the search last had nothing to offer.
  var exhaustedAt: Int?
  /// Since when nobody takes what is left.
  var restIdleSince: Instant?
  /// How long evaluations take, whoever makes them.
  var pace: Pace
  /// The shards whose only lease is overdue, in the order in which they are leased again.
  var overdue: [ShardID] = []
  /// When the last shards are looked through for those that a second worker should get.
  var tailDeadline: Instant?
  /// The last results, to compare later ones of the same shards with them.
  var results = RecentMemory<ShardID, ResultTrace>(countMax: 4_096)
  /// When the coordinator was last told something.
  var appliedAt = Instant.start
  /// When leases and sessions are looked through again.
  var scanDeadline: Instant?
  /// The messages sent so far.
  var sequence: UInt64 = 0
  /// What the event being applied asks for.
  var effects: [Effect] = []

  /// How far the coordinator's life has come.
  enum Phase: Hashable, Sendable {
    /// Nothing is written and nobody welcomed before the run's arithmetic is chosen.
    case choosingNumerics
    /// The start is not durable yet.
    case opening
    /// Work is handed out.
    case working
    /// The coordinator ends as soon as what it has accepted is durable, to go on at once or not;
    /// these workers were told.
    case stopping(told: [WorkerID], restarts: Bool)
    /// Everything is done; workers are told until the deadline.
    case ending(Ending, deadline: Instant)
    /// The end was reported.
    case over
  }

  /// Creates a coordinator, or restores one from the records of its journal, in their order.
  ///
  /// - Parameters:
  ///   - snapshot: what the first records have brought about, all discards among them; `records`
  ///     are those behind it.
  ///   - discards: all discards of the journal.
  /// - Throws: ``CoordinationError`` for impossible settings, or a snapshot or journal that does
  ///   not fit them.
  public init(
    settings: CoordinatorSettings, snapshot: CoordinatorSnapshot? = nil,
    discards: DiscardedResults = DiscardedResults(),
    recovering records: some Sequence<JournalRecord>
  ) throws(CoordinationError) {
    var replay = try Replay(settings: settings, snapshot: snapshot, discards: discards)
    for record in records { try replay.apply(record) }
    self.settings = replay.settings
    epoch = replay.epoch.next
    keys = replay.keys
    tokens = LeaseTokens(secret: replay.settings.tokenSecret)
    search = replay.search
    ledger = replay.ledger
    quarantined = replay.quarantined
    recoveredShardCount = replay.shardCount
    frontResults = replay.frontResults
    known = replay.known
    distrusted = discards.keyNames
    spotChecks = SpotChecks(
      trustedKey: settings.spotChecks.trustedKey, hasAuditor: settings.spotChecks.hasAuditor)
    let snapshotCount = snapshot?.recordCount ?? 0
    recoverySource = RecoverySource(
      snapshotRecordCount: snapshotCount, recordCount: replay.recordCount - snapshotCount)
    snapshots = SnapshotPlan(recordCount: snapshotCount)
    pace = replay.pace
    sessions = SessionTable(leasesPerSlotMax: settings.bounds.leasesPerSlotMax)
    let memory = settings.bounds.refusedCountMax
    refused = RecentMemory(countMax: memory)
    losses = LossAttribution(memoryCountMax: memory)
    streaks = RecentMemory(countMax: memory)
    malformed = RecentMemory(countMax: memory)
    self.records = RecordQueue(epoch: epoch, durableCount: replay.recordCount)
    if let window = replay.settings.numericsWindow {
      applicants = NumericsApplicants(window: window)
      phase = .choosingNumerics
    } else {
      self.records.append(.opened(opening))
    }
    for candidate in replay.completed { conclude(candidate) }
    effects = []
    checkInvariants()
  }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  public var nextDeadline: Instant? {
    var deadlines = [
      scanDeadline, tailDeadline, presenceDeadline, choiceDeadline, records.wakeDeadline,
    ]
    if case .ending(_, let deadline) = phase { deadlines.append(deadline) }
    if case .over = phase { return nil }
    return deadlines.compactMap(\.self).min()
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  ///
  /// - Precondition: a store answers each batch once, and ``Event/started`` comes first.
  /// - Complexity: O(*h* log *n*) for a message that names *h* shards, with *n* pending shards;
  ///   O(*s* + *l*) for ``Event/ticked`` with *s* sessions and *l* leases, if they are due.
  public mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
    if case .over = phase { return [] }
    allowForAbsence(at: now)
    switch event {
    case .started: begin()
    case .received(let envelope, let worker, let key):
      receive(envelope, from: worker, key: key, at: now)
    case .malformed(let error, let worker): countMalformed(error, from: worker)
    case .unreachable(let worker):
      applicants?.remove(worker)
      lose(worker, words: "its connection ended", at: now)
    case .revoked(let worker): revoke(worker)
    case .persisted(let sequence): confirm(firstSequence: sequence)
    case .persistFailed(let sequence, let words): fail(sequence, words: words, at: now)
    case .storageRecovered: records.retryNow(at: now)
    case .served(let message, let worker): answer(message, to: worker)
    case .discardRequested(let keyName):
      if discardProblem(of: keyName) == nil { discard([keyName], words: "an operator asks for it") }
    case .auditorFailed(let words): failAuditor(words: words)
    case .drainRequested: drain()
    case .stopRequested: stop(toRestart: false)
    case .ticked: break
    }
    chooseNumerics(at: now)
    scan(at: now)
    handOutWork(at: now)
    leaseTail(at: now)
    advanceInOrder()
    planFrontChecks()
    provideForSpotChecks(at: now)
    keepSnapshot(isLast: isAboutToEnd)
    end(at: now)
    if let batch = records.nextBatch(at: now) { effects.append(.persist(batch)) }
    ledger.checkCounts()
    records.checkInvariants()
    defer { effects.removeAll() }
    return effects
  }

  /// Whether nothing is left to do: the search is spent and everything is durable.
  public var isComplete: Bool {
    isSearchSpent && ledger.count == 0 && heldBack.isEmpty && records.isEmpty && isFrontChecked
  }

  /// Whether the search has nothing more to offer, now that its candidates are concluded.
  var isSearchSpent: Bool {
    search.birthCount >= settings.search.evaluationCountMax || exhaustedAt == concludedCount
  }

  /// The candidates that the search waits for no more.
  var concludedCount: Int { search.evaluationCount + search.abandonedCount }

  /// Traps unless every shard is in exactly one place and all counts agree.
  ///
  /// - Complexity: O(*n*) for *n* open shards and sessions; the simulator calls it at each step.
  package func checkInvariants() {
    ledger.checkInvariants(sessions: sessions)
    sessions.checkInvariants()
    losses.checkInvariants(sessions: sessions, ledger: ledger)
    records.checkInvariants()
    spotChecks.checkInvariants(sessions: sessions)
    precondition(search.outstandingCount == ledger.count + heldBack.count)
    precondition(heldBack.isEmpty || isStrict || isRestarting || phase == .over)
    precondition((keys == nil) == (settings.numericsWindow != nil))
    precondition(keys != nil || (records.isEmpty && sessions.count == 0))
    precondition(search.abandonedCount == quarantined.count)
    precondition(ledger.unbornCount == 0 || !records.isEmpty)
    precondition(ledger.persistingCount <= records.count)
  }

  /// Traps if a worker that has been silent for twice the duration of a lease still holds one.
  ///
  /// A lease may be given to a worker that was silent for once that time, never longer.
  ///
  /// - Complexity: O(*s* log *s*) for *s* sessions; the simulator calls it at each step.
  package func checkSilence(at now: Instant) {
    for worker in sessions.workers {
      guard let session = sessions[worker], !session.leases.isEmpty else { continue }
      precondition(now - session.heardAt <= settings.timing.leaseDuration * 2)
    }
  }
}

extension Coordinator {
  /// Adds a message to a worker to the effects.
  mutating func send(_ message: Message, to worker: WorkerID) {
    let envelope = Envelope(
      run: settings.description.run, epoch: epoch, sequence: sequence, message: message)
    sequence += 1
    effects.append(.send(envelope, to: worker))
  }

  /// Adds something that people should know to the effects.
  mutating func note(_ note: Note) {
    effects.append(.note(note))
  }

  private mutating func begin() {
    if epoch > Epoch(1) {
      note(
        .resumed(
          epoch: epoch, evaluations: search.evaluationCount, shards: recoveredShardCount,
          from: recoverySource))
    }
  }

  private mutating func drain() {
    guard !isDraining else { return }
    isDraining = true
    note(.draining)
    for worker in sessions.workers { send(.drain, to: worker) }
  }

  /// Ends all sessions without ending the workers, and hands out nothing more.
  ///
  /// What workers send from here on is left to the next coordinator: they keep it until it is
  /// acknowledged.
  mutating func stop(toRestart restarts: Bool) {
    guard [.choosingNumerics, .opening, .working].contains(phase) else { return }
    let workers = sessions.workers + (applicants?.all.map(\.worker) ?? [])
    applicants = nil
    note(
      restarts
        ? .restarting(workerCount: workers.count) : .stopping(workerCount: workers.count))
    for worker in workers {
      for shard in sessions[worker]?.leases ?? [] { giveBack(shard, from: worker) }
      endSession(of: worker)
      send(.pause, to: worker)
    }
    phase = .stopping(told: workers, restarts: restarts)
  }

  // MARK: Handing out

  /// Leases pending shards to workers that want some, and asks for candidates when they run out,
  /// unless the window decides that.
  private mutating func handOutWork(at now: Instant) {
    guard phase == .working, !isDraining, !records.isFailing else { return }
    leaseSpotChecks(at: now)
    leaseOverdue(at: now)
    beginTrials(at: now)
    var suspects = suspectsWithoutWorker(at: now)
    var triesLeft = Self.trialTriesMax
    // Workers that could take a lease, but have failed with everything that waits.
    var choosy: [WorkerID] = []
    while ledger.availableCount > 0 || (!suspects.isEmpty && triesLeft > 0),
      let worker = sessions.popSpare()
    {
      triesLeft -= ledger.availableCount > 0 ? 0 : 1
      guard let session = sessions[worker],
        isHeard(session, at: now), canFinish(session, at: now)
      else {
        sessions.modify(worker) { $0.isSatisfied = true }
        continue
      }
      let isLastResort = isLastResort(at: now)
      // Who has finished something comes for suspects at once, any other one when nothing else is
      // there for it.
      if session.isProven, reserve(worker, for: &suspects, isLastResort: isLastResort) { continue }
      // What the worker has not failed with comes first, or one bad candidate would keep the rest
      // waiting.
      var pending = ledger.popPending(avoiding: session.streak.candidates)
      if pending == nil, ledger.unbornCount == 0, !mayAsk,
        reserve(worker, for: &suspects, isLastResort: isLastResort)
      {
        continue
      }
      if pending == nil, isLastResort { pending = ledger.popPending(avoiding: []) }
      guard let shard = pending else {
        choosy.append(worker)
        continue
      }
      if !isLastResort { restIdleSince = nil }
      lease(shard, to: worker, at: now)
      sessions.enqueueIfSpare(worker)
    }
    for worker in choosy { sessions.enqueueIfSpare(worker) }
    beginTrials(at: now)
    guard !isStrict else { return }
    let choosyCount = choosy.reduce(0) { $0 + sessions.spareCount(of: $1) }
    while max(sessions.spareCount - ledger.availableCount, choosyCount) > ledger.unbornCount {
      guard records.count < settings.bounds.waitingRecordCountMax else { return }
      guard !isSearchSpent, bear() else { return }
    }
  }

  /// Whether a worker was heard of lately enough to be given something.
  func isHeard(_ session: Session, at now: Instant) -> Bool {
    now - session.heardAt < settings.timing.leaseDuration
  }

  /// Whether pending shards are all that there is for now and nobody works on any.
  var isRestIdle: Bool {
    !mayAsk && ledger.unbornCount + ledger.leasedCount + ledger.persistingCount == 0
  }

  /// Whether the rest goes even to workers that have failed with it: nobody else has come for it
  /// for as long as a silent worker may take to return.
  private mutating func isLastResort(at now: Instant) -> Bool {
    guard isRestIdle else {
      restIdleSince = nil
      return false
    }
    let due = (restIdleSince ?? now) + settings.timing.sessionTimeout
    restIdleSince = restIdleSince ?? now
    guard due > now else { return true }
    wantScan(at: due)
    return false
  }

  /// Gives a worker a pending shard.
  func leaseGrant(of shard: ShardID, for worker: WorkerID) -> LeaseGrant? {
    guard let open = ledger[shard.candidate] else { return nil }
    let key = open.keys[shard.slice]
    return LeaseGrant(
      shard: shard, slice: ledger.slices[shard.slice], genome: open.candidate.genome, key: key,
      attempt: max(0, open.leaseCounts[shard.slice] - 1),
      token: tokens.token(of: key, for: worker))
  }

  /// Leases a shard to a worker and sends the lease.
  mutating func lease(_ shard: ShardID, to worker: WorkerID, at now: Instant) {
    hold(shard, by: worker, at: now)
    counters.leases += 1
    guard let grant = leaseGrant(of: shard, for: worker) else {
      preconditionFailure("\(shard) is not open")
    }
    send(.lease(grant), to: worker)
  }

  /// Notes that a worker holds a shard from now on, alone or besides another one.
  mutating func hold(_ shard: ShardID, by worker: WorkerID, at now: Instant) {
    let deadline = now + settings.timing.leaseDuration
    let lease = Lease(
      worker: worker, deadline: deadline, sentAt: now, givenAt: now,
      turn: sessions[worker]?.nextTurn ?? 0)
    ledger.add(lease, to: shard)
    sessions.modify(worker) { $0.leases.append(shard) }
    wantScan(at: deadline)
    if let overdueAt = overdueTime(of: lease, for: shard) { wantScan(at: overdueAt) }
  }

  /// Ends a worker's lease: the shard waits for another worker, unless a second one has it.
  mutating func giveBack(_ shard: ShardID, from worker: WorkerID) {
    sessions.modify(worker) { session in session.leases.removeAll { $0 == shard } }
    ledger.end(worker, of: shard)
  }

  // MARK: The end

  /// Ends the run when nothing is left to do.
  private mutating func end(at now: Instant) {
    if isAboutToEnd, let ending = ending() {
      var timeout = settings.timing.farewellTimeout
      var listeners = sessions.workers
      if case .stopping(let told, _) = phase { (timeout, listeners) = (.zero, told) }
      phase = .ending(ending, deadline: now + timeout)
      switch ending {
      case .completed: for worker in listeners { send(.finished, to: worker) }
      case .drained: for worker in listeners { send(.drain, to: worker) }
      case .stopped, .restarting: break
      }
    }
    guard case .ending(let ending, let deadline) = phase else { return }
    guard sessions.count == 0 || now >= deadline else { return }
    phase = .over
    effects.append(.finish(ending))
  }

  /// Whether the end begins now.
  private var isAboutToEnd: Bool {
    switch phase {
    case .working, .stopping: ending() != nil
    case .choosingNumerics, .opening, .ending, .over: false
    }
  }

  /// How the work ends, if nothing is left to do.
  private func ending() -> Ending? {
    guard records.isEmpty else { return nil }
    if isRestarting { return .restarting }
    if isComplete { return .completed }
    if case .stopping = phase { return .stopped }
    return isDraining && sessions.count == 0 ? .drained : nil
  }
}

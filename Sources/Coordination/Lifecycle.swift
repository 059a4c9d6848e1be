import WireProtocol

/// How far a coordinator's life has come, from its start to its reported end.
package struct Lifecycle: Sendable {
  /// A part of a life; each is entered once, in this order, and some may be left out.
  package enum Phase: Hashable, Sendable {
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
    case ending(Coordinator.Ending, deadline: Instant)
    /// The end was reported.
    case over

    /// The place in the order.
    fileprivate var rank: Int {
      switch self {
      case .choosingNumerics: 0
      case .opening: 1
      case .working: 2
      case .stopping: 3
      case .ending: 4
      case .over: 5
      }
    }
  }

  /// How far it has come.
  package private(set) var phase: Phase
  /// Whether the workers were asked to leave.
  package private(set) var isDraining = false
  /// The workers that wait until the arithmetic is chosen and durable, if it is chosen here.
  package private(set) var applicants: NumericsApplicants?
  /// What it was restored from.
  package let source: RecoverySource
  /// The results that were durable before it.
  package let recoveredShardCount: Int

  /// Creates a life that begins with the choice of the arithmetic if there is a window for it.
  package init(
    numericsWindow: NumericsWindow?, source: RecoverySource, recoveredShardCount: Int
  ) {
    self.source = source
    self.recoveredShardCount = recoveredShardCount
    applicants = numericsWindow.map(NumericsApplicants.init)
    phase = numericsWindow == nil ? .opening : .choosingNumerics
  }

  private mutating func enter(_ next: Phase) {
    precondition(next.rank > phase.rank)
    phase = next
  }

  // MARK: Questions

  /// Whether work is handed out, unless ``isDraining``.
  package var isWorking: Bool { phase == .working }

  /// Whether the end was reported.
  package var isOver: Bool { phase == .over }

  /// Whether the coordinator was asked to end alone and does so.
  package var isStopping: Bool {
    if case .stopping = phase { true } else { false }
  }

  /// Whether everything is done and workers are told.
  package var isEnding: Bool {
    if case .ending = phase { true } else { false }
  }

  /// Whether the run is complete and workers are told.
  package var isTellingCompletion: Bool {
    if case .ending(.completed, _) = phase { true } else { false }
  }

  /// Whether the coordinator may still be asked to end alone.
  package var canStop: Bool { phase.rank <= Phase.working.rank }

  /// Whether this life ends because results count no more.
  package var isRestarting: Bool {
    switch phase {
    case .stopping(_, let restarts): restarts
    case .ending(let ending, _): ending == .restarting
    case .choosingNumerics, .opening, .working, .over: false
    }
  }

  /// Whether the journal takes what the search does.
  ///
  /// Not behind a discard: the next life's search stands there, and the numbers of its candidates
  /// are those of others.
  package var recordsSearch: Bool { !isRestarting && !isOver }

  /// The workers that wait until the arithmetic is chosen and durable.
  package var applicantCount: Int { applicants?.all.count ?? 0 }

  /// Whether a worker waits until the arithmetic is chosen and durable.
  ///
  /// - Complexity: O(*n*) for *n* workers that do.
  package func isWaiting(_ worker: WorkerID) -> Bool {
    applicants?.all.contains { $0.worker == worker } ?? false
  }

  /// When the time is wanted next.
  package var deadline: Instant? {
    switch phase {
    case .choosingNumerics: applicants?.deadline
    case .ending(_, let deadline): deadline
    case .opening, .working, .stopping, .over: nil
    }
  }

  // MARK: The choice of the arithmetic

  /// Lets a worker wait for the choice.
  package mutating func add(_ applicant: NumericsApplicants.Applicant, at now: Instant) {
    applicants?.add(applicant, at: now)
  }

  /// Takes out a worker that waits for the choice no longer.
  package mutating func removeApplicant(_ worker: WorkerID) { applicants?.remove(worker) }

  /// Removes and returns the workers that wait for the choice; nobody does from here on.
  package mutating func takeApplicants() -> [NumericsApplicants.Applicant] {
    defer { applicants = nil }
    return applicants?.all ?? []
  }

  /// Takes note that the arithmetic is chosen; the start can be written.
  package mutating func choseNumerics() {
    precondition(phase == .choosingNumerics)
    enter(.opening)
  }

  // MARK: Changes

  /// Takes note that the start is durable; returns whether work begins by that.
  @discardableResult
  package mutating func opened() -> Bool {
    guard phase == .opening else { return false }
    enter(.working)
    return true
  }

  /// Takes note that the workers are asked to leave; returns whether that is new.
  package mutating func drain() -> Bool {
    defer { isDraining = true }
    return !isDraining
  }

  /// Ends the work for these workers, to go on at once or not.
  ///
  /// - Precondition: ``canStop``.
  package mutating func stop(told workers: [WorkerID], restarts: Bool) {
    applicants = nil
    enter(.stopping(told: workers, restarts: restarts))
  }

  /// Begins to tell workers of the end.
  package mutating func end(_ ending: Coordinator.Ending, deadline: Instant) {
    enter(.ending(ending, deadline: deadline))
  }

  /// Returns the ending to report if everybody was told or the time for that is over; once.
  package mutating func finish(hasSessions: Bool, at now: Instant) -> Coordinator.Ending? {
    guard case .ending(let ending, let deadline) = phase, !hasSessions || now >= deadline else {
      return nil
    }
    enter(.over)
    return ending
  }

  /// Traps unless workers wait only as long as the arithmetic is not durable or they are welcomed.
  package func checkInvariants() {
    precondition(phase != .choosingNumerics || applicants != nil)
    precondition(applicants == nil || phase.rank <= Phase.working.rank)
  }
}

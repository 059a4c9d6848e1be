import SparsityCore
import WireProtocol

/// The conversation of one worker with the coordinator.
///
/// The machine greets until it is welcomed, has the run's inputs loaded, asks for leases, lets them
/// be evaluated, and repeats each result until it is acknowledged. It greets again whenever the
/// coordinator is another one or does not know it; evaluations go on meanwhile. It does no input or
/// output and reads no clock, as the ``Coordinator``.
package struct WorkerMachine: Sendable {
  /// What the machine was told before it started.
  package let settings: WorkerSettings

  var phase = Phase.joining
  var link: Link
  var tasks: [HeldTask] = []
  var isDraining = false
  /// When a draining worker hands back what still runs.
  var drainDeadline: Instant?
  /// Why a draining worker leaves.
  var departure = Departure.asked
  /// Since when there is nothing to do.
  var idleSince: Instant?
  /// The shards that were acknowledged last, so that a delayed lease is not carried out again.
  var acknowledged: [ShardID] = []
  var effects: [Effect] = []

  /// Why a worker leaves before the run is finished.
  enum Departure: Sendable {
    case asked
    case timeOver
    case idle
  }

  /// How far the worker has come.
  enum Phase: Sendable {
    /// No run is known.
    case joining
    /// The inputs are being loaded.
    case preparing(RunDescription)
    /// Leases are carried out.
    case working(Assignment)
    /// The exit was reported.
    case done
  }

  /// A run whose inputs are loaded.
  struct Assignment: Sendable {
    let description: RunDescription
    let space: SearchSpace
    let keys: ShardKeys
    let slices: [ImageSlice]
  }

  /// A shard in the worker's hands.
  struct HeldTask: Sendable {
    let grant: LeaseGrant
    var state: State

    enum State: Sendable {
      case queued
      case running(imagesDone: Int)
      /// It is sent again until it is acknowledged.
      case measured(ShardResult, Backoff)
    }
  }

  /// Creates a worker that has not greeted yet.
  package init(settings: WorkerSettings) {
    self.settings = settings
    link = Link(settings: settings)
  }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  package var nextDeadline: Instant? {
    if case .done = phase { return nil }
    let resends = tasks.compactMap { task -> Instant? in
      if case .measured(_, let resending) = task.state { resending.deadline } else { nil }
    }
    let own = [link.nextDeadline, drainDeadline, isDraining ? nil : drainStart, idleDeadline]
    return (own + resends).compactMap(\.self).min()
  }

  /// The leases that the worker wants to hold at once: one runs and one waits for each slot.
  package var leaseCountMax: Int {
    guard case .working = phase, !isDraining else { return 0 }
    // With many results unacknowledged, the coordinator cannot write; more work would not help.
    return tasks.count - unmeasuredCount > 8 * settings.slots ? 0 : 2 * settings.slots
  }

  /// Whether the exit was reported.
  package var isDone: Bool {
    if case .done = phase { true } else { false }
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  ///
  /// - Precondition: ``Event/started`` comes first.
  /// - Complexity: O(*n*) for *n* shards in the worker's hands.
  package mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
    if isDone { return [] }
    switch event {
    case .started:
      link.hear(at: now)
      greet(at: now)
    case .received(let envelope): receive(envelope, at: now)
    case .malformed(let error): notify(.ignoredMessage(diagnostic: "\(error)"))
    case .transportProblem(let diagnostic): link.problem = diagnostic
    case .inputsWanted(let message): ask(message)
    case .prepared(let inputs): start(with: inputs, at: now)
    case .preparationFailed(let diagnostic):
      leave(.unable, diagnostic: diagnostic, exit: .unprepared(diagnostic: diagnostic))
    case .progressed(let shard, let imagesDone): advance(shard, to: imagesDone)
    case .evaluated(let shard, let evaluation): finish(shard, evaluation, at: now)
    case .evaluationFailed(let shard, let diagnostic): fail(shard, diagnostic: diagnostic)
    case .drainRequested: drain(at: now)
    case .ticked: break
    }
    keepTime(at: now)
    startQueued()
    trackIdleness(at: now)
    leaveIfDrained()
    checkInvariants()
    defer { effects.removeAll() }
    return effects
  }

  /// Traps unless slots and queue keep to their bounds.
  private func checkInvariants() {
    let running = tasks.count { $0.isRunning }
    precondition(running <= settings.slots)
    precondition(unmeasuredCount <= 2 * settings.slots)
    precondition(running == min(settings.slots, unmeasuredCount) || isDone)
    precondition(Set(tasks.map(\.grant.shard)).count == tasks.count)
    precondition(acknowledged.count <= Self.acknowledgedCountMax)
  }
}

extension WorkerMachine.HeldTask {
  /// Whether the shard is being evaluated.
  var isRunning: Bool {
    if case .running = state { true } else { false }
  }

  /// Whether the shard's result is known.
  var isMeasured: Bool {
    if case .measured = state { true } else { false }
  }

  /// The shard as heartbeats name it.
  var held: HeldShard {
    let state: HeldShard.State =
      switch self.state {
      case .queued: .queued
      case .running(let imagesDone): .running(imagesDone: imagesDone)
      case .measured: .measured
      }
    return HeldShard(shard: grant.shard, key: grant.key, state: state, token: grant.token)
  }
}

extension WorkerMachine {
  /// The acknowledged shards that are remembered.
  static let acknowledgedCountMax = 256

  /// The shards that wait or run.
  var unmeasuredCount: Int { tasks.count { !$0.isMeasured } }

  /// Adds a message to the effects.
  mutating func send(_ message: Message) {
    effects.append(.send(link.envelope(message)))
  }

  /// Adds something that users should know to the effects.
  mutating func notify(_ notification: Notification) {
    effects.append(.notify(notification))
  }

  /// Greets the coordinator and plans the next greeting.
  mutating func greet(at now: Instant) {
    let held = tasks.prefix(WireLimits.heldCountMax).map(\.held)
    send(
      .hello(
        Hello(
          supported: ProtocolVersion.supported, build: settings.build, label: settings.label,
          slots: settings.slots, offers: settings.offers,
          held: Array(held), remainingMilliseconds: remainingMilliseconds(at: now))))
    link.greeted(at: now)
  }

  /// Sends a sign of life with everything that the worker holds.
  mutating func beat(at now: Instant) {
    let held = tasks.prefix(WireLimits.heldCountMax).map(\.held)
    send(
      .heartbeat(
        Heartbeat(
          leaseCountMax: leaseCountMax, held: Array(held),
          remainingMilliseconds: remainingMilliseconds(at: now), isLeaving: isDraining)))
    link.beaten(at: now)
  }

  // MARK: Evaluations

  /// Takes up work with what was loaded, if it is what the run wants.
  private mutating func start(with inputs: PreparedInputs, at now: Instant) {
    guard case .preparing(let description) = phase else { return }
    let differences = inputs.differences(from: description)
    guard differences.isEmpty else {
      let diagnostic =
        "this worker has another \(differences.joined(separator: ", ")) than the run; "
        + "give it the run's files"
      leave(.unable, diagnostic: diagnostic, exit: .unprepared(diagnostic: diagnostic))
      return
    }
    phase = .working(
      Assignment(
        description: description, space: inputs.space,
        keys: ShardKeys(description: description),
        slices: description.slices))
    send(
      .request(
        WorkRequest(
          leaseCountMax: leaseCountMax, remainingMilliseconds: remainingMilliseconds(at: now))))
  }

  private mutating func startQueued() {
    var free = settings.slots - tasks.count { $0.isRunning }
    for index in tasks.indices where free > 0 {
      guard case .queued = tasks[index].state else { continue }
      let grant = tasks[index].grant
      tasks[index].state = .running(imagesDone: 0)
      effects.append(
        .evaluate(
          EvaluationTask(shard: grant.shard, slice: grant.slice, genome: grant.genome)))
      free -= 1
    }
  }

  private mutating func advance(_ shard: ShardID, to imagesDone: Int) {
    guard let index = runningIndex(of: shard) else { return }
    tasks[index].state = .running(imagesDone: min(imagesDone, tasks[index].grant.slice.count))
  }

  private mutating func finish(_ shard: ShardID, _ evaluation: Evaluation, at now: Instant) {
    guard let index = runningIndex(of: shard) else { return }
    let grant = tasks[index].grant
    precondition(evaluation.measurement.correct.count == grant.slice.count)
    let result = ShardResult(
      shard: shard, key: grant.key, measurement: evaluation.measurement,
      costs: evaluation.costs, measuredCosts: evaluation.measuredCosts,
      evaluationMicroseconds: evaluation.microseconds,
      token: grant.token)
    var resending = Backoff(from: settings.resendInterval, upTo: settings.resendIntervalMax)
    resending.wait(from: now)
    tasks[index].state = .measured(result, resending)
    send(.result(result))
  }

  private mutating func fail(_ shard: ShardID, diagnostic: String) {
    guard let index = runningIndex(of: shard) else { return }
    let grant = tasks.remove(at: index).grant
    notify(.evaluationFailed(shard, diagnostic: diagnostic))
    send(
      .reject(
        Rejection(shard: shard, key: grant.key, reason: .evaluationFailed, diagnostic: diagnostic)))
  }

  private func runningIndex(of shard: ShardID) -> Int? {
    tasks.firstIndex { $0.grant.shard == shard && $0.isRunning }
  }
}

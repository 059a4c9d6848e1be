import Coordination
import SparsityCore
import WireProtocol
import ZeroMQ

/// The shell of a worker: turns socket, clock and evaluation threads into events, and performs
/// effects. It decides nothing: addresses are the business of ``ConnectionAttempts``.
struct WorkerLoop: ~Copyable {
  /// The longest wait, so that a request to stop is noticed.
  private static let waitMax = Duration.milliseconds(100)

  private let start: ContinuousClock.Instant
  private let configuration: WorkerConfiguration
  private let observer: WorkerObserver
  private let counters: ShardCounterFile?
  private let runner: EvaluationRunner
  private var attempts: ConnectionAttempts
  private var transport: Transport
  private var machine: WorkerMachine
  private var exit: WorkerMachine.Exit?
  private var hasDrained = false
  private var shardCount = 0

  /// Creates the shell and begins to connect.
  init(
    configuration: WorkerConfiguration, observer: WorkerObserver, connection: WorkerConnection,
    counters: ShardCounterFile?, preparation: @escaping EvaluationRunner.Preparation
  ) throws(ZeroMQError) {
    let start = ContinuousClock.now
    var settings = configuration.settings
    if let endsAt = configuration.endsAt { settings.endTime = .start + (endsAt - start) }
    let attempts = ConnectionAttempts(
      connection, attemptTimeout: configuration.attemptTimeout,
      handshakeTimeout: configuration.handshakeTimeout, at: .start)
    let wakeUp = try WakeUp()
    let transport = try Transport(
      to: attempts.endpoint, of: connection, as: settings.worker, slots: settings.slots,
      wakeUp: wakeUp)
    self.start = start
    self.configuration = configuration
    self.observer = observer
    self.counters = counters
    self.attempts = attempts
    self.transport = transport
    machine = WorkerMachine(settings: settings)
    runner = EvaluationRunner(slots: settings.slots, wakeUp: wakeUp, preparation: preparation)
  }

  private var now: Instant { Instant(sinceStart: ContinuousClock.now - start) }

  /// Runs until the machine has finished or the process is asked to end at once.
  mutating func run() throws(WorkerServiceError) -> WorkerOutcome {
    defer { runner.shutDown() }
    try apply(.started)
    while exit == nil, !observer.isKilled() {
      try attempting { () throws(ZeroMQError) in try transport.wait(atMost: timeout()) }
      try applyConnectionEvents()
      try applyMessages()
      for question in runner.channel.takeQuestions() { try apply(.inputsWanted(question)) }
      try applyRunnerOutcomes()
      if let deadline = machine.nextDeadline, deadline <= now { try apply(.ticked) }
      let request = observer.stopRequest()
      if request == .atOnce { break }
      if request == .orderly, !hasDrained {
        hasDrained = true
        try apply(.drainRequested)
      }
      if attempts.isOver(at: now) { try reconnect() }
    }
    return WorkerOutcome(exit: exit, shardCount: shardCount, isKeyRefused: attempts.isKeyRefused)
  }

  private func timeout() -> Duration {
    let deadline = machine.nextDeadline.map { max(.zero, $0 - now) }
    return min(deadline ?? Self.waitMax, Self.waitMax)
  }

  // MARK: Events

  private mutating func apply(_ event: WorkerMachine.Event) throws(WorkerServiceError) {
    for effect in machine.apply(event, at: now) {
      switch effect {
      case .send(let envelope): try send(envelope)
      case .prepare(let description): runner.prepare(description)
      case .deliver(let message): runner.channel.deliver(message)
      case .evaluate(let task): runner.evaluate(task)
      case .stop(let shard): runner.stop(shard)
      case .notify(let notification): observer.notified(notification, notification.text)
      case .exit(let exit): self.exit = exit
      }
    }
  }

  private mutating func send(_ envelope: Envelope) throws(WorkerServiceError) {
    try attempting { () throws(ZeroMQError) in try transport.send(envelope.encoded()) }
  }

  private mutating func applyMessages() throws(WorkerServiceError) {
    while exit == nil,
      let message = try attempting({ () throws(ZeroMQError) in try transport.receive() })
    {
      try apply(Self.event(for: message))
    }
  }

  private static func event(for message: ReceivedMessage) -> WorkerMachine.Event {
    guard message.frames.count == 1, !message.isTruncated else {
      return .malformed(.invalidField(name: "frames", diagnostic: "are not one"))
    }
    do throws(WireError) {
      return .received(try Envelope(decoding: message.frames[0]))
    } catch {
      return .malformed(error)
    }
  }

  private mutating func applyRunnerOutcomes() throws(WorkerServiceError) {
    let (outcomes, imagesDone) = runner.takeOutcomes()
    for (shard, count) in imagesDone { try apply(.progressed(shard, imagesDone: count)) }
    for outcome in outcomes {
      switch outcome {
      case .prepared(let inputs): try apply(.prepared(inputs))
      case .preparationFailed(let diagnostic): try apply(.preparationFailed(diagnostic))
      case .evaluationFailed(let shard, let diagnostic):
        try apply(.evaluationFailed(shard, diagnostic: diagnostic))
      case .evaluated(let task, let evaluation):
        shardCount += 1
        try counters?.add(task, microseconds: evaluation.microseconds)
        try apply(.evaluated(task.shard, evaluation))
        observer.computed(shardCount)
      }
    }
  }

  // MARK: The connection

  private mutating func applyConnectionEvents() throws(WorkerServiceError) {
    while let event = try attempting({ () throws(ZeroMQError) in try transport.nextEvent() }) {
      try tell(attempts.apply(event, at: now))
    }
  }

  private mutating func tell(
    _ notice: ConnectionAttempts.Notice?
  ) throws(WorkerServiceError) {
    switch notice {
    case .trouble(let diagnostic, let isNew):
      try apply(.transportProblem(diagnostic))
      if isNew { observer.troubled(diagnostic) }
    case .recovered(let diagnostic): observer.troubled(diagnostic)
    case nil: break
    }
  }

  /// Tries the next address, or what the connection file says by now.
  private mutating func reconnect() throws(WorkerServiceError) {
    try tell(attempts.conclude(at: now))
    let current: WorkerConnection
    do throws(WorkerServiceError) {
      // No file means that no coordinator runs: the old address is as good as any.
      current = try configuration.currentConnection() ?? attempts.connection
    } catch {
      try tell(attempts.report("\(error)"))
      return
    }
    guard attempts.move(to: current) else { return }
    try attempting { () throws(ZeroMQError) in
      try transport.reconnect(to: attempts.endpoint, of: current)
    }
  }
}

/// Runs `body` and turns an error of the sockets into one of this module.
private func attempting<Result>(
  _ body: () throws(ZeroMQError) -> Result
) throws(WorkerServiceError) -> Result {
  do throws(ZeroMQError) {
    return try body()
  } catch {
    throw .transport(error)
  }
}

extension WorkerMachine.Notification {
  /// The notification as a sentence.
  var text: String {
    switch self {
    case .welcomed(let run, let term): "joined run \(run), term \(term)"
    case .coordinatorReturned(let term): "the coordinator is back, term \(term)"
    case .coordinatorPaused: "the coordinator ends for now; waiting until it is back"
    case .refusedForNow(let diagnostic): "the coordinator asks to wait: \(diagnostic)"
    case .evaluationFailed(let shard, let diagnostic):
      "shard \(shard) cannot be evaluated: \(diagnostic)"
    case .ignoredMessage(let diagnostic): "ignored a message: \(diagnostic)"
    case .draining: "takes no new work and leaves when what runs is done"
    case .timeEnds: "the time is nearly over: takes no new work and leaves when what runs is done"
    }
  }
}

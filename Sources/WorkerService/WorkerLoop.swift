import Coordination
import SparsityCore
import WireProtocol
import ZeroMQ

/// The shell of a worker: turns socket, clock and evaluation threads into events, and performs
/// effects. It decides only which address it connects to.
struct WorkerLoop: ~Copyable {
  /// The longest wait, so that a request to stop is noticed.
  private static let waitMax = Duration.milliseconds(100)

  private let configuration: WorkerConfiguration
  private let observer: WorkerObserver
  private let counters: ShardCounterFile?
  private let context: Context
  private let wakeUp: WakeUp
  private let runner: EvaluationRunner
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  private var connection: WorkerConnection
  private var endpointIndex = 0
  private var transport: Transport
  private var isReady = false
  private var wasRefused = false
  private var isKeyRefused = false
  private var isTroubleCertain = false
  private var attemptDeadline: Instant
  private var lastFrame: [UInt8] = []
  private var trouble: String?

  private var machine: WorkerMachine
  private var exit: WorkerMachine.Exit?
  private var hasDrained = false
  private var shardCount = 0

  /// Creates the shell and begins to connect.
  init(
    configuration: WorkerConfiguration, observer: WorkerObserver, connection: WorkerConnection,
    counters: ShardCounterFile?, preparation: @escaping EvaluationRunner.Preparation
  ) throws(ZeroMQError) {
    var settings = configuration.settings
    if let endsAt = configuration.endsAt { settings.endTime = .start + (endsAt - clock.now) }
    let context = try Context()
    let wakeUp = try WakeUp()
    let transport = try Transport(
      context, to: connection.endpoints[0], of: connection, as: settings.worker,
      slots: settings.slots, wakeUp: wakeUp)
    self.configuration = configuration
    self.observer = observer
    self.counters = counters
    self.context = context
    self.wakeUp = wakeUp
    self.connection = connection
    self.transport = transport
    self.attemptDeadline = .start + configuration.attemptTimeout
    self.machine = WorkerMachine(settings: settings)
    self.start = clock.now
    self.runner = EvaluationRunner(
      slots: settings.slots, wakeUp: wakeUp, preparation: preparation)
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

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
      if !isReady, attemptDeadline <= now { try reconnect() }
    }
    return WorkerOutcome(exit: exit, shardCount: shardCount, isKeyRefused: isKeyRefused)
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
      case .note(let note): observer.noted(note, note.inWords)
      case .exit(let exit): self.exit = exit
      }
    }
  }

  private mutating func send(_ envelope: Envelope) throws(WorkerServiceError) {
    let frame = envelope.encoded()
    lastFrame = frame
    try attempting { () throws(ZeroMQError) in try transport.send(frame) }
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
      return .malformed(.invalidField(name: "frames", words: "are not one"))
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
      case .preparationFailed(let words): try apply(.preparationFailed(words))
      case .evaluationFailed(let shard, let words):
        try apply(.evaluationFailed(shard, words: words))
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
      switch event {
      case .acceptFailed: break
      case .connected: attemptDeadline = now + configuration.handshakeTimeout
      case .ready:
        isReady = true
        isTroubleCertain = false
        if trouble != nil {
          observer.troubled("\(connection.endpoints[endpointIndex]) can be reached again")
        }
        isKeyRefused = false
        trouble = nil
      case .listening, .accepted: break
      case .disconnected:
        if isReady { attemptDeadline = now + configuration.attemptTimeout }
        isReady = false
      case .refused(let failure):
        isReady = false
        wasRefused = true
        attemptDeadline = min(attemptDeadline, now + configuration.attemptTimeout)
        // A connection that closes says less than a reason that was given before.
        if failure == .closed, isTroubleCertain { continue }
        isTroubleCertain = failure != .closed
        isKeyRefused = failure == .keyNotAllowed
        try report("\(connection.endpoints[endpointIndex]): \(failure)")
      }
    }
  }

  private mutating func report(_ words: String) throws(WorkerServiceError) {
    try apply(.transportProblem(words))
    guard words != trouble else { return }
    trouble = words
    observer.troubled(words)
  }

  /// Tries the next address, or what the connection file says by now.
  private mutating func reconnect() throws(WorkerServiceError) {
    attemptDeadline = now + configuration.attemptTimeout
    let endpoint = connection.endpoints[endpointIndex]
    if trouble == nil { try report("\(endpoint) cannot be reached; is the coordinator running?") }
    let current: WorkerConnection
    do throws(WorkerServiceError) {
      // No file means that no coordinator runs: the old address is as good as any.
      current = try configuration.currentConnection() ?? connection
    } catch {
      try report("\(error)")
      return
    }
    let index = current == connection ? (endpointIndex + 1) % connection.endpoints.count : 0
    // libzmq does not try again where its handshake was refused; the key may be allowed by now.
    guard current != connection || index != endpointIndex || wasRefused else { return }
    wasRefused = false
    if current != connection || index != endpointIndex { isTroubleCertain = false }
    connection = current
    endpointIndex = index
    try attempting { () throws(ZeroMQError) in
      transport = try Transport(
        context, to: current.endpoints[index], of: current, as: configuration.settings.worker,
        slots: configuration.settings.slots, wakeUp: wakeUp)
      // What was said to the old address goes first, so that nobody waits for a repetition.
      try transport.send(lastFrame)
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

extension WorkerMachine.Note {
  /// The note as a sentence.
  var inWords: String {
    switch self {
    case .welcomed(let run, let epoch): "joined run \(run), epoch \(epoch)"
    case .capped(let set, let able):
      "computes with \(set.rawValue), as all workers of the run do "
        + "(\(Numerics.instructionSetKey)); this processor has \(able.rawValue)"
    case .coordinatorReturned(let epoch): "the coordinator is back, epoch \(epoch)"
    case .coordinatorPaused: "the coordinator ends for now; waiting until it is back"
    case .refusedForNow(let words): "the coordinator asks to wait: \(words)"
    case .evaluationFailed(let shard, let words): "shard \(shard) cannot be evaluated: \(words)"
    case .ignoredMessage(let words): "ignored a message: \(words)"
    case .draining: "takes no new work and leaves when what runs is done"
    case .timeEnds: "the time is nearly over: takes no new work and leaves when what runs is done"
    }
  }
}

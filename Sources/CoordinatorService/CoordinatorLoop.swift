import Coordination
import Foundation
import Logging
import RunStorage
import SparsityCore
import WireProtocol
import ZeroMQ

/// The shell of a coordinator: turns sockets, clock and disk into events, and performs effects.
///
/// It decides nothing: what happens is the machine's business. One thread runs it and owns the
/// sockets; the journal has a thread of its own.
struct CoordinatorLoop: ~Copyable {
  /// The messages taken from the socket before effects of other sources get their turn.
  private static let drainCountMax = 512
  /// The chunks of inputs that are sent in one turn, after everything else was dealt with.
  private static let inputCountMax = 16
  /// The sessions from which on newcomers are given time.
  private static let arrivalSessionCountMin = 1_000
  /// The messages taken in one turn while connections come in to that many sessions.
  private static let arrivalDrainCountMax = 16
  /// The seconds of rest after such a turn.
  private static let arrivalPauseSeconds = 0.005
  /// How long after a handshake more of them are expected.
  private static let arrivalDuration = Duration.milliseconds(500)
  /// The longest wait, so that a request to stop is noticed.
  private static let waitMax = Duration.milliseconds(100)

  private let configuration: CoordinatorConfiguration
  private let observer: CoordinatorObserver
  private let logger: Logger
  private let socket: Socket
  private var authenticator: Authenticator
  private let monitor: Monitor
  private let storage: StorageThread
  private let check: JournalCheck?
  private let inputs: InputThread
  private let wakeUp: WakeUp
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  private var machine: Coordinator
  private var transport = TransportCounters()
  private var watch = SessionWatch()
  private var admission: Admission
  private var speaker: String?
  private var desk: OperatorDesk
  private var ending: Coordinator.Ending?
  private var storageFailure: RunStorageError?
  private var unreachable = UnreachablePeers()
  private var arrivalDeadline = Instant.start
  private var stopDeadline: Instant?
  private var statusDeadline = Instant.start
  private var frontDeadline = Instant.start
  private var hasFrontChanged = false
  private var hasInputsToSend = false
  private var inputDeadline = Instant.start

  /// Creates the shell around a machine and its means.
  init(
    configuration: CoordinatorConfiguration, observer: CoordinatorObserver, logger: Logger,
    machine: Coordinator, socket: consuming Socket, authenticator: consuming Authenticator,
    monitor: consuming Monitor, admission: Admission, storage: StorageThread,
    check: JournalCheck?, inputs: InputThread, wakeUp: WakeUp
  ) {
    self.configuration = configuration
    self.observer = observer
    self.logger = logger
    self.machine = machine
    self.socket = socket
    self.authenticator = authenticator
    self.monitor = monitor
    self.admission = admission
    self.desk = OperatorDesk(of: configuration.directory)
    self.storage = storage
    self.check = check
    self.inputs = inputs
    self.wakeUp = wakeUp
    self.start = clock.now
  }

  deinit { storage.finish() }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  /// Runs until the machine has finished or the process is asked to end.
  mutating func run() throws(CoordinatorServiceError) -> CoordinatorOutcome {
    var poller = Poller()
    let socketSource = poller.watch(socket)
    let wakeUpSource = poller.watch(wakeUp)
    _ = poller.watch(authenticator.socket)
    let monitorSource = poller.watch(monitor.socket)
    do throws(ZeroMQError) {
      try apply(.started)
      while ending == nil {
        try poller.wait(atMost: timeout())
        try authenticator.serve()
        for address in authenticator.takeRefusedAddresses() {
          desk.meet(address, words: "its key is not allowed", at: now)
        }
        if poller.isReadable(monitorSource) { try takeConnectionEvents() }
        if poller.isReadable(wakeUpSource) { wakeUp.clear() }
        try applyStorageOutcomes()
        takeCheckOutcome()
        if poller.isReadable(socketSource) || !unreachable.isEmpty {
          try loseUnreachable(isSocketEmpty: drainSocket())
        }
        try applyTime()
        try applyKeyChanges()
        try probe()
        try sendInputs(besideMessages: poller.isReadable(socketSource))
        report()
        if storageFailure != nil { break }
      }
    } catch {
      throw .transport(error)
    }
    storage.finish()
    if let storageFailure { throw .storage(storageFailure) }
    return conclude()
  }

  private func timeout() -> Duration {
    let deadlines = [
      machine.nextDeadline, stopDeadline, hasFrontChanged ? frontDeadline : nil,
      watch.nextDeadline,
    ]
    if hasInputsToSend || !unreachable.isEmpty { return .zero }
    let next = deadlines.compactMap(\.self).min().map { max(.zero, $0 - now) }
    return min(next ?? Self.waitMax, Self.waitMax)
  }

  // MARK: Events

  private mutating func apply(_ event: Coordinator.Event) throws(ZeroMQError) {
    try perform(machine.apply(event, at: now))
  }

  /// Gives up the workers that could not be sent to and of which nothing more has come.
  private mutating func loseUnreachable(isSocketEmpty: Bool) throws(ZeroMQError) {
    for (worker, since) in unreachable.takeGone(isSocketEmpty: isSocketEmpty, at: now) {
      guard let entry = watch[worker], entry.heardAt > since else {
        try apply(.unreachable(worker))
        continue
      }
      // Its last words, or it is back: the next probe tells.
      watch.connectionEnded(at: now)
    }
  }

  /// Takes messages from the socket; returns whether it is empty then.
  private mutating func drainSocket() throws(ZeroMQError) -> Bool {
    unreachable.beginReading()
    // libzmq's thread accepts one connection in each round over the sockets that have messages: a
    // few a second beside thousands of busy workers. Who waits too long begins again, for ever.
    let isRush = arrivalDeadline > now && watch.entries.count >= Self.arrivalSessionCountMin
    defer { if isRush { Thread.sleep(forTimeInterval: Self.arrivalPauseSeconds) } }
    for _ in 0..<(isRush ? Self.arrivalDrainCountMax : Self.drainCountMax) {
      guard let message = try socket.receive(frameCountMax: 1) else { return true }
      transport.received += 1
      try take(message)
    }
    return false
  }

  private mutating func take(_ message: ReceivedMessage) throws(ZeroMQError) {
    speaker = message.userID
    guard let worker = message.sender.flatMap({ WorkerID(routingIdentity: $0.bytes) }) else {
      try takeFromOther(message)
      return
    }
    switch admission.judge(speaker, session: watch[worker]) {
    case .admitted:
      let event = Self.event(for: message, from: worker)
      if case .malformed(let error, _) = event {
        desk.meet(message.peerAddress, words: "\(error)", at: now)
      }
      if case .received(let envelope, _) = event {
        watch.hear(envelope.message, from: worker, at: now)
      }
      try apply(event)
    case .notAllowed:
      transport.notAllowed += 1
      desk.meet(message.peerAddress, words: "its key is no worker's", at: now)
      try refuse(worker)
    case .otherKey:
      transport.mismatchedKeys += 1
      // One line tells it all; the count says how often.
      if transport.mismatchedKeys == 1 {
        logger.warning("key \(speaker ?? "") claims session \(worker), which another key opened")
      }
    }
  }

  /// Takes a message of somebody who is no worker: an operator, or noise.
  private mutating func takeFromOther(_ message: ReceivedMessage) throws(ZeroMQError) {
    let event = Self.event(for: message, from: WorkerID(0))
    guard case .received(let envelope, _) = event, case .operation(let request) = envelope.message,
      let peer = message.sender
    else {
      let words = "what it sends is neither a worker's nor an operator's"
      desk.meet(message.peerAddress, words: words, at: now)
      try apply(Self.event(for: message, from: nil))
      return
    }
    guard admission.allowsOperator(speaker) else {
      transport.notAllowed += 1
      desk.meet(message.peerAddress, words: "its key is no operator's", at: now)
      try answer(.answer(isDone: false, words: "this key is not an operator's"), to: peer)
      return
    }
    switch request {
    case .statusRequest(let count):
      let status = desk.status(
        of: machine, watch: watch, transport: countedTransport, workerCountMax: count, at: now)
      try answer(.status(status), to: peer)
    case .drainRequest(nil):
      logger.notice("an operator asks for the end of the run")
      try apply(.drainRequested)
      let words =
        "the coordinator ends when \(counted(watch.entries.count, "worker")) "
        + "\(watch.entries.count == 1 ? "has" : "have") left"
      try answer(.answer(isDone: true, words: words), to: peer)
    case .drainRequest(let name?): try drain(name, for: peer)
    case .status, .answer: break
    }
  }

  /// Asks the workers of a name to finish and leave.
  private mutating func drain(_ name: String, for peer: RoutingID) throws(ZeroMQError) {
    let named = watch.entries.filter { $0.value.label == name || "\($0.key)" == name }
    for worker in named.keys.sorted() { try send(machine.envelope(of: .drain), to: worker) }
    logger.notice("an operator asks worker \(name) to leave")
    let words =
      named.isEmpty
      ? "no worker is called \(name)"
      : "\(named.count) \(named.count == 1 ? "worker" : "workers") called \(name) will leave"
    try answer(.answer(isDone: !named.isEmpty, words: words), to: peer)
  }

  private mutating func answer(
    _ message: OperatorMessage, to peer: RoutingID
  ) throws(ZeroMQError) {
    try count(socket.send(machine.envelope(of: .operation(message)).encoded().span, to: peer))
  }

  private static func event(
    for message: ReceivedMessage, from worker: WorkerID?
  ) -> Coordinator.Event {
    guard message.frames.count == 1, !message.isTruncated else {
      let words = "are \(message.isTruncated ? "more than one" : "missing")"
      return .malformed(.invalidField(name: "frames", words: words), from: worker)
    }
    do throws(WireError) {
      let envelope = try Envelope(decoding: message.frames[0])
      guard let worker else { throw .invalidField(name: "identity", words: "is not a worker's") }
      return .received(envelope, from: worker)
    } catch {
      return .malformed(error, from: worker)
    }
  }

  private mutating func applyStorageOutcomes() throws(ZeroMQError) {
    for outcome in storage.takeOutcomes() {
      switch outcome {
      case .persisted(let sequence):
        transport.commits += 1
        try apply(.persisted(firstSequence: sequence))
      case .failed(let sequence, let error) where error.isTemporary:
        try apply(.persistFailed(firstSequence: sequence, words: "\(error)"))
      case .failed(_, let error):
        storageFailure = error
      case .snapshotWritten(let count):
        logger.info("a snapshot of \(counted(count, "record")) was written")
      case .snapshotFailed(let count, let error):
        // The records are there; only a restart would take longer.
        logger.warning("a snapshot of \(counted(count, "record")) could not be written: \(error)")
      }
    }
  }

  /// Ends the run if the journal's file turns out to be damaged.
  private mutating func takeCheckOutcome() {
    switch check?.takeOutcome() {
    case .sound: logger.info("the structure of the journal is sound")
    case .damaged(let error): storageFailure = error
    case .unknown(let error):
      logger.warning("the structure of the journal could not be checked: \(error)")
    case nil: break
    }
  }

  private mutating func applyTime() throws(ZeroMQError) {
    let now = now
    if let deadline = machine.nextDeadline, deadline <= now { try apply(.ticked) }
    let requests = observer.stopRequestCount()
    if requests == 1, stopDeadline == nil {
      stopDeadline = now + configuration.stopTimeout
      try apply(.drainRequested)
    }
    let isOverdue = requests > 1 || (stopDeadline.map { $0 <= now } ?? false)
    if isOverdue, ending == nil { ending = .drained }
  }

  // MARK: Connections

  private mutating func takeConnectionEvents() throws(ZeroMQError) {
    for _ in 0..<Self.drainCountMax {
      guard let event = try monitor.next() else { return }
      switch event {
      case .connected, .ready: arrivalDeadline = now + Self.arrivalDuration
      case .disconnected: watch.connectionEnded(at: now)
      case .refused(.keyNotAllowed): break
      case .refused: transport.failedHandshakes += 1
      case .acceptFailed: transport.failedAccepts += 1
      }
    }
  }

  /// Asks for sessions of which nothing is heard since some connection has ended.
  private mutating func probe() throws(ZeroMQError) {
    let workers = watch.takeProbes(at: now)
    for worker in workers { try send(machine.envelope(of: .alive), to: worker) }
  }

  /// Lets in and shuts out whoever the key folder says by now.
  private mutating func applyKeyChanges() throws(ZeroMQError) {
    guard let reading = admission.look(at: now) else { return }
    authenticator.allowedKeys = reading.allowed.all
    logger.notice("\(reading.words)")
    for problem in reading.problems { logger.warning("\(problem)") }
    let ended = watch.entries.filter { !admission.allowsWorker($0.value.key) }
    for worker in ended.keys.sorted() { try apply(.revoked(worker)) }
  }

  /// Tells a worker that its key gives no right any more.
  private mutating func refuse(_ worker: WorkerID) throws(ZeroMQError) {
    let refusal = Refusal(
      reason: .keyRevoked,
      words: "its key is not a worker's, or not any more; ask who runs the coordinator for another",
      isFinal: true, supported: ProtocolVersion.supported)
    try send(machine.envelope(of: .refused(refusal)), to: worker)
  }

  /// Sends a few of the chunks that are ready, and fewer while leases and results come in.
  private mutating func sendInputs(besideMessages: Bool) throws(ZeroMQError) {
    let now = now
    if inputDeadline <= now {
      inputDeadline = now + .seconds(1)
      inputs.prune { machine.hasSession($0) }
    }
    let (answers, hasMore) = inputs.takeAnswers(
      countMax: besideMessages ? 4 : Self.inputCountMax)
    hasInputsToSend = hasMore
    for (message, worker) in answers { try apply(.served(message, to: worker)) }
  }

  // MARK: Effects

  private mutating func perform(_ effects: [Coordinator.Effect]) throws(ZeroMQError) {
    for effect in effects {
      switch effect {
      case .send(let envelope, let worker): try send(envelope, to: worker)
      case .persist(let batch): storage.write(batch)
      case .snapshot(let snapshot): storage.write(snapshot)
      case .serve(let message, let worker): inputs.take(message, from: worker)
      case .note(let note): tell(note)
      case .finish(let ending): self.ending = ending
      }
    }
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) throws(ZeroMQError) {
    guard let peer = RoutingID(bytes: worker.routingIdentity) else {
      preconditionFailure("a worker's identity has nine bytes")
    }
    let outcome = try socket.send(envelope.encoded().span, to: peer)
    count(outcome)
    // Whoever has no session has nothing to lose.
    if outcome == .unreachable, watch[worker] != nil { unreachable.insert(worker, at: now) }
  }

  private mutating func count(_ outcome: SendOutcome) {
    switch outcome {
    case .sent: transport.sent += 1
    case .full: transport.full += 1
    case .unreachable: transport.unreachable += 1
    }
  }

  private mutating func tell(_ note: Coordinator.Note) {
    follow(note)
    desk.take(note, at: now)
    let (level, words) = note.inWords
    logger.log(level: level, "\(words)")
    observer.noted(note, words)
    if case .candidateEvaluated(_, isOnFront: true) = note { hasFrontChanged = true }
  }

  /// Keeps the watch's sessions the same as the machine's.
  private mutating func follow(_ note: Coordinator.Note) {
    switch note {
    case .workerJoined(let worker, let label, _), .workerReturned(let worker, let label, _):
      watch.open(worker, label: label, key: speaker, at: now)
    case .workerLeft(let worker, _, _), .workerLost(let worker, _, _, _),
      .workerRefused(let worker, _, _, _):
      watch.close(worker)
    default: break
    }
  }

  // MARK: Reports

  private var countedTransport: TransportCounters {
    var transport = transport
    transport.refusedConnections = authenticator.refusedCount
    return transport
  }

  private var status: CoordinatorStatus {
    CoordinatorStatus(
      progress: machine.progress, transport: countedTransport, timeLeft: desk.timeLeft(of: machine))
  }

  private mutating func report() {
    let now = now
    desk.observe(machine, at: now)
    if statusDeadline <= now {
      statusDeadline = now + configuration.statusInterval
      observer.statusChanged(status)
    }
    if hasFrontChanged, frontDeadline <= now {
      frontDeadline = now + configuration.frontInterval
      writeFront()
    }
  }

  private mutating func writeFront() {
    hasFrontChanged = false
    do {
      try observer.frontChanged(machine)
    } catch {
      // The front can be had from the journal at any time; the run goes on.
      logger.warning("the front cannot be written: \(error)")
    }
  }

  private mutating func conclude() -> CoordinatorOutcome {
    let status = status
    observer.statusChanged(status)
    writeFront()
    return CoordinatorOutcome(ending: ending ?? .drained, status: status)
  }
}

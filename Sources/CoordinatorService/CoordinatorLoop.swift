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
  /// The connection events taken before effects of other sources get their turn.
  private static let eventCountMax = 512
  /// The chunks of inputs that are sent in one turn, after everything else was dealt with.
  private static let inputCountMax = 16
  /// The time between two looks at all connections, unless there are too many.
  private static let connectionInterval = Duration.milliseconds(100)
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
  private let connections: ConnectionGuard
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  private var machine: Coordinator
  private var transport = TransportCounters()
  private var watch = SessionWatch()
  private var admission: Admission
  private var registrations: RegistrationQuota
  private var speaker: String?
  private var speakerAddress: String?
  private var speakerConnection: Int32?
  private var listener: Int32?
  private var isClosedToNewcomers = false
  private var connectionDeadline = Instant.start
  private var toldEndings = ToldEndings()
  private var quota = NotificationQuota()
  private var desk: OperatorDesk
  private var auditor: AuditorKeeper
  private var ending: Coordinator.Ending?
  private var storageFailure: RunStorageError?
  private var unreachable = UnreachablePeers()
  private var arrivals = ArrivalRush()
  private var stopDeadline: Instant?
  private var statusDeadline = Instant.start
  private var frontDeadline = Instant.start
  private var hasFrontChanged = false
  private var hasInputsToSend = false
  private var inputDeadline = Instant.start
  private var connection: PublishedConnection?

  /// Creates the shell around a machine and its means.
  init(
    configuration: CoordinatorConfiguration, observer: CoordinatorObserver, logger: Logger,
    machine: Coordinator, socket: consuming Socket, authenticator: consuming Authenticator,
    monitor: consuming Monitor, admission: Admission, storage: StorageThread,
    check: JournalCheck?, inputs: InputThread, connections: ConnectionGuard, wakeUp: WakeUp
  ) {
    self.configuration = configuration
    self.observer = observer
    self.logger = logger
    self.machine = machine
    self.socket = socket
    self.authenticator = authenticator
    self.monitor = monitor
    self.admission = admission
    self.registrations = RegistrationQuota(
      sessionCountMax: machine.settings.bounds.sessionCountMax)
    self.desk = OperatorDesk(of: configuration.directory)
    self.auditor = AuditorKeeper(configuration.auditor)
    self.storage = storage
    self.check = check
    self.inputs = inputs
    self.connections = connections
    self.wakeUp = wakeUp
    self.start = clock.now
  }

  deinit {
    connections.finish()
    storage.finish()
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  /// Runs until the machine has finished or the process is asked to end.
  ///
  /// - Parameter connection: what workers find the coordinator by; it is looked after meanwhile.
  mutating func run(
    publishing connection: PublishedConnection
  ) throws(CoordinatorServiceError) -> CoordinatorOutcome {
    self.connection = connection
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
          noteUnknownPeer(address, "was kept out: its key is not allowed")
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
        endConnections()
        lookAfterDirectory()
        try probe()
        if let words = auditor.takeFailure() { try apply(.auditorFailed(words: words)) }
        try sendInputs(besideMessages: poller.isReadable(socketSource))
        report()
        if storageFailure != nil { break }
      }
    } catch {
      throw .transport(error)
    }
    auditor.end()
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
    let portion = arrivals.portion(sessionCount: watch.entries.count, at: now)
    defer {
      if portion.pauseSeconds > 0 { Thread.sleep(forTimeInterval: portion.pauseSeconds) }
    }
    for _ in 0..<portion.countMax {
      guard let message = try socket.receive(frameCountMax: 1) else {
        connections.tell { table, _ in table.noteDrained() }
        return true
      }
      transport.received += 1
      try take(message)
    }
    return false
  }

  private mutating func take(_ message: ReceivedMessage) throws(ZeroMQError) {
    speaker = message.userID
    speakerAddress = message.peerAddress
    speakerConnection = message.connection
    defer { (speaker, speakerAddress, speakerConnection) = (nil, nil, nil) }
    if let connection = message.connection {
      let counts = connections.tell { table, _ in
        table.hear(connection, key: message.userID, wireSize: message.wireSize)
      }
      guard counts else {
        transport.refusedMessages += 1
        return
      }
    }
    guard let worker = message.sender.flatMap({ WorkerID(routingIdentity: $0.bytes) }) else {
      try takeFromOther(message)
      return
    }
    let session = watch[worker]
    switch admission.judge(speaker, session: session) {
    case .admitted:
      // A session keeps the name of the key that has opened it.
      let key = session == nil ? admission.name(of: speaker) : nil
      let event = Coordinator.Event(message, from: worker, key: key)
      if session == nil, try turnsAway(event) { return }
      if case .received(let envelope, _, _) = event {
        if case .hello = envelope.message {
          watch.greet(worker, key: speaker, connection: speakerConnection)
        }
        watch.hear(envelope.message, from: worker, by: message.connection, at: now)
      } else if session == nil {
        noteUnknownPeer(speakerAddress, "sends what cannot be decoded")
      }
      try apply(event)
    case .notAllowed:
      transport.notAllowed += 1
      noteUnknownPeer(speakerAddress, "uses a key that is not a worker's")
      let words = "its key is not a worker's, or not any more; ask for another"
      try refuse(worker, .keyRevoked, isFinal: true, words: words)
    case .otherKey:
      transport.mismatchedKeys += 1
      if quota.admit(speaker ?? "", isUrgent: true, at: now) {
        logger.warning("key \(speaker ?? "") claims session \(worker), which another key opened")
      }
    }
  }

  /// Turns away a greeting by which a key would have too many sessions.
  private mutating func turnsAway(_ event: Coordinator.Event) throws(ZeroMQError) -> Bool {
    guard case .received(let envelope, let worker, _) = event, case .hello = envelope.message,
      let words = registrations.refusal(
        of: speaker, sessionCount: watch.count(of: speaker),
        hasOthers: admission.workerKeyCount > 1, at: now)
    else { return false }
    transport.turnedAway += 1
    try refuse(worker, .tooManyWorkers, isFinal: false, words: words)
    return true
  }

  /// Tells people of a peer that is turned away, once for each address.
  private mutating func noteUnknownPeer(_ address: String?, _ words: String) {
    guard let address, desk.meet(address, reason: words, at: now) else { return }
    logger.warning("a peer at \(address) \(words)")
    observer.warned("a peer at \(address) \(words)")
  }

  /// Takes a message of somebody who is no worker: an operator, or noise.
  private mutating func takeFromOther(_ message: ReceivedMessage) throws(ZeroMQError) {
    let event = Coordinator.Event(message, from: WorkerID(0), key: nil)
    guard case .received(let envelope, _, _) = event,
      case .operation(let request) = envelope.message, let peer = message.sender
    else {
      noteUnknownPeer(speakerAddress, "sends what no worker and no operator sends")
      try apply(Coordinator.Event(message, from: nil, key: nil))
      return
    }
    guard admission.allowsOperator(speaker) else {
      transport.notAllowed += 1
      noteUnknownPeer(speakerAddress, "uses a key that is not an operator's")
      try answer(.answer(isDone: false, words: "this key is not an operator's"), to: peer)
      return
    }
    switch request {
    case .statusRequest(let count):
      let status = desk.status(
        of: machine, watch: watch, transport: countedTransport, workerCountMax: count, at: now)
      try answer(.status(status), to: peer)
    case .drainRequest(nil):
      noteOperator("asks for the end of the run")
      try apply(.drainRequested)
      let words =
        "the coordinator ends when \(counted(watch.entries.count, "worker")) "
        + "\(watch.entries.count == 1 ? "has" : "have") left"
      try answer(.answer(isDone: true, words: words), to: peer)
    case .drainRequest(let name?): try drain(name, for: peer)
    case .discardRequest(let keyName):
      let problem = machine.discardProblem(of: keyName)
      let words = "the results of the key \(keyName) are measured again by others"
      try answer(.answer(isDone: problem == nil, words: problem ?? words), to: peer)
      guard problem == nil else { return }
      noteOperator("discards the results of the key \(keyName)")
      try apply(.discardRequested(keyName: keyName))
    case .status, .answer: break
    }
  }

  /// Asks the workers of a name to finish and leave.
  private mutating func drain(_ name: String, for peer: RoutingID) throws(ZeroMQError) {
    let named = watch.entries.filter { $0.value.label == name || "\($0.key)" == name }
    for worker in named.keys.sorted() { try send(machine.envelope(of: .drain), to: worker) }
    noteOperator("asks worker \(name) to leave")
    let words =
      named.isEmpty
      ? "no worker is called \(name)"
      : "\(named.count) \(named.count == 1 ? "worker" : "workers") called \(name) will leave"
    try answer(.answer(isDone: !named.isEmpty, words: words), to: peer)
  }

  private mutating func answer(
    _ message: OperatorMessage, to peer: RoutingID
  ) throws(ZeroMQError) {
    let frame = machine.envelope(of: .operation(message)).encoded()
    try transport.count(socket.send(frame.span, to: peer))
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
    let request = observer.stopRequest()
    if request != .none, stopDeadline == nil {
      stopDeadline = now + configuration.stopTimeout
      try apply(.stopRequested)
    }
    let isOverdue = request == .atOnce || (stopDeadline.map { $0 <= now } ?? false)
    if isOverdue, ending == nil { ending = .stopped }
  }

  /// Keeps the connection file where workers look for it, and ends if the journal is not the one
  /// that is found in the directory any more.
  private mutating func lookAfterDirectory() {
    let now = now
    do throws(RunStorageError) {
      guard try connection?.look(at: now) == true else { return }
      logger.warning("the connection file was gone and is written again")
    } catch {
      if case .replaced = error { storageFailure = error }
      logger.warning("the run directory cannot be looked after: \(error)")
    }
  }

  // MARK: Connections

  private mutating func takeConnectionEvents() throws(ZeroMQError) {
    for _ in 0..<Self.eventCountMax {
      guard let event = try monitor.next() else { return }
      switch event {
      case .connected, .ready: arrivals.noteHandshake(at: now)
      case .listening(let descriptor): listener = descriptor
      case .accepted(let descriptor): connections.opened(descriptor)
      case .disconnected(let descriptor):
        connections.tell { table, _ in table.close(descriptor) }
        watch.connectionEnded(at: now)
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
    authenticator.allowedKeys = admission.allowed
    logger.notice("\(reading.words)")
    for words in reading.problems + reading.failures { logger.warning("\(words)") }
    for words in reading.failures { observer.warned(words) }
    let ended = watch.entries.filter { !admission.allowsWorker($0.value.key) }
    for worker in ended.keys.sorted() { try apply(.revoked(worker)) }
    registrations.prune { admission.allowsWorker($0) }
    let judge = admission
    connections.tell { table, now in
      table.refuse(allBut: { judge.allowsWorker($0) || judge.allowsOperator($0) }, at: now)
    }
  }

  /// Ends the connections that have to end, and lets newcomers wait while there are too many.
  private mutating func endConnections() {
    let now = now
    guard connectionDeadline <= now || connections.tell({ table, _ in table.isCrowded }) else {
      return
    }
    connectionDeadline = now + Self.connectionInterval
    for ending in connections.takeEndings() { tell(ending) }
    let isFull = connections.tell { table, _ in table.isFull }
    guard isFull != isClosedToNewcomers, let listener,
      Connection(descriptor: listener).takesNewcomers(!isFull)
    else { return }
    isClosedToNewcomers = isFull
    if isFull {
      tell("too many connections: newcomers wait until one ends; raise the limit (ulimit -n)")
    } else {
      logger.info("there is room for connections again")
    }
  }

  private mutating func tell(_ ending: ConnectionTable.Ending) {
    transport.endedConnections += 1
    guard let words = toldEndings.words(of: ending) else { return }
    if ending.isWarning { tell(words) } else { logger.info("\(words)") }
  }

  private func tell(_ words: String) {
    logger.warning("\(words)")
    observer.warned(words)
  }

  /// Refuses a worker that has no session.
  private mutating func refuse(
    _ worker: WorkerID, _ reason: Refusal.Reason, isFinal: Bool, words: String
  ) throws(ZeroMQError) {
    let refusal = Refusal(
      reason: reason, words: words, isFinal: isFinal, supported: ProtocolVersion.supported)
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
      case .serve(let message, let worker):
        inputs.take(message, from: worker, key: watch[worker]?.key)
      case .startAuditor: if let file = connection?.file { auditor.start(at: file) }
      case .note(let note): tell(note)
      case .finish(let ending): self.ending = ending
      }
    }
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) throws(ZeroMQError) {
    guard let peer = RoutingID(bytes: worker.routingIdentity) else {
      preconditionFailure("a worker's identity has nine bytes")
    }
    let frame = envelope.encoded()
    let outcome = try socket.send(frame.span, to: peer)
    transport.count(outcome)
    let connection = watch[worker]?.connection ?? speakerConnection
    if let connection {
      let isRefusal = if case .refused = envelope.message { watch[worker] == nil } else { false }
      connections.tell { table, now in
        if outcome == .sent { table.send(connection, wireSize: Socket.wireSize(of: frame.count)) }
        // Whoever was turned away takes no place away from others.
        if isRefusal { table.refuse(connection, at: now) }
      }
    }
    // Whoever has no session has nothing to lose.
    if outcome == .unreachable, watch[worker] != nil { unreachable.insert(worker, at: now) }
  }

  private mutating func tell(_ note: Coordinator.Note) {
    let key = keyBehind(note)
    follow(note)
    desk.take(note, at: now)
    if case .candidateEvaluated(_, isOnFront: true) = note { hasFrontChanged = true }
    let (level, words) = note.inWords
    if let key, !quota.admit(key, isUrgent: level >= .warning, at: now) {
      observer.noted(note, nil)
      return
    }
    logger.log(level: level, "\(words)")
    observer.noted(note, words)
  }

  /// The key whose holder has caused a notification, empty without encryption; `nil` for what
  /// nobody can cause at will.
  private func keyBehind(_ note: Coordinator.Note) -> String? {
    switch note.cause {
    case .nobody: nil
    case .speaker: speaker ?? ""
    case .greeter(let worker): watch.greeter(worker)
    case .session(let worker): watch[worker].map { $0.key ?? "" } ?? speaker ?? ""
    }
  }

  /// Tells what an operator does, as often as the key may have things told.
  private mutating func noteOperator(_ words: String) {
    guard quota.admit(speaker ?? "", isUrgent: false, at: now) else { return }
    logger.notice("an operator \(words)")
  }

  /// Tells how much was left out of what the holders of keys have caused.
  private func tell(leftOut summary: [(key: String, count: Int)]) {
    for (key, count) in summary {
      let words =
        "left out \(counted(count, "notification")) that workers "
        + (key.isEmpty ? "without a key" : "with the key \(key)") + " have caused"
      logger.warning("\(words)")
      observer.warned(words)
    }
  }

  /// Keeps the watch's sessions the same as the machine's.
  private mutating func follow(_ note: Coordinator.Note) {
    switch note {
    case .workerJoined(let worker, let label, _), .workerReturned(let worker, let label, _):
      watch.open(worker, label: label, at: now)
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
    tell(leftOut: quota.takeSummary(at: now))
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
    tell(leftOut: quota.takeSummary())
    let status = status
    observer.statusChanged(status)
    writeFront()
    return CoordinatorOutcome(ending: ending ?? .stopped, status: status)
  }
}

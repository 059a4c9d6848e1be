import Coordination
import Foundation
import Logging
import RunStorage
import WireProtocol
import ZeroMQ

/// The shell of a coordinator: turns sockets, clock and disk into events, and performs effects.
///
/// It decides nothing: what happens is the machine's business. One thread runs it and owns the
/// sockets; the journal has a thread of its own.
struct CoordinatorLoop: ~Copyable {
  /// The messages taken from the socket before effects of other sources get their turn.
  private static let drainCountMax = 512
  /// The longest wait, so that a request to stop is noticed.
  private static let waitMax = Duration.milliseconds(100)

  private let configuration: CoordinatorConfiguration
  private let observer: CoordinatorObserver
  private let logger: Logger
  private let socket: Socket
  private var authenticator: Authenticator
  private let storage: StorageThread
  private let wakeUp: WakeUp
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  private var machine: Coordinator
  private var transport = TransportCounters()
  private var ending: Coordinator.Ending?
  private var storageFailure: RunStorageError?
  private var unreachable: [WorkerID] = []
  private var stopDeadline: Instant?
  private var statusDeadline = Instant.start
  private var frontDeadline = Instant.start
  private var hasFrontChanged = false

  /// Creates the shell around a machine and its means.
  init(
    configuration: CoordinatorConfiguration, observer: CoordinatorObserver, logger: Logger,
    machine: Coordinator, socket: consuming Socket, authenticator: consuming Authenticator,
    storage: StorageThread, wakeUp: WakeUp
  ) {
    self.configuration = configuration
    self.observer = observer
    self.logger = logger
    self.machine = machine
    self.socket = socket
    self.authenticator = authenticator
    self.storage = storage
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
    do throws(ZeroMQError) {
      try apply(.started)
      while ending == nil {
        try poller.wait(atMost: timeout())
        try authenticator.serve()
        if poller.isReadable(wakeUpSource) { wakeUp.clear() }
        try applyStorageOutcomes()
        if poller.isReadable(socketSource) { try drainSocket() }
        try applyTime()
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
    ]
    let next = deadlines.compactMap(\.self).min().map { max(.zero, $0 - now) }
    return min(next ?? Self.waitMax, Self.waitMax)
  }

  // MARK: Events

  private mutating func apply(_ event: Coordinator.Event) throws(ZeroMQError) {
    try perform(machine.apply(event, at: now))
    // A message that could not be sent is an event too; it comes after the effects at hand.
    while let worker = unreachable.popLast() {
      try perform(machine.apply(.unreachable(worker), at: now))
    }
  }

  private mutating func drainSocket() throws(ZeroMQError) {
    for _ in 0..<Self.drainCountMax {
      guard let message = try socket.receive(frameCountMax: 1) else { return }
      transport.received += 1
      try apply(Self.event(for: message))
    }
  }

  private static func event(for message: ReceivedMessage) -> Coordinator.Event {
    let worker = message.sender.flatMap { WorkerID(routingIdentity: $0.bytes) }
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
      }
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

  // MARK: Effects

  private mutating func perform(_ effects: [Coordinator.Effect]) throws(ZeroMQError) {
    for effect in effects {
      switch effect {
      case .send(let envelope, let worker): try send(envelope, to: worker)
      case .persist(let batch): storage.write(batch)
      case .note(let note): tell(note)
      case .finish(let ending): self.ending = ending
      }
    }
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) throws(ZeroMQError) {
    guard let peer = RoutingID(bytes: worker.routingIdentity) else {
      preconditionFailure("a worker's identity has nine bytes")
    }
    switch try socket.send(envelope.encoded().span, to: peer) {
    case .sent: transport.sent += 1
    case .full: transport.full += 1
    case .unreachable:
      transport.unreachable += 1
      unreachable.append(worker)
    }
  }

  private mutating func tell(_ note: Coordinator.Note) {
    let (level, words) = note.inWords
    logger.log(level: level, "\(words)")
    observer.noted(note, words)
    if case .candidateEvaluated(_, isOnFront: true) = note { hasFrontChanged = true }
  }

  // MARK: Reports

  private var status: CoordinatorStatus {
    var transport = transport
    transport.refusedConnections = authenticator.refusedCount
    return CoordinatorStatus(progress: machine.progress, transport: transport)
  }

  private mutating func report() {
    let now = now
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

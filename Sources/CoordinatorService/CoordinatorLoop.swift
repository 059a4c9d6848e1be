import Coordination
import Foundation
import Logging
import RunStorage
import WireProtocol
import ZeroMQ

/// The shell of a coordinator: turns sockets, clock and disk into events, and performs effects.
///
/// It decides nothing: what happens is the business of the ``Reception`` and of the coordinator in
/// it. One thread runs it and owns the sockets; journal and search have threads of their own.
struct CoordinatorLoop: ~Copyable {
  /// The longest wait, so that a request to stop is noticed.
  private static let waitMax = Duration.milliseconds(100)

  private let start = ContinuousClock.now
  private var published: PublishedConnection
  private var reception: Reception
  private var transport: CoordinatorTransport
  private var journal: JournalKeeper
  private let search: SearchThread
  private var keys: KeyWatch?
  private var inputs: InputServer
  private var auditor: AuditorKeeper
  private var patience: StopPatience
  private var reporter: RunReporter
  private var ending: Coordinator.Ending?

  private var now: Instant { Instant(sinceStart: ContinuousClock.now - start) }

  /// Creates the shell around a reception and its means.
  ///
  /// - Parameters:
  ///   - keys: where keys are looked for; `nil` without encryption.
  ///   - published: what workers find the coordinator by; it is looked after meanwhile.
  init(
    _ reception: Reception, _ configuration: CoordinatorConfiguration,
    observer: CoordinatorObserver, logger: Logger, transport: consuming CoordinatorTransport,
    journal: consuming JournalKeeper, search: SearchThread, keys: KeyWatch?, inputs: InputThread,
    published: PublishedConnection
  ) {
    self.reception = reception
    self.transport = transport
    self.journal = journal
    self.search = search
    self.keys = keys
    self.inputs = InputServer(inputs)
    self.published = published
    auditor = AuditorKeeper(configuration.auditor)
    patience = StopPatience(timeout: configuration.stopTimeout)
    reporter = RunReporter(configuration, CoordinatorNotifier(logger, observer))
  }

  /// Runs until the machine has finished or the process is asked to end.
  mutating func run() throws(CoordinatorServiceError) -> CoordinatorOutcome {
    do throws(ZeroMQError) {
      try apply(.coordinator(.started))
      while ending == nil, journal.failure == nil { try turn() }
    } catch {
      throw .transport(error)
    }
    auditor.end()
    journal.finish()
    if let failure = journal.failure { throw .storage(failure) }
    do throws(ZeroMQError) {
      return try conclude()
    } catch {
      throw .transport(error)
    }
  }

  private mutating func turn() throws(ZeroMQError) {
    try transport.wait(atMost: timeout())
    for event in try transport.takeConnectionEvents() { try apply(event) }
    try applyOutcomes()
    if transport.isReadable || reception.wantsReading { try read() }
    try apply(.ticked)
    try applyStopRequest()
    try applyKeyChanges()
    try endConnections()
    lookAfterDirectory()
    if let diagnostic = auditor.takeFailure() {
      try apply(.coordinator(.auditorFailed(diagnostic: diagnostic)))
    }
    try sendInputs()
    report()
  }

  private func timeout() -> Duration {
    if inputs.hasMore { return .zero }
    let deadlines = [reception.nextDeadline, patience.deadline, reporter.nextDeadline]
    let next = deadlines.compactMap(\.self).min().map { max(.zero, $0 - now) }
    return min(next ?? Self.waitMax, Self.waitMax)
  }

  // MARK: Events

  private mutating func apply(_ event: Reception.Event) throws(ZeroMQError) {
    for effect in reception.apply(event, at: now) { try perform(effect) }
  }

  /// Takes messages from the socket, as many as may be taken at once.
  private mutating func read() throws(ZeroMQError) {
    let portion = reception.beginReading(at: now)
    var isEmpty = false
    for _ in 0..<portion.countMax {
      guard let received = try transport.receive() else {
        isEmpty = true
        break
      }
      if case .message(let arrival) = received { try apply(.arrived(arrival)) }
    }
    if portion.pause > .zero { Thread.sleep(forTimeInterval: portion.pause / .seconds(1)) }
    try apply(.read(isEmpty: isEmpty))
  }

  private mutating func applyOutcomes() throws(ZeroMQError) {
    let (events, notices) = journal.takeOutcomes()
    for event in events { try apply(.coordinator(event)) }
    if let answer = search.takeAnswer() { try apply(.coordinator(.proposed(answer))) }
    for notice in notices { reporter.notifier.tell(notice) }
  }

  private mutating func applyStopRequest() throws(ZeroMQError) {
    let (isNew, isOver) = patience.take(reporter.notifier.stopRequest, at: now)
    if isNew { try apply(.coordinator(.stopRequested)) }
    if isOver, ending == nil { ending = .stopped }
  }

  /// Lets in and shuts out peers as the key folder says by now.
  private mutating func applyKeyChanges() throws(ZeroMQError) {
    let now = now
    guard let finding = keys?.look(at: now) else { return }
    transport.allow(finding.allowed)
    reporter.notifier.tell(finding.reading, isFirst: false)
    try apply(.keysChanged(finding.keys))
  }

  private mutating func endConnections() throws(ZeroMQError) {
    let (cut, notice) = transport.endConnections(at: now)
    for ending in cut { try apply(.connectionCut(ending.reason, key: ending.key)) }
    if let notice { reporter.notifier.tell(notice) }
  }

  /// Keeps the connection file where workers look for it, and ends if the journal is not the one
  /// that is found in the directory any more.
  private mutating func lookAfterDirectory() {
    do throws(RunStorageError) {
      guard try published.look(at: now) else { return }
      reporter.notifier.log("the connection file was gone and is written again", .warning)
    } catch {
      if case .replaced = error { journal.fail(error) }
      reporter.notifier.log("the run directory cannot be looked after: \(error)", .warning)
    }
  }

  /// Sends a few of the chunks that are ready, and fewer while leases and results come in.
  private mutating func sendInputs() throws(ZeroMQError) {
    inputs.prune(at: now) { reception.coordinator.hasSession($0) }
    for (message, worker) in inputs.takeAnswers(besideMessages: transport.isReadable) {
      try apply(.coordinator(.served(message, to: worker)))
    }
  }

  // MARK: Effects

  private mutating func perform(_ effect: Reception.Effect) throws(ZeroMQError) {
    switch effect {
    case .send(let envelope, let worker, let connection):
      let frame = envelope.encoded()
      let isReached = try transport.send(frame, to: worker.routingIdentity, by: connection)
      if !isReached { try apply(.notReached(worker)) }
    case .answer(let envelope, let peer):
      _ = try transport.send(envelope.encoded(), to: peer.identity)
    case .reportStatus(let workerCountMax, let peer):
      let status = reporter.answer(reception, counters, workerCountMax: workerCountMax, at: now)
      let envelope = reception.coordinator.envelope(of: .operation(.status(status)))
      _ = try transport.send(envelope.encoded(), to: peer.identity)
    case .endConnection(let connection): transport.end(connection)
    case .endConnections(let keys): transport.endAll(but: keys)
    case .persist(let batch): journal.write(batch)
    case .propose(let request): search.think(about: request)
    case .snapshot(let snapshot): journal.write(snapshot)
    case .serve(let message, let worker, let key): inputs.take(message, from: worker, key: key)
    case .startAuditor: auditor.start(at: published.file)
    case .notify(let notification, let isTold):
      reporter.take(notification, isTold: isTold, at: now)
    case .tell(let notice): reporter.notifier.tell(notice)
    case .finish(let ending): self.ending = ending
    }
  }

  // MARK: Reports

  private var counters: TransportCounters {
    var counters = transport.counters
    counters.notAllowed = reception.counters.notAllowed
    counters.turnedAway = reception.counters.turnedAway
    counters.mismatchedKeys = reception.counters.mismatchedKeys
    counters.commits = journal.commitCount
    return counters
  }

  private mutating func report() {
    let counters = counters
    if let failure = reporter.report(reception, counters, at: now) { tellFrontFailure(failure) }
  }

  private func tellFrontFailure(_ failure: any Error) {
    reporter.notifier.log("the front cannot be written: \(failure)", .warning)
  }

  private mutating func conclude() throws(ZeroMQError) -> CoordinatorOutcome {
    try apply(.concluded)
    let (status, failure) = reporter.conclude(reception, counters, at: now)
    if let failure { tellFrontFailure(failure) }
    return CoordinatorOutcome(ending: ending ?? .stopped, status: status)
  }
}

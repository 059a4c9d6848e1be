import AcceleratorModel
import Coordination
import CoordinatorService
import EvolutionarySearch
import Foundation
import NetworkArchitectures
import ProcessLimits
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService

/// A run of empty evaluations in a folder of its own, with coordinators and workers on threads.
final class TestRun: Sendable {
  private let temporary = TemporaryRun()
  let settings: CoordinatorSettings
  let costs: CostModel
  var directory: RunDirectory { temporary.directory }
  /// Every evaluation that was carried out, in the order of their ends.
  let computed = Mutex<[ShardID]>([])

  init(evaluations: Int, images: Int = 12, shardSize: Int = 12, depth: Int = 2) throws {
    var run = try ExampleRun(width: 8, depth: depth, patterns: ["1:4", "2:4", "4:4"])
    run.description.imageCount = images
    run.description.shardSize = shardSize
    costs = run.costs
    var settings = run.settings(populationSize: 10, evaluations: evaluations, seed: 5)
    settings.timing = CoordinatorTiming(
      heartbeatInterval: .milliseconds(50), leaseDuration: .milliseconds(400),
      sessionTimeout: .milliseconds(1_500), stallTimeout: .seconds(60),
      storageRetryInterval: .milliseconds(20), farewellTimeout: .milliseconds(500))
    self.settings = settings
  }

  /// The configuration of a coordinator on loopback.
  func configuration(security: CoordinatorSecurity = .none) -> CoordinatorConfiguration {
    var configuration = CoordinatorConfiguration(
      settings: settings, directory: directory, endpoint: "tcp://127.0.0.1:0", security: security)
    configuration.stopTimeout = .seconds(5)
    return configuration
  }

  /// The records of the journal.
  func records() throws -> [JournalRecord] {
    try JournalReader(of: directory).records()
  }

  /// The shards whose results the journal holds.
  func journaledShards() throws -> [ShardID] {
    try records().compactMap { record in
      if case .shardCompleted(let completion) = record { completion.shard } else { nil }
    }
  }

  /// The candidates that the journal calls evaluated.
  func evaluatedCount() throws -> Int {
    try records().count { if case .evaluated = $0 { true } else { false } }
  }
}

/// Holds evaluations back once a number of shards is computed, until it is opened.
final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)
  private let held = Atomic<Int>(0)
  private let run: TestRun
  private let count: Int

  init(_ run: TestRun, after count: Int) {
    self.run = run
    self.count = count
  }

  /// The workers that stand before it, each with a lease that it holds.
  var heldCount: Int { held.load(ordering: .relaxed) }

  func open() { isOpen.store(true, ordering: .relaxed) }

  func pass(_ control: EvaluationControl) {
    held.add(1, ordering: .relaxed)
    defer { held.subtract(1, ordering: .relaxed) }
    while !isOpen.load(ordering: .relaxed), !control.isCancelled {
      if run.computed.withLock({ $0.count }) < count { return }
      usleep(1_000)
    }
  }
}

/// A coordinator on a thread.
final class RunningCoordinator: Sendable {
  private struct State {
    var file: ConnectionFile?
    var status: RunStatus?
    var notifications: [String] = []
    var silentCount = 0
    var warnings: [String] = []
    var fronts: [Int] = []
    var result: Result<CoordinatorOutcome, CoordinatorServiceError>?
  }

  private let state = Mutex(State())
  private let stopRequest = Atomic<Int>(0)

  init(_ configuration: CoordinatorConfiguration) {
    let thread = Thread { [self] in
      var observer = CoordinatorObserver()
      observer.started = { file in self.state.withLock { $0.file = file } }
      observer.statusChanged = { status in self.state.withLock { $0.status = status } }
      observer.notified = { _, diagnostic in
        self.state.withLock { state in
          if let diagnostic {
            state.notifications.append(diagnostic)
          } else {
            state.silentCount += 1
          }
        }
      }
      observer.warned = { diagnostic in self.state.withLock { $0.warnings.append(diagnostic) } }
      observer.frontChanged = { machine in
        self.state.withLock { $0.fronts.append(machine.search.evaluationCount) }
        // The front is a convenience: an error when it is written must not end the run.
        throw CancellationError()
      }
      observer.stopRequest = {
        StopRequest(rawValue: self.stopRequest.load(ordering: .relaxed)) ?? .none
      }
      let result: Result<CoordinatorOutcome, CoordinatorServiceError>
      do throws(CoordinatorServiceError) {
        result = .success(try runCoordinator(configuration, observer: observer))
      } catch {
        result = .failure(error)
      }
      self.state.withLock { $0.result = result }
    }
    thread.start()
  }

  /// Asks for an end.
  func stop(_ request: StopRequest) { stopRequest.store(request.rawValue, ordering: .relaxed) }

  var file: ConnectionFile? { state.withLock { $0.file } }
  var status: RunStatus? { state.withLock { $0.status } }
  var notifications: [String] { state.withLock { $0.notifications } }
  /// The notifications that came without a diagnostic.
  var silentCount: Int { state.withLock { $0.silentCount } }
  var warnings: [String] { state.withLock { $0.warnings } }
  /// The evaluations that were done at each writing of the front.
  var fronts: [Int] { state.withLock { $0.fronts } }

  /// Waits until it listens.
  func started() throws -> ConnectionFile {
    #expect(wait { state.withLock { $0.file != nil || $0.result != nil } })
    return try #require(file)
  }

  /// Waits for the end.
  func outcome() throws -> CoordinatorOutcome {
    try #require(wait(atMost: .seconds(60)) { state.withLock { $0.result != nil } })
    return try #require(state.withLock { $0.result }).get()
  }
}

/// Evaluates shards by arithmetic on genes instead of images.
struct FakeEvaluator: ShardEvaluator {
  let run: TestRun
  let inputs: PreparedInputs
  /// Is called before each evaluation; it may wait or throw.
  let before: @Sendable (EvaluationTask, EvaluationControl) throws -> Void
  /// The sum of the losses, instead of one for each image.
  let loss: (@Sendable (EvaluationTask) -> Double)?

  func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome {
    try before(task, control)
    var correct = BitVector(count: task.slice.count)
    for index in 0..<task.slice.count {
      let layer = (task.slice.start + index) % task.genome.genes.count
      correct[index] = task.genome.genes[layer] > 0
    }
    run.computed.withLock { $0.append(task.shard) }
    let cost = run.costs.cost(of: task.genome)
    return ShardOutcome(
      measurement: ShardMeasurement(
        correct: correct, summedLoss: loss?(task) ?? Double(task.slice.count)),
      costs: cost.wireValues)
  }
}

/// A worker on a thread.
final class RunningWorker: Sendable {
  private struct State {
    var notifications: [String] = []
    var troubles: [String] = []
    var files: InputFiles?
    var result: Result<WorkerOutcome, WorkerServiceError>?
  }

  /// The session, which nobody but worker and coordinator knows as a whole.
  let session: WorkerID
  private let state = Mutex(State())
  private let stopRequest = Atomic<Int>(0)
  private let killed = Atomic<Bool>(false)
  private let frozen = Atomic<Bool>(false)

  init(
    _ run: TestRun, label: String, connection: ConnectionSource? = nil,
    giveUpTimeout: Duration = .seconds(20), idleTimeout: Duration? = nil,
    counterPath: String? = nil,
    before: @escaping @Sendable (EvaluationTask, EvaluationControl) throws -> Void = { _, _ in },
    loss: (@Sendable (EvaluationTask) -> Double)? = nil,
    prepare: (@Sendable (RunDescription) throws -> any ShardEvaluator)? = nil,
    inputs settingsOfInputs: InputSettings? = nil
  ) {
    let description = run.settings.description
    var settings = WorkerSettings.newSession(
      label: label, build: "test",
      offers: [BackendOffer(backend: description.numerics.backend, values: [:])])
    session = settings.worker
    settings.resendInterval = .milliseconds(50)
    settings.resendIntervalMax = .milliseconds(400)
    settings.silenceTimeout = .milliseconds(400)
    settings.giveUpTimeout = giveUpTimeout
    settings.idleTimeout = idleTimeout
    var configuration = WorkerConfiguration(
      connection: connection ?? .file(path: run.directory.connectionFilePath),
      settings: settings, counterPath: counterPath)
    configuration.attemptTimeout = .milliseconds(200)
    configuration.allowsPlainText = true
    let inputs = PreparedInputs(
      space: run.settings.space, model: description.model?.content,
      data: description.data?.content, imageCount: description.imageCount,
      bank: description.bank.content)
    let standard: @Sendable (RunDescription) throws -> any ShardEvaluator = { _ in
      FakeEvaluator(run: run, inputs: inputs, before: before, loss: loss)
    }
    let load: @Sendable (RunDescription, InputChannel) throws -> any ShardEvaluator = {
      description, channel in
      if let settingsOfInputs {
        let fetcher = InputFetcher(channel: channel, settings: settingsOfInputs)
        let files = try fetcher.files(of: description)
        self.state.withLock { $0.files = files }
      }
      return try (prepare ?? standard)(description)
    }
    let thread = Thread { [self, configuration] in
      var observer = WorkerObserver()
      observer.notified = { _, diagnostic in
        self.state.withLock { $0.notifications.append(diagnostic) }
      }
      observer.troubled = { diagnostic in self.state.withLock { $0.troubles.append(diagnostic) } }
      observer.stopRequest = {
        StopRequest(rawValue: self.stopRequest.load(ordering: .relaxed)) ?? .none
      }
      observer.isKilled = {
        while self.frozen.load(ordering: .relaxed) { usleep(2_000) }
        return self.killed.load(ordering: .relaxed)
      }
      let result: Result<WorkerOutcome, WorkerServiceError>
      do throws(WorkerServiceError) {
        result = .success(
          try runWorker(configuration, observer: observer, prepare: load))
      } catch {
        result = .failure(error)
      }
      self.state.withLock { $0.result = result }
    }
    thread.start()
  }

  /// Asks to leave, or to end at once.
  func stop(_ request: StopRequest) { stopRequest.store(request.rawValue, ordering: .relaxed) }
  /// Makes the worker disappear without a word.
  func kill() { killed.store(true, ordering: .relaxed) }
  /// Stops or continues the socket thread, as SIGSTOP and SIGCONT do.
  func freeze(_ isFrozen: Bool) { frozen.store(isFrozen, ordering: .relaxed) }

  var notifications: [String] { state.withLock { $0.notifications } }
  var troubles: [String] { state.withLock { $0.troubles } }
  /// The inputs that were fetched.
  var files: InputFiles? { state.withLock { $0.files } }

  /// Waits for the end.
  func outcome() throws -> WorkerOutcome {
    try #require(wait(atMost: .seconds(60)) { state.withLock { $0.result != nil } })
    return try #require(state.withLock { $0.result }).get()
  }
}

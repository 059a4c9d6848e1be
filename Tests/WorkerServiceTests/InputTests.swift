import ContentHashing
import Coordination
import CoordinatorService
import Foundation
import ModelFiles
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService
import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(20))) struct InputTests {
  /// A run with files that a coordinator serves: a model of five chunks and a bit, and two more.
  final class Site {
    let run: TestRun
    let folder: String
    let served: [ServedInput]
    let modelChunkCount = 6

    init() throws {
      run = try TestRun(evaluations: 6)
      folder = run.directory.path + "-inputs"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      var generator = SeededGenerator(seed: 4)
      var served: [ServedInput] = []
      for (role, size) in [
        (InputRole.model, 5 * WireLimits.chunkSize + 77), (.configuration, 300), (.data, 0),
      ] {
        let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        let path = "\(folder)/\(role.rawValue)"
        try Data(bytes).write(to: URL(filePath: path))
        served.append(ServedInput(role: role, path: path))
      }
      self.served = served
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func cache(_ name: String = "cache", sizeMax: Int = 1 << 30) -> InputCache {
      InputCache(folder: "\(folder)/\(name)", sizeMax: sizeMax)
    }

    /// Starts a coordinator that serves the files.
    func startCoordinator(_ security: CoordinatorSecurity = .none) throws -> RunningCoordinator {
      var configuration = run.configuration(security: security)
      configuration.inputs = served
      let coordinator = RunningCoordinator(configuration)
      _ = try coordinator.started()
      return coordinator
    }

    /// Whether fetched files hold what the served ones hold.
    func areEqual(_ files: InputFiles) -> Bool {
      let paths = [files.model, files.configuration, files.data]
      return zip(served, paths).allSatisfy {
        FileManager.default.contentsEqual(atPath: $0.path, andPath: $1) && $0.path != $1
      }
    }
  }

  /// What workers have reported.
  final class Reports: Sendable {
    private let reports = Mutex<[InputReport]>([])
    var all: [InputReport] { reports.withLock { $0 } }
    func add(_ report: InputReport) { reports.withLock { $0.append(report) } }

    /// The chunks of the model that were fetched, and that were there before, by each fetch.
    var modelFetches: [[Int]] {
      all.compactMap { report in
        guard case .fetched(.model, let fetched, let stored, _, _) = report else { return nil }
        return [fetched, stored]
      }
    }
  }

  @Test(arguments: [false, true])
  func `a worker with an empty cache fetches every file, and finds it the next time`(
    isEncrypted: Bool
  ) throws {
    let site = try Site()
    let coordinator = try site.startCoordinator(
      isEncrypted ? .curve(try RunKeys(in: site.run.directory)) : .none)
    let reports = Reports()
    var settings = InputSettings(cache: site.cache())
    settings.report = { reports.add($0) }
    let gate = Gate(site.run, after: 1)
    let first = RunningWorker(
      site.run, label: "first", before: { _, control in gate.pass(control) }, inputs: settings)
    #expect(wait { site.run.computed.withLock { !$0.isEmpty } })
    #expect(site.areEqual(try #require(first.files)))
    #expect(reports.modelFetches == [[6, 0]])
    let second = RunningWorker(site.run, label: "second", inputs: settings)
    #expect(wait { second.files != nil })
    gate.open()
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try first.outcome().exit == .finished)
    #expect(try second.outcome().exit == .finished)
    #expect(reports.modelFetches.count == 1)
    #expect(reports.all.contains(.cached(.model)))
    let names = try FileManager.default.contentsOfDirectory(atPath: site.cache().folder)
    #expect(!names.contains { $0.hasSuffix(".part") })
  }

  @Test func `a worker that is killed half-way leaves what the next one goes on with`() throws {
    let site = try Site()
    let coordinator = try site.startCoordinator()
    let isHalfWay = Atomic<Bool>(false)
    let mayGoOn = Atomic<Bool>(false)
    var settings = InputSettings(cache: site.cache())
    settings.report = { report in
      guard case .fetching(.model, let stored, _) = report, stored >= 3 * WireLimits.chunkSize
      else { return }
      isHalfWay.store(true, ordering: .relaxed)
      while !mayGoOn.load(ordering: .relaxed) { usleep(1_000) }
    }
    let victim = RunningWorker(site.run, label: "victim", inputs: settings)
    #expect(wait { isHalfWay.load(ordering: .relaxed) })
    victim.kill()
    _ = try victim.outcome()
    mayGoOn.store(true, ordering: .relaxed)

    let reports = Reports()
    settings.report = { reports.add($0) }
    let other = RunningWorker(site.run, label: "other", inputs: settings)
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try other.outcome().exit == .finished)
    let fetches = try #require(reports.modelFetches.first)
    #expect(fetches[0] + fetches[1] == site.modelChunkCount)
    #expect(fetches[1] >= 3)
    #expect(site.areEqual(try #require(other.files)))
  }

  @Test func `a fetch that takes longer than a session may be silent costs no session`() throws {
    let site = try Site()
    var configuration = site.run.configuration()
    configuration.inputs = site.served
    // Three chunks a second: the six of the model outlast the timeout of 1.5 seconds.
    configuration.inputBounds.bytesPerSecondMax = 3 * WireLimits.chunkSize
    let coordinator = RunningCoordinator(configuration)
    let worker = RunningWorker(
      site.run, label: "patient", inputs: InputSettings(cache: site.cache()))
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(site.areEqual(try #require(worker.files)))
    #expect(outcome.status.activity.counters.lostWorkers == 0)
    let log = try String(contentsOfFile: site.run.directory.logPath, encoding: .utf8)
    #expect(log.split(separator: "worker patient joined").count == 2)
  }

  @Test func `of many workers that start at once on a machine one fetches`() throws {
    let site = try Site()
    let coordinator = try site.startCoordinator()
    let reports = Reports()
    var settings = InputSettings(cache: site.cache())
    settings.report = { reports.add($0) }
    let gate = Gate(site.run, after: 0)
    let workers = (1...6).map { number in
      RunningWorker(
        site.run, label: "worker \(number)", before: { _, control in gate.pass(control) },
        inputs: settings)
    }
    #expect(wait { workers.allSatisfy { $0.files != nil } })
    gate.open()
    #expect(try coordinator.outcome().ending == .completed)
    for worker in workers { #expect(try worker.outcome().exit == .finished) }
    #expect(reports.modelFetches == [[6, 0]])
  }

  @Test func `a spoilt file of the cache is fetched again`() throws {
    let site = try Site()
    let coordinator = try site.startCoordinator()
    var settings = InputSettings(cache: site.cache())
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: site.served[0].path)))
    let content = ContentHash(of: bytes.span)
    try FileManager.default.createDirectory(
      atPath: settings.cache.folder, withIntermediateDirectories: true)
    let spoilt = Data(repeating: 1, count: 5 * WireLimits.chunkSize + 77)
    try spoilt.write(to: URL(filePath: settings.cache.path(of: content)))
    let reports = Reports()
    settings.report = { reports.add($0) }
    let worker = RunningWorker(site.run, label: "worker", inputs: settings)
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(site.areEqual(try #require(worker.files)))
    #expect(reports.modelFetches == [[6, 0]])
  }

  @Test func `what cannot be removed from the cache is an error, not a loop`() throws {
    let site = try Site()
    let cache = site.cache()
    try cache.create()
    let path = cache.path(of: try contentHash(ofFileAt: site.served[0].path))
    // A folder in a file's place is not what it should be, and is not removed like a file.
    try FileManager.default.createDirectory(
      atPath: path + "/full", withIntermediateDirectories: true)
    let coordinator = try site.startCoordinator()
    let worker = RunningWorker(site.run, label: "stuck", inputs: InputSettings(cache: cache))
    let exit = try worker.outcome().exit
    guard case .unprepared(let diagnostic) = exit else {
      Issue.record("it ended with \(String(describing: exit))")
      return
    }
    #expect(diagnostic.contains("cannot use \(path)"), "\(diagnostic)")
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `a cache that others can write into is not used`() throws {
    let site = try Site()
    let cache = site.cache()
    try cache.create()
    try #require(unsafe chmod(cache.folder, 0o777) == 0)
    let coordinator = try site.startCoordinator()
    let worker = RunningWorker(site.run, label: "careful", inputs: InputSettings(cache: cache))
    let exit = try worker.outcome().exit
    guard case .unprepared(let diagnostic) = exit else {
      Issue.record("it ended with \(String(describing: exit))")
      return
    }
    #expect(diagnostic.contains("everybody can write into it"), "\(diagnostic)")
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `a file that was changed under the coordinator is refused with a diagnostic`() throws {
    let site = try Site()
    var configuration = site.run.configuration()
    let former = Array("what it was".utf8)
    let stale = ContentHash(of: former.span)
    configuration.inputs = site.served
    configuration.inputs[0].content = stale
    let coordinator = RunningCoordinator(configuration)
    _ = try coordinator.started()
    let worker = RunningWorker(
      site.run, label: "worker", inputs: InputSettings(cache: site.cache()))
    let outcome = try worker.outcome()
    #expect(outcome.diagnostic.contains("the model cannot be fetched"), "\(outcome.diagnostic)")
    #expect(outcome.diagnostic.contains("3 times"))
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `inputs that exceed the cache are refused with both sizes`() throws {
    let site = try Site()
    let coordinator = try site.startCoordinator()
    let worker = RunningWorker(
      site.run, label: "worker", inputs: InputSettings(cache: site.cache(sizeMax: 100_000)))
    let diagnostic = try worker.outcome().diagnostic
    #expect(diagnostic.contains("100000") && diagnostic.contains("--cache-size"), "\(diagnostic)")
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `who has no session is told to greet, and unknown contents are refused`() throws {
    let site = try Site()
    let coordinator = try site.startCoordinator()
    let endpoint = try #require(coordinator.file?.endpoints[0])
    let context = try Context()
    var options = SocketOptions()
    options.routingID = RoutingID(bytes: WorkerID(7).routingIdentity)
    let socket = try Socket(context, kind: .dealer, options: options)
    try socket.connect(endpoint)
    var sequence = UInt64(0)
    func ask(_ message: Message) throws -> Message {
      let description = site.run.settings.description
      let envelope = Envelope(
        run: description.run, term: .none, sequence: sequence, message: message)
      sequence += 1
      _ = try socket.send(envelope.encoded().span)
      var answer: ReceivedMessage?
      _ = try wait {
        answer = try socket.receive(frameCountMax: 1)
        return answer != nil
      }
      return try Envelope(decoding: #require(answer?.frames[0])).message
    }
    let name = Array("unknown".utf8)
    let unknown = ContentHash(of: name.span)
    let fetch = Message.inputs(.fetch(FetchRequest(content: unknown, chunks: [0], attempt: 0)))
    #expect(try ask(fetch) == .rehello)
    #expect(try ask(.inputs(.list)) == .rehello)
    let hello = Hello(
      supported: ProtocolVersion.supported, build: "", label: "asking", slots: 1,
      offers: [BackendOffer(backend: Backend(name: "test", version: "1"), values: [:])], held: [])
    guard case .welcome = try ask(.hello(hello)) else {
      Issue.record("not welcome")
      return
    }
    guard case .inputs(.inventory(let inventory)) = try ask(.inputs(.list)) else {
      Issue.record("no inventory")
      return
    }
    #expect(inventory.entries.map(\.role) == [.model, .configuration, .data])
    guard case .inputs(.unavailable(let answer)) = try ask(fetch) else {
      Issue.record("an unknown content was served")
      return
    }
    #expect(answer.diagnostic.contains(unknown.abbreviated))
    let model = inventory.entries[0]
    guard
      case .inputs(.unavailable(let beyond)) = try ask(
        .inputs(.fetch(FetchRequest(content: model.content, chunks: [6], attempt: 0))))
    else {
      Issue.record("a chunk behind the end was served")
      return
    }
    #expect(beyond.diagnostic.contains("no chunk 6"))
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `an input that is missing keeps the coordinator from starting`() throws {
    let run = try TestRun(evaluations: 1)
    var configuration = run.configuration()
    configuration.inputs = [ServedInput(role: .bank, path: "/nowhere/bank")]
    let coordinator = RunningCoordinator(configuration)
    let error = #expect(throws: CoordinatorServiceError.self) { try coordinator.outcome() }
    #expect("\(try #require(error))".contains("/nowhere/bank"))
  }
}

import Coordination
import CoordinatorService
import Foundation
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService
import ZeroMQ

@Suite(.serialized, .timeLimit(.minutes(20))) struct TroubleTests {
  struct Failure: Error, CustomStringConvertible {
    var description: String { "the images are on strike" }
  }

  @Test func `garbage and strangers are counted and survived`() throws {
    let run = try TestRun(evaluations: 40)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    let context = try Context()
    let stranger = try Socket(context, kind: .dealer)
    try stranger.connect(endpoint)
    _ = try stranger.send(Array("GET / HTTP/1.1".utf8).span)
    _ = try stranger.send([[1], [2], [3]])
    _ = try stranger.send([UInt8](repeating: 0x45, count: 100_000).span)
    var options = SocketOptions()
    let worker = WorkerID(1)
    options.routingID = RoutingID(bytes: worker.routingIdentity)
    let impostor = try Socket(context, kind: .dealer, options: options)
    try impostor.connect(endpoint)
    var generator = SeededGenerator(seed: 3)
    let heartbeat = Envelope(
      run: ExampleRun.identity, term: Term(1), sequence: 0,
      message: .heartbeat(Heartbeat(leaseCountMax: 1, held: [])))
    for _ in 0..<200 {
      var frame = heartbeat.encoded()
      frame[generator.index(below: frame.count)] = UInt8(generator.index(below: 256))
      _ = try impostor.send(frame.span)
    }
    #expect(wait { (coordinator.status?.activity.counters.malformedFrames ?? 0) >= 3 })
    let told = coordinator.warnings.count { $0.hasPrefix("a peer at 127.0.0.1 sends what ") }
    #expect(told == 1, "\(coordinator.warnings)")
    let honest = RunningWorker(run, label: "honest")
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    #expect(try run.evaluatedCount() == 40)
  }

  @Test func `an evaluation without a loss ends its candidate, not the worker`() throws {
    let run = try TestRun(evaluations: 20)
    let coordinator = RunningCoordinator(run.configuration())
    _ = try coordinator.started()
    let worker = RunningWorker(
      run, label: "honest",
      loss: { task in
        task.shard.candidate == CandidateID(3) ? .nan : 1
      })
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(outcome.status.progress.quarantinedCount == 1)
    #expect(coordinator.notifications.contains { $0.contains("#3") && $0.contains("is nan") })
    #expect(outcome.status.activity.counters.malformedFrames == 0)
  }

  @Test func `a worker with the wrong key says so and gives up`() throws {
    let run = try TestRun(evaluations: 10)
    let keys = try RunKeys(in: run.directory)
    let coordinator = RunningCoordinator(run.configuration(security: .curve(keys)))
    let endpoints = try coordinator.started().endpoints
    let stranger = WorkerConnection.Keys(
      worker: try .generate(), server: keys.server.publicKey)
    let misled = WorkerConnection.Keys(
      worker: keys.workers, server: try CurveKeyPair.generate().publicKey)
    let expectations: [(WorkerConnection.Keys?, String)] = [
      (stranger, "does not allow this worker's key"), (misled, "wrong server key"),
      (nil, "one side encrypts and the other does not"),
    ]
    for (keys, diagnostic) in expectations {
      var told: [String] = []
      // A connection that closes may hide the reason, so a busy machine gets a few attempts.
      for attempt in 1...10 where !told.contains(where: { $0.contains(diagnostic) }) {
        let worker = RunningWorker(
          run, label: "uninvited-\(attempt)",
          connection: .fixed(.init(endpoints: endpoints, keys: keys)), giveUpTimeout: .seconds(2))
        let outcome = try worker.outcome()
        #expect(!outcome.isSuccess)
        told += worker.troubles + [outcome.diagnostic]
      }
      #expect(told.contains { $0.contains(diagnostic) }, "\(told)")
    }
    let invited = RunningWorker(run, label: "invited")
    let outcome = try coordinator.outcome()
    #expect(try invited.outcome().exit == .finished)
    #expect(outcome.status.activity.transport.refusedConnections >= 1)
    let kept = "a peer at 127.0.0.1 was kept out: its key is not allowed"
    #expect(coordinator.warnings.count { $0 == kept } == 1, "\(coordinator.warnings)")
    #expect(outcome.status.activity.counters.refusedWorkers == 0)
  }

  @Test func `a worker that cannot load the inputs leaves with a diagnostic`() throws {
    let run = try TestRun(evaluations: 10)
    let coordinator = RunningCoordinator(run.configuration())
    let unable = RunningWorker(run, label: "unable", prepare: { _ in throw Failure() })
    let outcome = try unable.outcome()
    #expect(outcome.exit == .unprepared(diagnostic: "the images are on strike"))
    #expect(!outcome.isSuccess)
    let able = RunningWorker(run, label: "able")
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try able.outcome().exit == .finished)
  }

  @Test func `a candidate that fails wherever it is evaluated is quarantined, not the run`() throws
  {
    let run = try TestRun(evaluations: 10)
    let coordinator = RunningCoordinator(run.configuration())
    let worker = RunningWorker(run, label: "worker") { task, _ in
      if task.shard.candidate == CandidateID(3) { throw Failure() }
    }
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(outcome.status.progress.quarantinedCount == 1)
    #expect(coordinator.notifications.contains { $0.contains("candidate #3 was quarantined") })
  }

  @Test func `nobody to connect to is reported with a diagnostic`() throws {
    let run = try TestRun(evaluations: 10)
    let lost = RunningWorker(
      run, label: "lost", connection: .fixed(.init(endpoints: ["tcp://127.0.0.1:1"], keys: nil)),
      giveUpTimeout: .seconds(1))
    let outcome = try lost.outcome()
    #expect(outcome.diagnostic.contains("tcp://127.0.0.1:1 cannot be reached"))
    #expect(!outcome.isSuccess)
  }

  @Test func `a link that heals is reported as its loss was`() throws {
    let run = try TestRun(evaluations: 10)
    let first = RunningCoordinator(run.configuration())
    let endpoint = try first.started().endpoints[0]
    first.stop(.atOnce)
    _ = try first.outcome()
    let worker = RunningWorker(
      run, label: "patient", connection: .fixed(.init(endpoints: [endpoint], keys: nil)))
    #expect(wait { worker.troubles.contains { $0.contains("cannot be reached") } })
    var configuration = run.configuration()
    configuration.endpoint = endpoint
    let second = RunningCoordinator(configuration)
    #expect(try second.outcome().ending == .completed)
    #expect(try worker.outcome().exit == .finished)
    #expect(worker.troubles.last == "\(endpoint) can be reached again")
  }

  @Test func `a connection file that never appears is named`() throws {
    let run = try TestRun(evaluations: 10)
    let waiting = RunningWorker(run, label: "waiting", giveUpTimeout: .milliseconds(500))
    let error = #expect(throws: WorkerServiceError.self) { try waiting.outcome() }
    #expect("\(try #require(error))".contains(run.directory.connectionFilePath))
  }

  @Test func `of several addresses the one that answers is found`() throws {
    let run = try TestRun(evaluations: 10)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    let endpoints = ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2", endpoint]
    let worker = RunningWorker(
      run, label: "worker", connection: .fixed(.init(endpoints: endpoints, keys: nil)))
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try worker.outcome().exit == .finished)
  }

  @Test func `a second coordinator, a port in use and an open address are refused`() throws {
    let run = try TestRun(evaluations: 10)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    let second = RunningCoordinator(run.configuration())
    let inUse = #expect(throws: CoordinatorServiceError.self) { try second.outcome() }
    #expect("\(try #require(inUse))".contains("in use by another coordinator"))

    let other = try TestRun(evaluations: 10)
    var configuration = other.configuration()
    configuration.endpoint = endpoint
    let third = RunningCoordinator(configuration)
    #expect(
      throws: CoordinatorServiceError.transport(.addressInUse(endpoint: endpoint))
    ) { try third.outcome() }
    #expect(!FileManager.default.fileExists(atPath: other.directory.connectionFilePath))

    configuration.endpoint = "tcp://*:0"
    let fourth = RunningCoordinator(configuration)
    #expect(
      throws: CoordinatorServiceError.unprotectedEndpoint("tcp://*:0")
    ) { try fourth.outcome() }
    coordinator.stop(.atOnce)
    _ = try coordinator.outcome()
  }

  @Test func `a journal of a run with other settings is refused`() throws {
    let run = try TestRun(evaluations: 10)
    let first = RunningCoordinator(run.configuration())
    _ = try first.started()
    #expect(wait { (try? run.records().count) ?? 0 > 0 })
    first.stop(.atOnce)
    _ = try first.outcome()
    var configuration = run.configuration()
    let model = try #require(configuration.settings.description.model)
    configuration.settings.description.bank = .derived(model.content)
    let second = RunningCoordinator(configuration)
    let error = #expect(throws: CoordinatorServiceError.self) { try second.outcome() }
    #expect("\(try #require(error))".contains("differs in bank"))
  }
}

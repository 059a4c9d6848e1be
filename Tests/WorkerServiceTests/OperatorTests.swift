import Coordination
import CoordinatorService
import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol
import WorkerService
import ZeroMQ

/// What operators ask for and get.
@Suite(.serialized, .timeLimit(.minutes(20))) struct OperatorTests {
  private static let patience = Duration.seconds(20)

  /// A configuration under which no session is given up within a test.
  private func patient(
    _ run: TestRun, security: CoordinatorSecurity = .none
  ) -> CoordinatorConfiguration {
    var configuration = run.configuration(security: security)
    configuration.settings.timing.leaseDuration = .seconds(600)
    configuration.settings.timing.sessionTimeout = .seconds(600)
    configuration.settings.timing.stallTimeout = .seconds(600)
    return configuration
  }

  private func status(_ client: OperatorClient) throws -> RunStatus {
    let request = OperatorMessage.statusRequest(workerCountMax: 10)
    guard case .status(let status) = try client.ask(request, patience: Self.patience) else {
      throw WireError.foreignBytes
    }
    return status
  }

  @Test func `the status names workers, progress and disk, and one worker can be sent home`()
    throws
  {
    let run = try TestRun(evaluations: 60)
    let keys = try RunKeys(in: run.directory)
    let coordinator = RunningCoordinator(patient(run, security: .curve(keys)))
    let client = try OperatorClient(try coordinator.started(), keys: keys.operators)
    let gate = Gate(run, after: 20)
    let first = RunningWorker(run, label: "first") { _, control in gate.pass(control) }
    let second = RunningWorker(run, label: "second") { _, control in gate.pass(control) }
    // Both: who waits for work has none that a drain would have to wait for.
    #expect(wait { run.computed.withLock { $0.count } >= 20 && gate.heldCount == 2 })
    var seen = RunStatus()
    #expect(
      try wait {
        seen = try status(client)
        return seen.progress.evaluationCount >= 18
          && seen.activity.workers.allSatisfy { $0.leases > 0 }
      })
    #expect(seen.progress.evaluationCountMax == 60)
    #expect(seen.activity.workerCount == 2)
    #expect(seen.activity.slotCount == 2)
    #expect(seen.activity.workers.map(\.label) == ["first", "second"])
    #expect(seen.activity.workers.allSatisfy { $0.slots == 1 })
    #expect(seen.activity.workers.reduce(0) { $0 + $1.results } >= 18)
    #expect(seen.activity.leasedShardCount >= 2)
    #expect(seen.progress.frontCount > 0)
    #expect(seen.disk.journalBytes > 0)
    #expect(seen.disk.freeBytes > 0)
    #expect(seen.activity.counters.lostWorkers == 0)
    #expect(!seen.activity.isDraining)

    let unknown = try client.ask(.drainRequest(worker: "third"), patience: Self.patience)
    #expect(unknown == .answer(isDone: false, diagnostic: "no worker is called third"))
    guard
      case .answer(isDone: true, _) = try client.ask(
        .drainRequest(worker: "first"), patience: Self.patience)
    else {
      Issue.record("not done")
      return
    }
    #expect(wait { first.notifications.contains { $0.contains("takes no new work") } })
    gate.open()
    #expect(try first.outcome().exit == .drained)
    #expect(try second.outcome().exit == .finished)
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(outcome.status.activity.counters.lostWorkers == 0)
    #expect(run.computed.withLock { Set($0).count } == 60)
  }

  @Test func `a drain of the run lets all leave and can be resumed`() throws {
    let run = try TestRun(evaluations: 60)
    let coordinator = RunningCoordinator(patient(run))
    let client = try OperatorClient(try coordinator.started(), keys: nil)
    let gate = Gate(run, after: 20)
    let workers = (1...2).map { number in
      RunningWorker(run, label: "worker \(number)") { _, control in gate.pass(control) }
    }
    // Both: who waits for work has none that a drain would have to wait for.
    #expect(wait { run.computed.withLock { $0.count } >= 20 && gate.heldCount == 2 })
    guard
      case .answer(isDone: true, _) = try client.ask(
        .drainRequest(worker: nil), patience: Self.patience)
    else {
      Issue.record("not done")
      return
    }
    #expect(try status(client).activity.isDraining)
    gate.open()
    #expect(try coordinator.outcome().ending == .drained)
    for worker in workers { #expect(try worker.outcome().exit == .drained) }
    #expect(try Set(run.journaledShards()) == run.computed.withLock { Set($0) })
    let second = RunningCoordinator(run.configuration())
    let other = RunningWorker(run, label: "other")
    #expect(try second.outcome().ending == .completed)
    #expect(try other.outcome().exit == .finished)
    #expect(try run.evaluatedCount() == 60)
  }

  @Test func `a worker's key is no operator's and an operator's no worker's`() throws {
    let run = try TestRun(evaluations: 10)
    let keys = try RunKeys(in: run.directory)
    let coordinator = RunningCoordinator(patient(run, security: .curve(keys)))
    let file = try coordinator.started()
    let impostor = try OperatorClient(file, keys: keys.workers)
    let answer = try impostor.ask(.drainRequest(worker: nil), patience: Self.patience)
    #expect(answer == .answer(isDone: false, diagnostic: "this key is not an operator's"))
    let stranger = try OperatorClient(file, keys: try .generate())
    let refusal = OperatorError.refused(endpoint: file.endpoints[0], .keyNotAllowed)
    #expect(throws: refusal) {
      try stranger.ask(.statusRequest(workerCountMax: 1), patience: Self.patience)
    }
    #expect(throws: OperatorError.keyMissing(endpoint: file.endpoints[0])) {
      try OperatorClient(file, keys: nil)
    }
    let wrong = WorkerConnection.Keys(worker: keys.operators, server: keys.server.publicKey)
    let worker = RunningWorker(
      run, label: "wrong", connection: .fixed(.init(endpoints: file.endpoints, keys: wrong)),
      giveUpTimeout: .seconds(2))
    #expect(try !worker.outcome().isSuccess)
    let invited = RunningWorker(run, label: "invited")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try invited.outcome().exit == .finished)
    #expect(outcome.status.activity.transport.notAllowed >= 2)
  }

  @Test func `a port where nobody answers is named`() throws {
    let file = ConnectionFile(
      endpoints: ["tcp://127.0.0.1:9"], serverKey: nil, workerPublicKey: nil,
      workerSecretKey: nil, run: try #require(RunID(1)), term: Term(1), processID: 1, host: "h")
    let client = try OperatorClient(file, keys: nil)
    let patience = Duration.milliseconds(200)
    let expected = OperatorError.unanswered(endpoint: "tcp://127.0.0.1:9", patience: patience)
    #expect(throws: expected) {
      try client.ask(.statusRequest(workerCountMax: 1), patience: patience)
    }
  }
}

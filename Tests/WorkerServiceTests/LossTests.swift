import Coordination
import CoordinatorService
import Foundation
import RunStorage
import Synchronization
import Testing
import TestSupport
import WireProtocol
import WorkerService
import ZeroMQ

/// Workers that go, are sent away, or are impersonated.
@Suite(.serialized, .timeLimit(.minutes(20))) struct LossTests {
  /// A configuration under which no lease expires within a test.
  private func patient(
    _ run: TestRun, security: CoordinatorSecurity = .none
  ) -> CoordinatorConfiguration {
    var configuration = run.configuration(security: security)
    configuration.settings.timing.leaseDuration = .seconds(600)
    configuration.settings.timing.sessionTimeout = .seconds(600)
    configuration.settings.timing.stallTimeout = .seconds(600)
    return configuration
  }

  private static func isLoss(_ notification: String) -> Bool {
    notification.contains("victim is lost") && notification.contains("its connection ended")
  }

  @Test(arguments: [false, true])
  func `the end of a connection gives work back long before its lease expires`(
    isEncrypted: Bool
  ) throws {
    let run = try TestRun(evaluations: 40, images: 12, shardSize: 4)
    let security = isEncrypted ? CoordinatorSecurity.curve(try RunKeys(in: run.directory)) : .none
    let coordinator = RunningCoordinator(patient(run, security: security))
    _ = try coordinator.started()
    let isHolding = Mutex(false)
    let victim = RunningWorker(run, label: "victim") { _, control in
      isHolding.withLock { $0 = true }
      while !control.isCancelled { usleep(1_000) }
    }
    #expect(wait { isHolding.withLock { $0 } })
    // The others compute nothing before the loss is noticed, so that none of them gets ahead of it.
    let others = (1...3).map { number in
      RunningWorker(run, label: "other \(number)") { _, control in
        while !control.isCancelled, !coordinator.notifications.contains(where: Self.isLoss) {
          usleep(1_000)
        }
      }
    }
    #expect(wait { coordinator.status?.activity.leasedShardCount ?? 0 >= 4 })
    victim.kill()
    _ = try victim.outcome()
    // With leases of ten minutes the run can only end in time if the loss was noticed.
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    for other in others { #expect(try other.outcome().exit == .finished) }
    let counters = outcome.status.activity.counters
    // At the end of the run, work that is not given back is leased a second time.
    #expect(counters.expiredLeases + counters.backupLeases >= 1)
    #expect(counters.lostWorkers == 1, "who is there is not given up")
    #expect(coordinator.notifications.contains(where: Self.isLoss))
    #expect(try run.evaluatedCount() == 40)
  }

  @Test func `a revoked key ends its sessions at once and blames nobody`() throws {
    let run = try TestRun(evaluations: 60)
    let keys = try RunKeys(in: run.directory)
    let pair = try CurveKeyPair.generate()
    let file = KeyFile(
      role: .worker, name: "guest", publicKey: pair.publicKey.z85, secretKey: pair.secret.z85)
    let path = try run.directory.authorize(file)
    let coordinator = RunningCoordinator(patient(run, security: .curve(keys)))
    let endpoints = try coordinator.started().endpoints
    let isHolding = Mutex(false)
    let guest = RunningWorker(
      run, label: "guest",
      connection: .fixed(
        .init(endpoints: endpoints, keys: .init(worker: pair, server: keys.server.publicKey)))
    ) { _, control in
      isHolding.withLock { $0 = true }
      while !control.isCancelled { usleep(1_000) }
    }
    #expect(wait { isHolding.withLock { $0 } })
    try FileManager.default.removeItem(atPath: path)
    let exit = try guest.outcome()
    guard case .refused(.keyRevoked, let diagnostic) = exit.exit else {
      Issue.record("\(exit)")
      return
    }
    #expect(diagnostic.contains("not allowed any more"))
    // The key's owner gets in no more, whatever it does.
    let again = RunningWorker(
      run, label: "again",
      connection: .fixed(
        .init(endpoints: endpoints, keys: .init(worker: pair, server: keys.server.publicKey))),
      giveUpTimeout: .seconds(1))
    #expect(try again.outcome().diagnostic.contains("does not allow this worker's key"))
    let member = RunningWorker(run, label: "member")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try member.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.lostWorkers == 0)
    #expect(outcome.status.progress.quarantinedCount == 0)
    #expect(outcome.status.activity.transport.refusedConnections >= 1)
    #expect(
      coordinator.notifications.contains {
        $0.contains("guest was refused: its key is not allowed any more")
      })
    #expect(try run.evaluatedCount() == 60)
  }

  @Test func `a key that is added while the run goes on gets in`() throws {
    let run = try TestRun(evaluations: 20)
    let keys = try RunKeys(in: run.directory)
    let pair = try CurveKeyPair.generate()
    let coordinator = RunningCoordinator(patient(run, security: .curve(keys)))
    let endpoints = try coordinator.started().endpoints
    let guest = RunningWorker(
      run, label: "guest",
      connection: .fixed(
        .init(endpoints: endpoints, keys: .init(worker: pair, server: keys.server.publicKey))))
    #expect(wait { guest.troubles.contains { $0.contains("does not allow") } })
    try run.directory.authorize(
      KeyFile(role: .worker, name: "guest", publicKey: pair.publicKey.z85, secretKey: nil))
    #expect(try guest.outcome().exit == .finished)
    #expect(try coordinator.outcome().ending == .completed)
  }

  @Test func `another key cannot speak for a session`() throws {
    let run = try TestRun(evaluations: 40)
    let keys = try RunKeys(in: run.directory)
    let other = try CurveKeyPair.generate()
    try run.directory.authorize(
      KeyFile(role: .worker, name: "other", publicKey: other.publicKey.z85, secretKey: nil))
    let coordinator = RunningCoordinator(patient(run, security: .curve(keys)))
    let endpoint = try coordinator.started().endpoints[0]
    let gate = Gate(run, after: 10)
    let honest = RunningWorker(run, label: "honest") { _, control in gate.pass(control) }
    #expect(wait { run.computed.withLock { $0.count } >= 10 })
    let session = honest.session
    do {
      let context = try Context()
      var options = SocketOptions()
      options.routingID = RoutingID(bytes: session.routingIdentity)
      options.security = .curveClient(other, serverKey: keys.server.publicKey)
      let impostor = try Socket(context, kind: .dealer, options: options)
      try impostor.connect(endpoint)
      let farewell = Envelope(
        run: ExampleRun.identity, term: Term(1), sequence: 0,
        message: .bye(Farewell(reason: .drained, diagnostic: "tricked")))
      _ = try impostor.send(farewell.encoded().span)
      #expect(wait { (coordinator.status?.activity.transport.mismatchedKeys ?? 0) >= 1 })
    }
    gate.open()
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    #expect(!coordinator.notifications.contains { $0.contains("tricked") })
    #expect(try run.evaluatedCount() == 40)
  }
}

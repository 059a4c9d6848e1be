import Coordination
import CoordinatorService
import Foundation
import SparsityCore
import Testing
import TestSupport
import WireProtocol
import ZeroMQ

/// A peer that speaks for itself instead of through a worker's machine.
private struct RawPeer: ~Copyable {
  let worker: WorkerID
  private let context: Context
  private let socket: Socket
  private var poller: Poller

  init(_ worker: WorkerID, endpoint: String) throws {
    let context = try Context()
    var options = SocketOptions()
    options.routingID = RoutingID(bytes: worker.routingIdentity)
    options.linger = .zero
    let socket = try Socket(context, kind: .dealer, options: options)
    var poller = Poller()
    _ = poller.watch(socket)
    try socket.connect(endpoint)
    self.worker = worker
    self.context = context
    self.socket = socket
    self.poller = poller
  }

  func send(_ message: Message) throws {
    let envelope = Envelope(
      run: ExampleRun.identity, term: Term(1), sequence: 0, message: message)
    _ = try socket.send(envelope.encoded().span)
  }

  func send(frame: [UInt8]) throws { _ = try socket.send(frame.span) }

  /// Waits for the next message, at most twenty seconds.
  mutating func receive() throws -> Message {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if let frame = try socket.receive(frameCountMax: 1)?.frames.first {
        return try Envelope(decoding: frame).message
      }
      try poller.wait(atMost: .milliseconds(50))
    }
    throw ZeroMQError.terminated(operation: "wait for a message")
  }

  /// Greets like a worker that fits the run.
  func greet(
    _ run: TestRun, supported: ClosedRange<ProtocolVersion>, label: String = "raw"
  ) throws {
    let backend = run.settings.description.numerics.backend
    try send(
      .hello(
        Hello(
          supported: supported, build: "raw", label: label, slots: 1,
          offers: [BackendOffer(backend: backend, values: [:])], held: [])))
  }
}

/// Peers that speak another language, or none.
@Suite(.serialized, .timeLimit(.minutes(20))) struct HostileTests {
  @Test func `a worker of another protocol is refused with a diagnostic and the run goes on`()
    throws
  {
    let run = try TestRun(evaluations: 20)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    var newer = try RawPeer(WorkerID(7), endpoint: endpoint)
    let versions = ProtocolVersion(major: 9, minor: 0)...ProtocolVersion(major: 9, minor: 4)
    try newer.greet(run, supported: versions)
    guard case .refused(let refusal) = try newer.receive() else {
      Issue.record("not refused")
      return
    }
    #expect(refusal.reason == .protocolVersion)
    #expect(refusal.isFinal)
    #expect(refusal.diagnostic.contains("9.0"), "\(refusal.diagnostic)")
    #expect(refusal.diagnostic.contains("use the same version of elsa"))
    var mute = try RawPeer(WorkerID(8), endpoint: endpoint)
    var frame = Envelope(
      run: ExampleRun.identity, term: Term(1), sequence: 0,
      message: .request(WorkRequest(leaseCountMax: 1))
    ).encoded()
    frame[4] = 9
    try mute.send(frame: frame)
    guard case .refused(let other) = try mute.receive() else {
      Issue.record("not refused")
      return
    }
    #expect(other.reason == .protocolVersion)
    let honest = RunningWorker(run, label: "honest")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.refusedWorkers == 2)
    #expect(try run.evaluatedCount() == 20)
  }

  @Test(arguments: UInt64(0)..<4)
  func `a worker that answers garbage costs nothing but its place`(seed: UInt64) throws {
    let run = try TestRun(evaluations: 30)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    var peer = try RawPeer(WorkerID(7), endpoint: endpoint)
    try peer.greet(run, supported: ProtocolVersion.supported)
    guard case .welcome = try peer.receive() else {
      Issue.record("not welcome")
      return
    }
    try peer.send(.request(WorkRequest(leaseCountMax: 2)))
    var generator = SeededGenerator(seed: seed)
    var refusal: Refusal?
    while refusal == nil {
      switch try peer.receive() {
      case .lease(let grant):
        for _ in 0..<12 {
          var frame = Envelope(
            run: ExampleRun.identity, term: Term(1), sequence: 0,
            message: Self.nonsense(grant, run)
          ).encoded()
          // Beyond the header, so that it is a result of this run that makes no sense.
          let first = 32 + generator.index(below: frame.count - 32)
          for index in first..<min(frame.count, first + 4) {
            frame[index] = UInt8(truncatingIfNeeded: generator.next())
          }
          try peer.send(frame: frame)
        }
        try peer.send(Self.nonsense(grant, run))
      case .refused(let diagnostic): refusal = diagnostic
      default: break
      }
    }
    #expect(refusal?.isFinal == true)
    #expect(refusal.map { [.misbehaved, .costMismatch].contains($0.reason) } == true)
    let honest = RunningWorker(run, label: "honest")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    #expect(outcome.status.progress.quarantinedCount == 0)
    #expect(try run.evaluatedCount() == 30)
    #expect(run.computed.withLock { Set($0) } == Set(try run.journaledShards()))
  }

  @Test func `a worker that answers wrong numbers is named when another has computed them`() throws
  {
    let run = try TestRun(evaluations: 20, images: 12, shardSize: 4)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    var peer = try RawPeer(WorkerID(7), endpoint: endpoint)
    try peer.greet(run, supported: ProtocolVersion.supported)
    try peer.send(.request(WorkRequest(leaseCountMax: 2)))
    var grants: [LeaseGrant] = []
    while grants.count < 2 {
      if case .lease(let grant) = try peer.receive() { grants.append(grant) }
    }
    #expect(grants[0].shard.candidate == grants[1].shard.candidate)
    for grant in grants {
      try peer.send(
        .reject(Rejection(shard: grant.shard, key: grant.key, reason: .handedBack, diagnostic: "")))
    }
    // The candidate stays open until the wrong numbers have come.
    let last = grants[1].shard
    let honest = RunningWorker(run, label: "honest") { task, control in
      while task.shard == last, !control.isCancelled,
        (coordinator.status?.activity.counters.disagreements ?? 0) == 0
      {
        usleep(1_000)
      }
    }
    #expect(try wait { try run.journaledShards().contains(grants[0].shard) })
    try peer.greet(run, supported: ProtocolVersion.supported)
    var wrong = BitVector(count: grants[0].slice.count)
    for index in 0..<wrong.count { wrong[index] = index.isMultiple(of: 2) }
    try peer.send(
      .result(
        ShardResult(
          shard: grants[0].shard, key: grants[0].key,
          measurement: ShardMeasurement(correct: wrong, summedLoss: 0.5),
          costs: run.costs.cost(of: grants[0].genome).wireValues, evaluationMicroseconds: 1,
          token: grants[0].token)))
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    #expect(outcome.status.activity.counters.disagreements >= 1)
    let diagnostic = coordinator.notifications.filter { $0.contains("shard \(grants[0].shard)") }
    #expect(diagnostic.contains { $0.contains("raw") && $0.contains("honest") }, "\(diagnostic)")
    #expect(try run.evaluatedCount() == 20)
  }

  @Test func `registrations in a loop fill neither log nor screen`() throws {
    let run = try TestRun(evaluations: 20)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    var peer = try RawPeer(WorkerID(7), endpoint: endpoint)
    let label = "raw\u{1B}[2J\u{202E}"
    for _ in 0..<1_500 {
      try peer.greet(run, supported: ProtocolVersion.supported, label: label)
      guard case .welcome = try peer.receive() else {
        Issue.record("not welcome")
        return
      }
      try peer.send(.bye(Farewell(reason: .idle, diagnostic: "bye\nnow")))
    }
    let honest = RunningWorker(run, label: "honest")
    let outcome = try coordinator.outcome()
    #expect(outcome.ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    let told = coordinator.notifications.count { $0.hasPrefix("worker raw") }
    // One more every half second; nobody needs ten minutes for this.
    #expect(told < NotificationQuota.burstCountMax + 1_200)
    #expect(coordinator.silentCount > 1_000)
    #expect(coordinator.warnings.contains { $0.hasPrefix("left out ") }, "\(coordinator.warnings)")
    let log = try String(contentsOfFile: run.directory.logPath, encoding: .utf8)
    #expect(log.contains("worker raw\\u{1B}[2J\\u{202E} joined"))
    #expect(!log.unicodeScalars.contains("\u{1B}") && !log.unicodeScalars.contains("\u{202E}"))
    #expect(log.contains("left out "))
    #expect(log.utf8.count < 300_000)
  }

  @Test(arguments: [Double.nan, .infinity, -1])
  func `a result whose loss is none is not journaled`(loss: Double) throws {
    let run = try TestRun(evaluations: 20)
    let coordinator = RunningCoordinator(run.configuration())
    let endpoint = try coordinator.started().endpoints[0]
    var peer = try RawPeer(WorkerID(7), endpoint: endpoint)
    try peer.greet(run, supported: ProtocolVersion.supported)
    try peer.send(.request(WorkRequest(leaseCountMax: 1)))
    var grant: LeaseGrant?
    while grant == nil { if case .lease(let lease) = try peer.receive() { grant = lease } }
    let lease = try #require(grant)
    try peer.send(
      .result(
        ShardResult(
          shard: lease.shard, key: lease.key,
          measurement: ShardMeasurement(
            correct: BitVector(count: lease.slice.count), summedLoss: loss),
          costs: run.costs.cost(of: lease.genome).wireValues, evaluationMicroseconds: 1,
          token: lease.token)))
    #expect(wait { (coordinator.status?.activity.counters.malformedFrames ?? 0) > 0 })
    try peer.send(.bye(Farewell(reason: .unable, diagnostic: "")))
    let honest = RunningWorker(run, label: "honest")
    #expect(try coordinator.outcome().ending == .completed)
    #expect(try honest.outcome().exit == .finished)
    let losses = try run.records().compactMap { record -> Double? in
      guard case .shardCompleted(let completion) = record else { return nil }
      return completion.measurement.summedLoss ?? .nan
    }
    #expect(losses.count == 20)
    #expect(losses.allSatisfy { $0.isFinite && $0 >= 0 })
  }

  /// The result of a shard with an image that is not in it.
  private static func nonsense(_ grant: LeaseGrant, _ run: TestRun) -> Message {
    .result(
      ShardResult(
        shard: grant.shard, key: grant.key,
        measurement: ShardMeasurement(
          correct: BitVector(count: grant.slice.count + 1), summedLoss: 1),
        costs: run.costs.cost(of: grant.genome).wireValues, evaluationMicroseconds: .max,
        token: grant.token))
  }
}

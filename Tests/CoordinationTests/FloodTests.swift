import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// Peers that send too much of what is well-formed: memory stays within its bounds.
struct FloodTests {
  @Test func `peers without end that send garbage are counted, refused and forgotten`() throws {
    var settings = try TestRun(evaluations: 6).settings
    settings.bounds.refusedCountMax = 100
    var machine = try Coordinator(settings: settings, recovering: [])
    _ = machine.applyThinking(.started, at: .start)
    var refusedCount = 0
    for peer in 0..<5_000 {
      for _ in 0..<settings.bounds.malformedCountMax {
        let effects = machine.applyThinking(
          .malformed(.foreignBytes, from: WorkerID(UInt64(peer))), at: .start)
        refusedCount += effects.count { if case .send = $0 { true } else { false } }
      }
    }
    #expect(refusedCount == 5_000)
    #expect(machine.counters.malformedFrames == 5_000 * settings.bounds.malformedCountMax)
    #expect(machine.memoryCounts.allSatisfy { $0 <= 100 })
    machine.checkInvariants()
  }

  @Test func `greetings without end fill the sessions and no more`() throws {
    var settings = try TestRun(evaluations: 6).settings
    settings.bounds.sessionCountMax = 50
    settings.bounds.refusedCountMax = 100
    let run = try TestRun(evaluations: 6)
    var machine = try Coordinator(settings: settings, recovering: [])
    _ = machine.applyThinking(.started, at: .start)
    _ = machine.applyThinking(.persisted(firstSequence: 0), at: .start)
    for peer in 0..<2_000 {
      let hello = Self.hello(held: [])
      _ = machine.applyThinking(
        .received(Self.envelope(.hello(hello), run), from: WorkerID(UInt64(peer))), at: .start)
    }
    #expect(machine.status.activity.workerCount == 50)
    #expect(machine.memoryCounts.allSatisfy { $0 <= 100 })
    machine.checkInvariants()
  }

  @Test func `a worker that claims everything gets what an honest one can have in hand`() throws {
    let run = try TestRun(evaluations: 16)
    var machine = try Coordinator(settings: run.settings, recovering: [])
    _ = machine.applyThinking(.started, at: .start)
    _ = machine.applyThinking(.persisted(firstSequence: 0), at: .start)
    var genomes = run
    let honest = WorkerID(1)
    var given: [LeaseGrant] = []
    var now = Instant.start
    for message in [
      Message.hello(Self.hello(held: [])), .request(WorkRequest(leaseCountMax: 1_024)),
    ] {
      _ = machine.applyThinking(.received(Self.envelope(message, run), from: honest), at: now)
    }
    // Sixteen slots: thirty-two leases.
    var sequence = 1
    for _ in 0..<40 {
      let effects = machine.applyThinking(.ticked, at: now)
      given += Self.grants(effects)
      guard machine.status.activity.waitingRecordCount > 0 else { break }
      let confirmed = machine.applyThinking(.persisted(firstSequence: sequence), at: now)
      given += Self.grants(confirmed)
      sequence += machine.status.activity.proposalCount
    }
    #expect(given.count == 32)
    for grant in given { genomes.genomes[grant.shard.candidate] = grant.genome }
    // A liar with one slot says that it evaluates all of that, and a thousand shards besides.
    let liar = WorkerID(2)
    let known = given.map {
      HeldShard(
        shard: $0.shard, key: $0.key, state: .running(imagesDone: 0), token: $0.token)
    }
    let invented = (0..<900).map { number in
      HeldShard(
        shard: ShardID(candidate: CandidateID(number), slice: number % 3), key: given[0].key,
        state: .queued, token: given[0].token)
    }
    for _ in 0..<30 {
      now = now + .milliseconds(100)
      var hello = Self.hello(held: known + invented)
      hello.slots = 1
      _ = machine.applyThinking(.received(Self.envelope(.hello(hello), run), from: liar), at: now)
      _ = machine.applyThinking(
        .received(
          Self.envelope(.heartbeat(Heartbeat(leaseCountMax: 9, held: known + invented)), run),
          from: liar), at: now)
      machine.checkInvariants()
    }
    #expect(machine.burden(of: liar).leases <= 2)
    #expect(machine.burden(of: honest).leases == 32)
  }

  @Test func `anyone who is refused is told so a bounded number of times`() throws {
    let run = try TestRun(evaluations: 6)
    var machine = try Coordinator(settings: run.settings, recovering: [])
    _ = machine.applyThinking(.started, at: .start)
    _ = machine.applyThinking(.persisted(firstSequence: 0), at: .start)
    let peer = WorkerID(1)
    let hello = Coordinator.Event.received(
      Self.envelope(.hello(Self.hello(held: [])), run), from: peer)
    _ = machine.applyThinking(hello, at: .start)
    var refusalCount = 0
    for event in [.revoked([peer])] + Array(repeating: hello, count: 1_000) {
      for case .send(let envelope, _) in machine.applyThinking(event, at: .start) {
        if case .refused = envelope.message { refusalCount += 1 }
      }
    }
    #expect((2...16).contains(refusalCount))
  }

  @Test func `keys take turns for leases, however many sessions they have`() throws {
    let run = try TestRun(evaluations: 16)
    var settings = run.settings
    // Sixteen shards are open at once, fewer than either key wants.
    settings.order = .strict(window: 8)
    var machine = try Coordinator(settings: settings, recovering: [])
    _ = machine.applyThinking(.started, at: .start)
    let honest = WorkerID(100)
    for number in 1...20 {
      let worker = number == 11 ? honest : WorkerID(UInt64(number))
      let key = worker == honest ? "one" : "many"
      for message in [
        Message.hello(Self.hello(held: [])), .request(WorkRequest(leaseCountMax: 32)),
      ] {
        let envelope = Self.envelope(message, run)
        _ = machine.applyThinking(.received(envelope, from: worker, key: key), at: .start)
      }
    }
    var leases: [WorkerID] = []
    var batches = [0]
    while let first = batches.popLast() {
      for effect in machine.applyThinking(.persisted(firstSequence: first), at: .start) {
        switch effect {
        case .send(let envelope, let worker):
          if case .lease = envelope.message { leases.append(worker) }
        case .persist(let batch): batches.append(batch.firstSequence)
        default: break
        }
      }
      machine.checkInvariants()
    }
    #expect(leases.count == 16)
    #expect(leases.count { $0 == honest } == 8)
  }

  @Test func `a coordinator that sends leases without end is told that it is enough`() throws {
    let run = try TestRun()
    var settings = run.worker
    settings.slots = 2
    var machine = WorkerMachine(settings: settings)
    _ = machine.apply(.started, at: .start)
    let welcome = Welcome(
      version: .current, description: run.settings.description, heartbeatMilliseconds: 1_000,
      leaseMilliseconds: 4_000)
    _ = machine.apply(.received(Self.envelope(.welcome(welcome), run)), at: .start)
    _ = machine.apply(.prepared(run.inputs), at: .start)
    var evaluationCount = 0
    var rejectionCount = 0
    for number in 0..<10_000 {
      let shard = ShardID(candidate: CandidateID(number / 2), slice: number % 2)
      for effect in machine.apply(
        .received(Self.envelope(.lease(run.grant(of: shard)), run)), at: .start)
      {
        switch effect {
        case .evaluate: evaluationCount += 1
        case .send(let envelope):
          if case .reject = envelope.message { rejectionCount += 1 }
        default: break
        }
      }
    }
    #expect(evaluationCount == 2)
    #expect(rejectionCount == 10_000 - 4)
    #expect(machine.leaseCountMax == 4)
  }

  @Test func `times that nobody can have needed do not overflow`() throws {
    var pace = Pace(countMax: 3)
    for microseconds in [Int.max, Int.min, 0] {
      pace.observe(microseconds: microseconds, images: 1)
    }
    #expect(pace.slow == 86_400_000_000_000)
    let time = Duration.time(images: 1 << 20, nanosecondsPerImage: pace.slow ?? 0)
    #expect(Instant.start + time * 1_000 > .start)
  }

  @Test func `a pace is the median of the last results, and one odd result changes little`() {
    var pace = Pace(countMax: 9)
    #expect(pace.typical == nil)
    for _ in 0..<20 { pace.observe(microseconds: 1_000, images: 10) }
    pace.observe(microseconds: 9_000_000, images: 10)
    #expect(pace.typical == 100_000)
    #expect(pace.slow == 900_000_000)
    for _ in 0..<9 { pace.observe(microseconds: 2_000, images: 10) }
    #expect(pace.typical == 200_000)
    #expect(pace.slow == 200_000)
  }

  static func hello(held: [HeldShard]) -> Hello {
    Hello(
      supported: ProtocolVersion.supported, build: "", label: "", slots: 16,
      offers: [ExampleBackend.offer()], held: held)
  }

  static func envelope(_ message: Message, _ run: TestRun) -> Envelope {
    Envelope(run: run.run, term: Term(1), sequence: 0, message: message)
  }

  static func grants(_ effects: [Coordinator.Effect]) -> [LeaseGrant] {
    effects.compactMap { effect in
      guard case .send(let envelope, _) = effect else { return nil }
      guard case .lease(let grant) = envelope.message else { return nil }
      return grant
    }
  }
}

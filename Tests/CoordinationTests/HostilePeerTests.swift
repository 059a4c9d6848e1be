import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// Peers that were let in and then send anything that can be decoded, in any order.
struct HostilePeerTests {
  @Test(arguments: 0..<20)
  func `no message traps the coordinator`(block: Int) throws {
    for seed in block * 10..<(block + 1) * 10 {
      var game = try CoordinatorGame(seed: UInt64(seed))
      for _ in 0..<400 { try game.step() }
    }
  }

  @Test(arguments: 0..<20)
  func `no message traps the worker`(block: Int) throws {
    for seed in block * 10..<(block + 1) * 10 {
      var game = try WorkerGame(seed: UInt64(seed))
      for _ in 0..<300 { game.step() }
    }
  }

  /// Draws messages; what was seen before is likelier than pure chance would have it.
  struct Mint {
    let run: TestRun
    var generator: SeededGenerator
    var grants: [LeaseGrant] = []

    mutating func number(below bound: Int) -> Int { generator.index(below: bound) }

    mutating func shard() -> ShardID {
      if !grants.isEmpty, number(below: 4) > 0 { return grants[number(below: grants.count)].shard }
      return ShardID(
        candidate: CandidateID(number(below: 20)), slice: number(below: 3))
    }

    mutating func key(of shard: ShardID) -> ShardKey {
      if number(below: 5) > 0, let grant = grants.last(where: { $0.shard == shard }) {
        return grant.key
      }
      return run.key(of: ShardID(candidate: CandidateID(number(below: 2)), slice: 0))
    }

    mutating func token(of shard: ShardID) -> LeaseToken {
      let grant = grants.last { $0.shard == shard }
      return number(below: 5) > 0 ? grant?.token ?? .absent : .absent
    }

    mutating func held() -> [HeldShard] {
      (0..<number(below: 5)).map { _ in
        let shard = shard()
        let state: HeldShard.State =
          [.queued, .running(imagesDone: number(below: 9)), .measured][number(below: 3)]
        return HeldShard(
          shard: shard, key: key(of: shard), state: state, token: token(of: shard))
      }
    }

    mutating func reference() -> ShardReference {
      let shard = shard()
      return ShardReference(shard: shard, key: key(of: shard))
    }

    mutating func result() -> ShardResult {
      let shard = shard()
      let genome = grants.last { $0.shard == shard }?.genome ?? run.genome(of: shard.candidate)
      var result = ShardResult(
        shard: shard, key: key(of: shard),
        measurement: ShardMeasurement(
          correct: BitVector(count: number(below: 12) > 0 ? 2 : 3),
          summedLoss: number(below: 9) > 0 ? 1 : .nan),
        costs: run.settings.model.cost(genome).wireValues,
        evaluationMicroseconds: number(below: 30) > 0 ? 5 : .max, token: token(of: shard))
      if number(below: 12) == 0 { result.costs.removeLast() }
      return result
    }

    mutating func hello() -> Hello {
      Hello(
        supported: ProtocolVersion.supported, build: "", label: "", slots: 1 + number(below: 256),
        offers: [ExampleBackend.offer(number(below: 20) > 0 ? .avx512 : .baseline)], held: held())
    }

    mutating func fromWorker() -> Message {
      switch number(below: 12) {
      case 0: .hello(hello())
      case 1: .request(WorkRequest(leaseCountMax: number(below: 1_024)))
      case 2, 3, 4: .heartbeat(Heartbeat(leaseCountMax: number(below: 9), held: held()))
      case 5, 6, 7: .result(result())
      case 8:
        .reject(
          Rejection(
            shard: shard(), key: key(of: shard()),
            reason: Rejection.Reason.allCases[number(below: 20) == 0 ? 1 : 2 * number(below: 2)],
            diagnostic: ""))
      case 9: .bye(Farewell(reason: .unable, diagnostic: ""))
      case 10: inputMessage()
      default: fromCoordinator()
      }
    }

    mutating func inputMessage() -> Message {
      let content = key(of: shard()).hash
      return switch number(below: 5) {
      case 0: .inputs(.list)
      case 1:
        .inputs(.fetch(FetchRequest(content: content, chunks: [number(below: 9)], attempt: 0)))
      case 2: .inputs(.chunk(InputChunk(content: content, chunk: number(below: 9), bytes: [1])))
      case 3: .inputs(.unavailable(Unavailability(content: content, diagnostic: "")))
      default: .unknown(kind: 77)
      }
    }

    mutating func fromCoordinator() -> Message {
      switch number(below: 11) {
      case 0, 1:
        .welcome(
          Welcome(
            version: .current, description: run.settings.description,
            heartbeatMilliseconds: 1 + number(below: 2_000), leaseMilliseconds: 4_000))
      case 2, 3, 4, 5: .lease(grant())
      case 6: .cancel(reference())
      case 7: .acknowledge(reference())
      case 8: .rehello
      case 9: .alive
      default:
        number(below: 10) > 0
          ? inputMessage()
          : .refused(
            Refusal(
              reason: .tooManyWorkers, diagnostic: "", isFinal: false,
              supported: ProtocolVersion.supported))
      }
    }

    mutating func grant() -> LeaseGrant {
      let shard = ShardID(candidate: CandidateID(number(below: 2)), slice: number(below: 2))
      var grant = run.grant(of: shard)
      if number(below: 8) == 0 { grant.genome = Genome(genes: [9, 9]) }
      if number(below: 8) == 0 { grant.slice = ImageSlice(start: 3, count: 1) }
      return grant
    }
  }

  struct CoordinatorGame {
    var mint: Mint
    var machine: Coordinator
    var journal: [JournalRecord] = []
    var batch: JournalBatch?
    /// The sessions that have begun and not ended, by what the machine says.
    var sessions: Set<WorkerID> = []
    static let workers = (0..<6).map { WorkerID(UInt64($0)) }
    var now = Instant.start

    init(seed: UInt64) throws {
      let run = try TestRun(evaluations: 12)
      mint = Mint(run: run, generator: SeededGenerator(seed: seed))
      machine = try Coordinator(settings: run.settings, recovering: [])
      apply(.started)
    }

    mutating func step() throws {
      now = now + .milliseconds(mint.number(below: 400))
      switch mint.number(below: 12) {
      case 0, 1, 2:
        guard let batch else { return apply(.ticked) }
        self.batch = nil
        guard mint.number(below: 6) > 0 else {
          return apply(.persistFailed(firstSequence: batch.firstSequence, diagnostic: ""))
        }
        journal += batch.records
        apply(.persisted(firstSequence: batch.firstSequence))
      case 3:
        guard mint.number(below: 12) == 0 else { return apply(.ticked) }
        machine = try Coordinator(settings: mint.run.settings, recovering: journal)
        batch = nil
        sessions = []
        apply(.started)
      case 4: apply(.unreachable(worker()))
      case 5 where mint.number(below: 20) == 0: apply(.revoked([worker()]))
      case 5: apply(.malformed(.foreignBytes, from: mint.number(below: 2) > 0 ? nil : worker()))
      default:
        let envelope = Envelope(
          run: mint.number(below: 20) > 0 ? mint.run.run : nil, term: Term(1), sequence: 0,
          message: mint.fromWorker())
        apply(.received(envelope, from: worker()))
      }
    }

    private mutating func worker() -> WorkerID {
      Self.workers[mint.number(below: Self.workers.count)]
    }

    private mutating func apply(_ event: Coordinator.Event) {
      for effect in machine.applyThinking(event, at: now) {
        switch effect {
        case .persist(let batch):
          #expect(self.batch == nil)
          #expect(batch.firstSequence == journal.count)
          self.batch = batch
        case .send(let envelope, _):
          if case .lease(let grant) = envelope.message { mint.grants.append(grant) }
          #expect(throws: Never.self) { try Envelope(decoding: envelope.encoded()) }
        case .sessionBegan(let worker, _): #expect(sessions.insert(worker).inserted)
        case .sessionEnded(let worker): #expect(sessions.remove(worker) != nil)
        default: break
        }
      }
      for worker in Self.workers {
        #expect(machine.hasSession(worker) == sessions.contains(worker))
      }
      machine.checkInvariants()
    }
  }

  struct WorkerGame {
    var mint: Mint
    var machine: WorkerMachine
    var now = Instant.start
    var running: Set<ShardID> = []

    init(seed: UInt64) throws {
      let run = try TestRun()
      var settings = run.worker
      settings.slots = 1 + Int(seed % 3)
      mint = Mint(run: run, generator: SeededGenerator(seed: seed))
      machine = WorkerMachine(settings: settings)
      apply(.started)
    }

    mutating func step() {
      now = now + .milliseconds(mint.number(below: 600))
      let shard = running.min() ?? mint.shard()
      switch mint.number(below: 14) {
      case 0: apply(.prepared(mint.run.inputs))
      case 1, 2:
        running.remove(shard)
        apply(.evaluated(shard, mint.run.evaluation))
      case 3:
        running.remove(shard)
        apply(.evaluationFailed(shard, diagnostic: ""))
      case 4: apply(.progressed(shard, imagesDone: mint.number(below: 100)))
      case 5: apply(.malformed(.foreignBytes))
      case 6: apply(mint.number(below: 200) == 0 ? .drainRequested : .ticked)
      default:
        let message = mint.number(below: 8) > 0 ? mint.fromCoordinator() : mint.fromWorker()
        apply(
          .received(
            Envelope(
              run: mint.run.run, term: Term(UInt32(1 + mint.number(below: 3))), sequence: 0,
              message: message)))
      }
    }

    private mutating func apply(_ event: WorkerMachine.Event) {
      for effect in machine.apply(event, at: now) {
        switch effect {
        case .evaluate(let task): #expect(running.insert(task.shard).inserted)
        case .stop(let shard): running.remove(shard)
        case .send(let envelope):
          #expect(throws: Never.self) { try Envelope(decoding: envelope.encoded()) }
        case .prepare, .notify, .exit, .deliver: break
        }
      }
      #expect(running.count <= machine.settings.slots)
      if let deadline = machine.nextDeadline { #expect(deadline > .start) }
    }
  }
}

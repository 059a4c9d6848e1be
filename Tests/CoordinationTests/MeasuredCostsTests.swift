import Coordination
import EvolutionarySearch
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// Costs that workers measure with every shard.
struct MeasuredCostsTests {
  /// A run of two shards a candidate that measures the latency and allows 3 ms.
  private struct World {
    var run: TestRun
    var machine: Coordinator
    var journal: [JournalRecord] = []
    var refusals: [String] = []
    var ending: Coordinator.Ending?

    init(recovering journal: [JournalRecord] = []) throws {
      run = try TestRun(evaluations: 4)
      run.settings.description.measuredCosts = [.latency]
      let cost = run.settings.model.cost
      run.settings.model = CandidateModel(
        cost: cost,
        measuredViolation: { ($0.latencySeconds ?? .infinity) / 0.003 - 1 })
      machine = try Coordinator(settings: run.settings, recovering: journal)
      self.journal = journal
    }

    /// Runs to the end with a worker that measures what `latency` says of a gene and a slice.
    mutating func run(_ latency: (Int, Int) -> MeasuredCosts) {
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: "a", slots: 1,
        offers: [ExampleBackend.offer()], held: [])
      var events: [Coordinator.Event] = [
        .started, message(.hello(hello)), message(.request(WorkRequest(leaseCountMax: 2))),
      ]
      while !events.isEmpty, ending == nil {
        for effect in machine.applyThinking(events.removeFirst(), at: .start) {
          switch effect {
          case .persist(let batch):
            journal += batch.records
            events.append(.persisted(firstSequence: batch.firstSequence))
          case .send(let envelope, _):
            switch envelope.message {
            case .lease(let grant):
              events.append(
                message(
                  .result(
                    ShardResult(
                      shard: grant.shard, key: grant.key, measurement: run.evaluation.measurement,
                      costs: run.settings.model.cost(grant.genome).wireValues,
                      measuredCosts: latency(Int(grant.genome.genes[0]), grant.shard.slice),
                      evaluationMicroseconds: 5, token: grant.token))))
            case .refused(let refusal): refusals.append(refusal.diagnostic)
            case .finished:
              events.append(message(.bye(Farewell(reason: .finished, diagnostic: ""))))
            default: break
            }
          case .finish(let ending): self.ending = ending
          default: break
          }
        }
        machine.checkInvariants()
      }
    }

    private func message(_ message: Message) -> Coordinator.Event {
      .received(
        Envelope(run: run.run, term: machine.term, sequence: 0, message: message),
        from: WorkerID(1))
    }

    var evaluated: [EvaluatedCandidate] {
      journal.compactMap { if case .evaluated(let evaluated) = $0 { evaluated } else { nil } }
    }
  }

  /// 1 ms and 2 ms of the sparser choice of the first layer, 4 ms and 5 ms of the denser.
  private static func measured(_ gene: Int, _ slice: Int) -> MeasuredCosts {
    MeasuredCosts(latencySeconds: 0.001 * Double(1 + 3 * gene + slice))
  }

  @Test func `the median counts, the spread is kept, and what breaks a limit is off the front`()
    throws
  {
    var world = try World()
    world.run(Self.measured)
    #expect(world.ending == .completed)
    #expect(world.evaluated.count == 4)
    for evaluated in world.evaluated {
      let spread = try #require(evaluated.measuredCosts.first)
      #expect(spread.quantity == .latency)
      #expect(abs(spread.greatest - spread.least - 0.001) < 1e-12)
      #expect(abs(spread.median - (spread.least + spread.greatest) / 2) < 1e-12)
      #expect(evaluated.objectives[1] == 1 / spread.median, "throughput follows from it")
      #expect((evaluated.violation > 0) == (spread.median > 0.003))
    }
    let slow = Set(world.evaluated.filter { $0.violation > 0 }.map(\.candidate))
    #expect(!slow.isEmpty && slow.count < 4)
    #expect(slow.isDisjoint(with: world.machine.front.map(\.id)))
  }

  @Test func `any beginning of the journal is resumed, read back from its bytes`() throws {
    var whole = try World()
    whole.run(Self.measured)
    for count in 0...whole.journal.count {
      let beginning = try whole.journal.prefix(count).map {
        try JournalRecord(decoding: $0.encoded())
      }
      #expect(beginning == Array(whole.journal.prefix(count)))
      var resumed = try World(recovering: beginning)
      resumed.run(Self.measured)
      #expect(resumed.ending == .completed)
      #expect(resumed.evaluated.count == 4)
    }
  }

  @Test func `a worker that does not measure, or measures what nobody wants, is refused`() throws {
    for costs in [MeasuredCosts(), MeasuredCosts(latencySeconds: 1, energyJoules: 1)] {
      var world = try World()
      world.run { _, _ in costs }
      #expect(world.refusals.first?.contains("it has not measured latency alone") == true)
      #expect(world.evaluated.isEmpty)
    }
  }

  @Test func `a journal without what the run measures is refused`() throws {
    var world = try World()
    world.run(Self.measured)
    let damaged = world.journal.map { record in
      guard case .shardCompleted(var completion) = record else { return record }
      completion.measuredCosts = MeasuredCosts()
      return .shardCompleted(completion)
    }
    #expect(throws: CoordinationError.self) { try World(recovering: damaged) }
  }

  @Test(arguments: [
    ([3.0], 3.0), ([4.0, 2.0], 3.0), ([5.0, 1.0, 2.0], 2.0), ([1.0, 2.0, 3.0, 100.0], 2.5),
  ])
  func `the median is that of the middle`(values: [Double], median: Double) {
    let spread = CostSpread(of: values, quantity: .latency)
    #expect(spread.median == median)
    #expect(spread.least == values.min() && spread.greatest == values.max())
  }
}

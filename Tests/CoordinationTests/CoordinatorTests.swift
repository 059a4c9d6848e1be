import AcceleratorModel
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import TestSupport
import Testing
import WireProtocol

struct CoordinatorTests {
  /// A coordinator with a perfect network, store and worker.
  struct World {
    var run: TestRun
    var machine: Coordinator
    var journal: [JournalRecord] = []
    var leased: [LeaseGrant] = []
    var ending: Coordinator.Ending?
    var snapshots: [(snapshot: CoordinatorSnapshot, durableCount: Int)] = []

    init(
      evaluations: Int, recovering journal: [JournalRecord] = [],
      order: CommitOrder = .asynchronous, snapshotIntervalRecords: Int = 100_000
    ) throws {
      run = try TestRun(evaluations: evaluations)
      run.settings.order = order
      run.settings.bounds.snapshotIntervalRecords = snapshotIntervalRecords
      machine = try Coordinator(settings: run.settings, recovering: journal)
      self.journal = journal
    }

    /// Runs until the end, or until so many shards are durable.
    mutating func run(shardCountMax: Int = .max) {
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
            if case .lease(let grant) = envelope.message, leased.count < shardCountMax {
              leased.append(grant)
              events.append(message(.result(result(of: grant))))
            }
            if case .finished = envelope.message {
              events.append(message(.bye(Farewell(reason: .finished, diagnostic: ""))))
            }
          case .snapshot(let snapshot): snapshots.append((snapshot, journal.count))
          case .finish(let ending): self.ending = ending
          default: break
          }
        }
        machine.checkInvariants()
      }
    }

    private var hello: Hello {
      Hello(
        supported: ProtocolVersion.supported, build: "", label: "a", slots: 1,
        offers: [ExampleBackend.offer()], held: [])
    }

    private func message(_ message: Message) -> Coordinator.Event {
      .received(
        Envelope(run: run.run, term: machine.term, sequence: 0, message: message),
        from: WorkerID(1))
    }

    private func result(of grant: LeaseGrant) -> ShardResult {
      var correct = BitVector(count: grant.slice.count)
      for (index, gene) in grant.genome.genes.enumerated() where index < correct.count {
        correct[index] = gene == 1
      }
      return ShardResult(
        shard: grant.shard, key: grant.key,
        measurement: ShardMeasurement(correct: correct, summedLoss: 1),
        costs: run.settings.model.cost(grant.genome).wireValues, evaluationMicroseconds: 5,
        token: grant.token)
    }
  }

  @Test func `a run ends when its evaluations are durable`() throws {
    var world = try World(evaluations: 12)
    world.run()
    #expect(world.ending == .completed)
    #expect(world.machine.status.progress.evaluationCount == 12)
    #expect(world.machine.counters.results == 24)
    #expect(world.machine.counters.images == 48)
    #expect(world.machine.status.progress.hypervolume > 0)
    #expect(!world.machine.front.isEmpty)
  }

  @Test func `a search without anything left to offer ends the run`() throws {
    var world = try World(evaluations: 1_000)
    world.run()
    #expect(world.ending == .completed)
    #expect(world.machine.status.progress.evaluationCount == 16)
  }

  @Test func `any beginning of the journal is resumed without repeating a shard`() throws {
    var whole = try World(evaluations: 8)
    whole.run()
    for count in 0...whole.journal.count {
      let beginning = Array(whole.journal.prefix(count))
      var resumed = try World(evaluations: 8, recovering: beginning)
      resumed.run()
      #expect(resumed.ending == .completed)
      #expect(resumed.machine.status.progress.evaluationCount == 8)
      let durable = beginning.compactMap { record -> ShardID? in
        if case .shardCompleted(let completion) = record { completion.shard } else { nil }
      }
      #expect(Set(durable).isDisjoint(with: resumed.leased.map(\.shard)))
      #expect(durable.count + resumed.leased.count == 16)
    }
  }

  @Test func `the journal gives the state that wrote it`() throws {
    for shardCount in 0..<20 {
      var world = try World(evaluations: 10)
      world.run(shardCountMax: shardCount)
      let replayed = try Coordinator(settings: world.run.settings, recovering: world.journal)
      #expect(replayed.durableState == world.machine.durableState)
      #expect(replayed.term == world.machine.term.next)
    }
  }

  @Test func `a journal of another run is refused with what differs`() throws {
    var world = try World(evaluations: 3)
    world.run()
    var settings = world.run.settings
    settings.description.shuffleSeed = 5
    settings.settingsText = "other"
    #expect(
      throws: CoordinationError.otherRun(differences: ["shuffleSeed", "the search's settings"])
    ) {
      try Coordinator(settings: settings, recovering: world.journal)
    }
  }

  @Test func `a damaged journal is refused with the record's place`() throws {
    var world = try World(evaluations: 4)
    world.run()
    let journal = world.journal
    #expect(throws: CoordinationError.journalWithoutOpening) {
      try Coordinator(settings: world.run.settings, recovering: journal.dropFirst())
    }
    for index in journal.indices.dropFirst() {
      // A record that comes twice is damage, wherever it stands.
      var damaged = journal
      damaged.insert(journal[index], at: index)
      #expect(throws: CoordinationError.self) {
        try Coordinator(settings: world.run.settings, recovering: damaged)
      }
    }
  }

  @Test func `a term behind which there is no other is damage`() throws {
    var world = try World(evaluations: 4)
    world.run()
    guard case .opened(var opening) = try #require(world.journal.first) else {
      Issue.record("the journal does not begin with an opening")
      return
    }
    opening.term = .last
    let journal = [.opened(opening)] + world.journal.dropFirst()
    let diagnostic = "term 4294967295 follows term 0"
    #expect(throws: CoordinationError.damagedRecord(sequence: 0, diagnostic: diagnostic)) {
      try Coordinator(settings: world.run.settings, recovering: journal)
    }
  }

  @Test func `settings that contradict each other are refused`() throws {
    let settings = try TestRun().settings
    var energetic = settings
    energetic.description.objectives = [.accuracy, .energy]
    var profile = AcceleratorProfile.systolic32
    profile.energy = nil
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 1, width: 16, depth: 1, heads: 2, hiddenWidth: 32,
      classes: 4)
    let costs = try CostModel(
      network: shape.network, space: settings.space, profile: profile, batch: 1)
    energetic.model = CandidateModel(cost: { costs.cost(of: $0) })
    #expect(throws: CoordinationError.objectiveWithoutModel(.energy)) {
      try Coordinator(settings: energetic, recovering: [])
    }
    var pointless = settings
    pointless.referencePoint = [0]
    #expect(throws: CoordinationError.objectiveCount(search: 2, run: 2, referencePoint: 1)) {
      try Coordinator(settings: pointless, recovering: [])
    }
    var impossible = settings
    impossible.search.populationSize = 0
    #expect(throws: CoordinationError.self) {
      try Coordinator(settings: impossible, recovering: [])
    }
  }

  @Test func `candidates outside the constraints are never leased`() throws {
    var world = try World(evaluations: 1_000)
    var settings = world.run.settings
    let dense = settings.model.cost(world.run.genome(of: CandidateID(0))).macs
    settings.model.violation = { _, cost in Double(cost.macs) / Double(dense) - 0.8 }
    world.machine = try Coordinator(settings: settings, recovering: [])
    world.run()
    #expect(world.ending == .completed)
    #expect(!world.leased.isEmpty)
    for grant in world.leased {
      #expect(Double(settings.model.cost(grant.genome).macs) <= 0.8 * Double(dense))
    }
  }
}

import Coordination
import EvolutionarySearch
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// What a coordinator does while the search thinks.
struct ProposalTests {
  /// A coordinator with one worker, whose store is quick and whose search thinks until it is let.
  private struct World {
    var machine: Coordinator
    let run: TestRun
    var request: ProposalRequest?
    var requestCount = 0
    var leased: [LeaseGrant] = []
    var journal: [JournalRecord]
    var snapshots: [CoordinatorSnapshot] = []
    var ending: Coordinator.Ending?

    init(
      order: CommitOrder = .asynchronous, evaluations: Int = 40, slots: Int = 2,
      journal: [JournalRecord] = [], algorithm: (any SearchAlgorithm.Type)? = nil,
      snapshotIntervalRecords: Int = 10_000
    ) throws {
      var run = try TestRun(evaluations: evaluations)
      run.settings.order = order
      run.settings.algorithm = algorithm
      run.settings.bounds.snapshotIntervalRecords = snapshotIntervalRecords
      self.run = run
      self.journal = journal
      machine = try Coordinator(settings: run.settings, recovering: journal)
      apply(.started)
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: "a", slots: slots,
        offers: [ExampleBackend.offer()], held: [])
      receive(.hello(hello))
      receive(.request(WorkRequest(leaseCountMax: slots)))
    }

    mutating func receive(_ message: Message) {
      apply(
        .received(
          Envelope(run: run.run, term: machine.term, sequence: 0, message: message),
          from: WorkerID(1)))
    }

    mutating func apply(_ event: Coordinator.Event) {
      var events = [event]
      while !events.isEmpty {
        for effect in machine.apply(events.removeFirst(), at: .start) {
          switch effect {
          case .persist(let batch):
            journal += batch.records
            events.append(.persisted(firstSequence: batch.firstSequence))
          case .propose(let request):
            #expect(self.request == nil, "the search is asked one thing at a time")
            self.request = request
            requestCount += 1
          case .send(let envelope, _):
            if case .lease(let grant) = envelope.message { leased.append(grant) }
          case .snapshot(let snapshot): snapshots.append(snapshot)
          case .finish(let ending): self.ending = ending
          default: break
          }
        }
        machine.checkInvariants()
      }
    }

    /// Lets the search answer; returns whether it was asked.
    @discardableResult
    mutating func think() -> Bool {
      guard let request else { return false }
      self.request = nil
      apply(.proposed(request.answer()))
      return true
    }

    /// Has the worker finish what it has, all of it or one lease.
    mutating func evaluate(countMax: Int = .max) {
      for grant in leased.prefix(countMax) {
        leased.removeFirst()
        var correct = BitVector(count: grant.slice.count)
        correct[0] = grant.genome.genes.reduce(0) { $0 + Int($1) } % 3 > 0
        receive(
          .result(
            ShardResult(
              shard: grant.shard, key: grant.key,
              measurement: ShardMeasurement(correct: correct, summedLoss: 1),
              costs: run.settings.model.cost(grant.genome).wireValues, evaluationMicroseconds: 5,
              token: grant.token)))
      }
      receive(.request(WorkRequest(leaseCountMax: 2)))
    }

    var told: [CandidateID] {
      journal.compactMap { if case .evaluated(let found) = $0 { found.candidate } else { nil } }
    }

    var proposed: [CandidateID] {
      journal.compactMap { if case .proposed(let candidate, _) = $0 { candidate } else { nil } }
    }
  }

  @Test func `no shard is leased before the search has answered, then all that are wanted`() throws
  {
    var world = try World(slots: 5)
    #expect(world.leased.isEmpty)
    #expect(world.proposed.isEmpty)
    #expect(world.machine.isAsking)
    // Five slots take three candidates of two shards.
    #expect(world.request?.countMax == 3)
    world.think()
    #expect(world.proposed == [0, 1, 2].map { CandidateID($0) })
    #expect(world.leased.count >= 5)
  }

  @Test func `results are taken and acknowledged while the search thinks`() throws {
    var world = try World()
    world.think()
    world.evaluate()
    #expect(world.machine.isAsking)
    #expect(world.told == [CandidateID(0)])
    #expect(world.machine.search.evaluationCount == 1)
    world.think()
    #expect(world.machine.search.population.count == 1)
  }

  @Test func `in strict mode the search is told nothing while it thinks`() throws {
    var world = try World(order: .strict(window: 3))
    #expect(world.request?.countMax == 3)
    world.think()
    while world.told.isEmpty { world.evaluate() }
    // One has left the window, so one may be proposed before the next is told.
    #expect(world.request?.countMax == 1)
    let told = world.told
    while !world.leased.isEmpty { world.evaluate() }
    #expect(world.told == told)
    world.think()
    #expect(world.told.count == told.count + 1)
  }

  @Test(arguments: [1, 3, 8])
  func `strict mode proposes the same however long the search thinks`(pace: Int) throws {
    var quick = try World(order: .strict(window: 4))
    while quick.think() || !quick.leased.isEmpty { quick.evaluate() }
    var slow = try World(order: .strict(window: 4))
    var step = 0
    while slow.ending == nil, step < 2_000 {
      step += 1
      if step.isMultiple(of: pace) { slow.think() }
      slow.evaluate(countMax: 1)
      if quick.journal.count == slow.journal.count { break }
    }
    let genomes = { (world: World) in
      world.journal.compactMap { if case .proposed(_, let genome) = $0 { genome } else { nil } }
    }
    #expect(genomes(quick).count == 16, "the space of four layers has sixteen genomes")
    #expect(genomes(slow) == genomes(quick))
    #expect(slow.told == quick.told)
  }

  @Test func `a search that has answered less than it was asked for is spent until something new`()
    throws
  {
    var world = try World(evaluations: 1_000)
    var rounds = 0
    while world.think() || !world.leased.isEmpty {
      world.evaluate()
      rounds += 1
      try #require(rounds < 1_000)
    }
    #expect(world.proposed.count == 16)
    #expect(world.told.count == 16)
    // Sixteen times something new may have helped, so it was asked once more each time at most.
    #expect(world.requestCount <= 33)
    #expect(world.machine.isComplete)
  }

  @Test func `a coordinator that dies while the search thinks proposes the same in its next life`()
    throws
  {
    var world = try World()
    world.think()
    world.evaluate(countMax: 1)
    #expect(world.machine.isAsking)
    var next = try World(journal: world.journal)
    world.think()
    next.think()
    let last = { (world: World) in
      world.journal.last { if case .proposed = $0 { true } else { false } }
    }
    #expect(last(next) == last(world))
    #expect(last(next) != nil)
  }

  @Test func `a coordinator that is asked to end does not wait for the search`() throws {
    var world = try World()
    #expect(world.machine.isAsking)
    world.apply(.stopRequested)
    #expect(world.ending == .stopped)
    world.think()
    #expect(world.proposed.isEmpty)
  }

  @Test func `candidates that come while workers are leaving are kept in the journal`() throws {
    var world = try World()
    world.apply(.drainRequested)
    world.think()
    #expect(world.proposed == [CandidateID(0)])
    #expect(world.leased.isEmpty)
    let replayed = try Coordinator(settings: world.run.settings, recovering: world.journal)
    #expect(replayed.search.outstanding.map(\.id) == world.proposed)
  }

  @Test func `snapshots are made though the search always thinks`() throws {
    var world = try World(slots: 2, snapshotIntervalRecords: 8)
    for _ in 0..<60 {
      world.evaluate()
      world.think()
    }
    #expect(world.snapshots.count > 1)
  }

  @Test func `an algorithm that wants to know is told of shards, and replays to the same state`()
    throws
  {
    var world = try World(evaluations: 6, algorithm: Listener.self)
    var rounds = 0
    while world.think() || !world.leased.isEmpty, rounds < 100 {
      rounds += 1
      world.evaluate(countMax: 1)
      guard !world.machine.isAsking else { continue }
      let replayed = try Coordinator(settings: world.run.settings, recovering: world.journal)
      #expect(replayed.search.state == world.machine.search.state)
      let snapshot = try CoordinatorSnapshot(decoding: world.machine.snapshot.encoded())
      let restored = try Coordinator(
        settings: world.run.settings, snapshot: snapshot, recovering: [])
      #expect(restored.search.state == world.machine.search.state)
    }
    let heard = try #require(world.machine.search.state).algorithm.dropFirst()
    #expect(heard.count { $0 == Listener.partial } == 6, "one of the two shards of each")
    #expect(heard.count { $0 == Listener.complete } == 6)
  }

  @Test func `in strict mode no algorithm is told of shards`() throws {
    var world = try World(
      order: .strict(window: 2), evaluations: 6, algorithm: Listener.self)
    while world.think() || !world.leased.isEmpty { world.evaluate(countMax: 1) }
    let heard = try #require(world.machine.search.state).algorithm.dropFirst()
    #expect(!heard.contains(Listener.partial))
    #expect(heard.count { $0 == Listener.complete } == 6)
  }

  @Test(arguments: [CommitOrder.asynchronous, .strict(window: 4)])
  func `what is proposed behind a discard that ends this life is left to the next one`(
    order: CommitOrder
  ) throws {
    var world = try World(order: order)
    let request = try #require(world.request)
    world.apply(.discardRequested(keyName: "b"))
    #expect(world.ending == .restarting)
    world.apply(.proposed(request.answer()))
    guard case .discarded = world.journal.last else {
      Issue.record("the discard should be the last record, not \(world.journal.last as Any)")
      return
    }
    // In strict mode the numbers behind the discard are those of another search.
    let discards = DiscardedResults(in: world.journal)
    let next = try Coordinator(
      settings: world.run.settings, discards: discards, recovering: world.journal)
    #expect(next.search.proposalCount == 0)
  }
}

/// An algorithm that samples, and remembers what it was told.
private struct Listener: SearchAlgorithm {
  static let partial: UInt8 = 1
  static let complete: UInt8 = 2
  private let space: ChoiceSpace
  private var heard: [UInt8] = []

  init(space: ChoiceSpace, settings: SearchSettings) { self.space = space }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    heard = Array(stateBytes.dropFirst())
  }

  var observesPartialMeasurements: Bool { true }
  var stateBytes: [UInt8] { [1] + heard }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    (0..<16).map { space.genome(at: $0) }.first { !context.isKnown($0) }
  }

  mutating func observe(_ individual: Individual) { heard.append(Self.complete) }
  mutating func observe(_ measurement: PartialMeasurement) {
    #expect(measurement.share == 0.5)
    heard.append(Self.partial)
  }
}

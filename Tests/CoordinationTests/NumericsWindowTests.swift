import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// How a run comes to its arithmetic where its run file leaves it open.
struct NumericsWindowTests {
  /// A coordinator whose store answers when it is asked to.
  struct World {
    var settings: CoordinatorSettings
    var machine: Coordinator
    var journal: [JournalRecord] = []
    var batch: JournalBatch?
    var sent: [(message: Message, to: WorkerID)] = []
    var chosen: [Numerics] = []
    var ending: Coordinator.Ending?

    init(
      window: NumericsWindow?, most: Numerics = numerics(.avx512bf16, .bf16),
      recovering journal: [JournalRecord] = []
    ) throws {
      settings = try TestRun(evaluations: 4).settings
      settings.description.numerics = most.opening(window?.options.map(\.name) ?? [])
      settings.numericsWindow = window
      machine = try Coordinator(settings: settings, recovering: journal)
      self.journal = journal
      apply(.started, at: .zero)
    }

    mutating func apply(_ event: Coordinator.Event, at time: Duration) {
      for effect in machine.applyThinking(event, at: .start + time) {
        switch effect {
        case .send(let envelope, let worker): sent.append((envelope.message, worker))
        case .persist(let batch): self.batch = batch
        case .notify(.numericsChosen(let numerics, _, _)): chosen.append(numerics)
        case .finish(let ending): self.ending = ending
        default: break
        }
      }
      machine.checkInvariants()
    }

    mutating func hello(
      _ worker: UInt64, _ set: InstructionSet, _ precisions: [Precision] = [.f32, .bf16],
      at time: Duration
    ) {
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: "w\(worker)", slots: 1,
        offers: [ExampleBackend.offer(set, precisions)], held: [])
      say(.hello(hello), from: worker, at: time)
    }

    mutating func say(_ message: Message, from worker: UInt64, at time: Duration) {
      let run = machine.settings.description.run
      apply(
        .received(
          Envelope(run: run, term: machine.term, sequence: 0, message: message),
          from: WorkerID(worker)), at: time)
    }

    mutating func persist(at time: Duration) throws {
      let batch = try #require(self.batch)
      self.batch = nil
      journal += batch.records
      apply(.persisted(firstSequence: batch.firstSequence), at: time)
    }

    /// The workers that were welcomed, with the arithmetic that they were told.
    var welcomes: [UInt64: Numerics] {
      var welcomes: [UInt64: Numerics] = [:]
      for case (.welcome(let welcome), let worker) in sent {
        welcomes[worker.rawValue] = welcome.description.numerics
      }
      return welcomes
    }

    /// The reasons for which a worker was refused.
    func refusals(of worker: UInt64) -> [Refusal] {
      sent.compactMap { message, to in
        guard case .refused(let refusal) = message, to.rawValue == worker else { return nil }
        return refusal
      }
    }
  }

  static func numerics(_ set: InstructionSet, _ precision: Precision) -> Numerics {
    ExampleBackend.numerics(set, precision)
  }

  static let both = NumericsWindow(
    options: [ExampleBackend.precision, ExampleBackend.instructionSet])

  @Test func `the least that workers report within 30 s of the first one is taken`() throws {
    var world = try World(window: Self.both)
    world.apply(.ticked, at: .seconds(100))
    #expect(world.machine.nextDeadline == nil, "the window opens with the first worker")
    world.hello(1, .avx512bf16, at: .seconds(100))
    #expect(world.machine.nextDeadline == .start + .seconds(130))
    world.hello(2, .avx2, at: .seconds(110))
    world.hello(3, .avx512, at: .seconds(129))
    world.apply(.ticked, at: .seconds(129.9))
    #expect(world.batch == nil, "nothing is written before the choice")
    #expect(world.machine.numerics == nil)
    world.apply(.ticked, at: .seconds(130))
    #expect(world.chosen == [Self.numerics(.avx2, .bf16)])
    #expect(world.welcomes.isEmpty, "nobody is welcomed before the choice is durable")
    try world.persist(at: .seconds(130))
    #expect(world.welcomes == [1: world.chosen[0], 2: world.chosen[0], 3: world.chosen[0]])
    #expect(world.machine.numerics == world.chosen[0])
    for worker in UInt64(1)...3 {
      let refusals = world.refusals(of: worker)
      #expect(refusals.map(\.reason) == [.choosingNumerics])
      #expect(refusals.allSatisfy { !$0.isFinal && $0.diagnostic.contains("instructionSet") })
    }
  }

  @Test func `ten workers are enough, or as many as are expected`() throws {
    for count in [1, 2, 10] {
      var window = Self.both
      if count != 10 { window.workerCountMax = count }
      var world = try World(window: window)
      for worker in 1..<count { world.hello(UInt64(worker), .avx512, at: .seconds(1)) }
      // Anyone who repeats a greeting is one worker.
      if count > 1 { world.hello(1, .avx512, at: .seconds(2)) }
      #expect(world.chosen.isEmpty)
      world.hello(UInt64(count), .avx2, at: .seconds(3))
      #expect(world.chosen == [Self.numerics(.avx2, .bf16)])
    }
  }

  @Test func `work begins once it is chosen, with keys of the chosen arithmetic`() throws {
    var window = Self.both
    window.workerCountMax = 1
    var world = try World(window: window)
    world.hello(1, .avx512, at: .seconds(1))
    try world.persist(at: .seconds(1))
    world.say(.request(WorkRequest(leaseCountMax: 1)), from: 1, at: .seconds(1))
    try world.persist(at: .seconds(1))
    let grants = world.sent.compactMap { message, _ -> LeaseGrant? in
      if case .lease(let grant) = message { grant } else { nil }
    }
    let grant = try #require(grants.first)
    let keys = ShardKeys(description: world.machine.settings.description)
    #expect(world.machine.settings.description.numerics == Self.numerics(.avx512, .bf16))
    #expect(grant.key == keys.key(of: grant.genome, slice: grant.slice))
    let others = ShardKeys(description: world.settings.description)
    #expect(grant.key != others.key(of: grant.genome, slice: grant.slice))
  }

  @Test func `what the run file names is not chosen, and the key is named`() throws {
    let window = NumericsWindow(options: [ExampleBackend.precision])
    var world = try World(window: window, most: Self.numerics(.avx2, .bf16))
    world.hello(1, .baseline, at: .zero)
    let refusal = try #require(world.refusals(of: 1).first)
    #expect(refusal.isFinal)
    #expect(refusal.diagnostic.contains("(instructionSet)"), "\(refusal.diagnostic)")
    world.hello(2, .avx512, [.f32], at: .zero)
    world.hello(3, .avx512, at: .zero)
    world.apply(.ticked, at: .seconds(30))
    #expect(world.chosen == [Self.numerics(.avx2, .f32)])
  }

  @Test func `a worker that comes later and can do less is refused with the key`() throws {
    var window = Self.both
    window.workerCountMax = 1
    var world = try World(window: window)
    world.hello(1, .avx512, at: .zero)
    try world.persist(at: .zero)
    world.hello(2, .avx2, at: .seconds(1))
    #expect(world.refusals(of: 2).first?.reason == .numerics)
    #expect(world.refusals(of: 2).first?.diagnostic.contains("(instructionSet)") == true)
    world.hello(3, .avx512, [.f32], at: .seconds(1))
    #expect(world.refusals(of: 3).first?.diagnostic.contains("(precision)") == true)
  }

  @Test func `a coordinator that goes on knows what was chosen, one that died before chooses anew`()
    throws
  {
    var window = Self.both
    window.workerCountMax = 1
    var world = try World(window: window)
    world.hello(1, .avx2, at: .zero)
    #expect(world.journal.isEmpty, "it dies before the choice is durable")
    var second = try World(window: window, recovering: world.journal)
    second.hello(2, .avx512, at: .zero)
    try second.persist(at: .zero)
    var third = try World(window: window, recovering: second.journal)
    #expect(third.machine.numerics == Self.numerics(.avx512, .bf16))
    #expect(third.machine.term == second.machine.term.next)
    // From a snapshot, too.
    let fourth = try Coordinator(
      settings: third.settings,
      snapshot: CoordinatorSnapshot(decoding: second.machine.snapshot.encoded()), recovering: [])
    #expect(fourth.numerics == third.machine.numerics)
    third.hello(3, .avx2, at: .zero)
    #expect(third.refusals(of: 3).first?.reason == .numerics)
    // A run file that names something else from now on is another run's.
    var fixed = third.settings
    fixed.numericsWindow = nil
    fixed.description.numerics = Self.numerics(.avx2, .bf16)
    #expect(throws: CoordinationError.otherRun(differences: ["numerics"])) {
      try Coordinator(settings: fixed, recovering: third.journal)
    }
  }

  @Test func `workers that leave are not asked, and the window opens anew`() throws {
    var world = try World(window: Self.both)
    world.hello(1, .baseline, at: .zero)
    world.hello(2, .avx2, at: .zero)
    world.apply(.unreachable(WorkerID(1)), at: .seconds(1))
    world.say(.bye(Farewell(reason: .drained, diagnostic: "")), from: 2, at: .seconds(2))
    #expect(world.machine.applicantCount <= 1)
    world.apply(
      .received(
        Envelope(
          run: nil, term: .none, sequence: 0,
          message: .bye(Farewell(reason: .drained, diagnostic: ""))), from: WorkerID(2)),
      at: .seconds(2))
    #expect(world.machine.applicantCount == 0)
    world.apply(.ticked, at: .seconds(60))
    #expect(world.chosen.isEmpty)
    world.hello(3, .avx512, at: .seconds(60))
    world.apply(.ticked, at: .seconds(90))
    #expect(world.chosen == [Self.numerics(.avx512, .bf16)])
  }

  @Test func `a coordinator that is asked to end while it waits ends, and nothing is written`()
    throws
  {
    var world = try World(window: Self.both)
    world.hello(1, .avx2, at: .zero)
    world.apply(.drainRequested, at: .seconds(1))
    #expect(world.ending == .drained)
    #expect(world.batch == nil)
    #expect(world.refusals(of: 1).last?.reason == .closing)
  }

  @Test func `a run file that names all is not waited for`() throws {
    var world = try World(window: nil)
    #expect(world.machine.numerics == Self.numerics(.avx512bf16, .bf16))
    try world.persist(at: .zero)
    world.hello(1, .avx512bf16, at: .zero)
    #expect(world.welcomes.count == 1)
    #expect(world.chosen.isEmpty)
  }

  @Test func `a worker without the backend of the run is refused with both named`() throws {
    var world = try World(window: nil)
    try world.persist(at: .zero)
    let other = BackendOffer(backend: Backend(name: "test", version: "2"), values: [:])
    for (worker, offers) in [
      (UInt64(1), [other]), (2, []), (3, [other, ExampleBackend.offer(.avx512bf16)]),
    ] {
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: "w\(worker)", slots: 1,
        offers: offers, held: [])
      world.say(.hello(hello), from: worker, at: .zero)
    }
    #expect(world.refusals(of: 1).first?.reason == .numerics)
    #expect(
      world.refusals(of: 1).first?.diagnostic.contains("test/1, the worker has test/2") == true)
    #expect(world.refusals(of: 2).first?.diagnostic.contains("the worker has nothing") == true)
    #expect(world.welcomes.keys.sorted() == [3], "a worker may have several backends")
  }

  @Test func `an option that a backend does not list may have any value`() throws {
    var world = try World(window: nil)
    try world.persist(at: .zero)
    let offer = BackendOffer(backend: ExampleBackend.backend, values: ["precision": ["bf16"]])
    #expect(offer.canReproduce(Self.numerics(.avx512bf16, .bf16)))
    #expect(!offer.canReproduce(Self.numerics(.avx512bf16, .f32)))
    let hello = Hello(
      supported: ProtocolVersion.supported, build: "", label: "w", slots: 1, offers: [offer],
      held: [])
    world.say(.hello(hello), from: 1, at: .zero)
    #expect(world.welcomes.keys.sorted() == [1])
  }

  @Test func `without a value in common the last one is taken, and who lacks it is refused`() throws
  {
    var world = try World(window: Self.both)
    world.hello(1, .avx512, [.bf16], at: .zero)
    world.hello(2, .avx512, [.f32], at: .zero)
    world.apply(.ticked, at: .seconds(30))
    #expect(world.chosen == [Self.numerics(.avx512, .f32)])
    try world.persist(at: .seconds(30))
    #expect(world.refusals(of: 1).last?.diagnostic.contains("(precision)") == true)
    #expect(world.welcomes.keys.sorted() == [2])
  }
}

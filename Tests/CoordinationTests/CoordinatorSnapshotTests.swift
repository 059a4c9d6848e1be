import Coordination
import EvolutionarySearch
import SparsityCore
import TestSupport
import Testing
import WireProtocol

struct CoordinatorSnapshotTests {
  /// A coordinator in the middle of its run: candidates done, half done, given to a worker.
  static func machine(
    order: CommitOrder = .asynchronous, shards: Int = 11
  ) throws -> (Coordinator, journal: [JournalRecord], settings: CoordinatorSettings) {
    var world = try CoordinatorTests.World(evaluations: 12, order: order)
    world.run(shardCountMax: shards)
    return (world.machine, world.journal, world.run.settings)
  }

  static func restored(
    _ snapshot: CoordinatorSnapshot, _ settings: CoordinatorSettings,
    _ records: [JournalRecord] = []
  ) throws -> Coordinator {
    try Coordinator(
      settings: settings, snapshot: try CoordinatorSnapshot(decoding: snapshot.encoded()),
      recovering: records)
  }

  @Test(arguments: [CommitOrder.asynchronous, .strict(window: 4)], 0...23)
  func `a snapshot gives what its records give`(order: CommitOrder, shards: Int) throws {
    let (machine, journal, settings) = try Self.machine(order: order, shards: shards)
    let snapshot = machine.snapshot
    #expect(snapshot.recordCount == journal.count)
    #expect(snapshot.term == Term(1))
    let replayed = try Coordinator(settings: settings, recovering: journal)
    let restored = try Self.restored(snapshot, settings)
    #expect(restored.durableState == replayed.durableState)
    #expect(restored.durableState == machine.durableState)
    #expect(restored.snapshot == replayed.snapshot)
    #expect(restored.term == Term(2))
  }

  @Test(arguments: [CommitOrder.asynchronous, .strict(window: 4)])
  func `a snapshot and the records behind it give what all records give`(
    order: CommitOrder
  ) throws {
    let (_, journal, settings) = try Self.machine(order: order, shards: 24)
    let whole = try Coordinator(settings: settings, recovering: journal)
    for count in 1...journal.count {
      // What replaying has restored has a start of its own, which another life's records lack.
      let part = try Coordinator(settings: settings, recovering: Array(journal[..<count]))
      var stored = try RunSnapshot(decoding: part.snapshot.encoded())
      let isUntouched = stored.recordCount == count + 1
      guard isUntouched else { continue }
      stored.recordCount = count
      stored.opening.term = Term(1)
      let snapshot = try CoordinatorSnapshot(decoding: stored.encoded())
      let resumed = try Self.restored(snapshot, settings, Array(journal[count...]))
      #expect(resumed.snapshot == whole.snapshot)
      #expect(resumed.durableState == whole.durableState)
    }
  }

  @Test func `a result on its way to the store counts as done`() throws {
    let run = try TestRun(evaluations: 2)
    var machine = try Coordinator(settings: run.settings, recovering: [])
    func tell(_ event: Coordinator.Event) -> [JournalBatch] {
      machine.applyThinking(event, at: .start).compactMap { effect in
        if case .persist(let batch) = effect { batch } else { nil }
      }
    }
    func receive(_ message: Message) -> [JournalBatch] {
      tell(
        .received(
          Envelope(run: run.run, term: machine.term, sequence: 0, message: message),
          from: WorkerID(1)))
    }
    var journal: [JournalRecord] = []
    func persist(_ batches: [JournalBatch]) -> [JournalBatch] {
      batches.flatMap { batch in
        journal += batch.records
        return tell(.persisted(firstSequence: batch.firstSequence))
      }
    }
    _ = persist(tell(.started))
    _ = receive(
      .hello(
        Hello(
          supported: ProtocolVersion.supported, build: "", label: "a", slots: 1,
          offers: [ExampleBackend.offer()], held: [])))
    _ = persist(receive(.request(WorkRequest(leaseCountMax: 2))))
    let candidate = CandidateID(0)
    let results = (0..<2).map { slice in
      run.result(of: ShardID(candidate: candidate, slice: slice), from: WorkerID(1))
    }
    // The next candidate comes once the first result is on its way.
    let first = receive(.result(results[0]))
    #expect(receive(.result(results[1])).isEmpty)
    // The first result is being written, the next candidate and the second result wait; the records
    // stand for all.
    let next = try #require(machine.search.outstanding.last)
    let records =
      journal + first.flatMap(\.records)
      + [
        .proposed(next.id, next.genome),
        .shardCompleted(
          ShardCompletion(
            shard: results[1].shard, key: results[1].key, measurement: results[1].measurement,
            worker: "a", evaluationMicroseconds: results[1].evaluationMicroseconds)),
      ]
    let snapshot = machine.snapshot
    #expect(snapshot.recordCount == records.count)
    let replayed = try Coordinator(settings: run.settings, recovering: records)
    #expect(try Self.restored(snapshot, run.settings).snapshot == replayed.snapshot)
    #expect(replayed.search.evaluationCount == 1)
  }

  @Test func `snapshots come every so many records and only of durable ones`() throws {
    var world = try CoordinatorTests.World(evaluations: 12, snapshotIntervalRecords: 7)
    world.run()
    #expect(world.ending == .completed)
    let counts = world.snapshots.map(\.snapshot.recordCount)
    #expect(counts.count >= 5)
    #expect(zip(counts, counts.dropFirst()).dropLast().allSatisfy { $1 - $0 >= 7 })
    #expect(world.snapshots.allSatisfy { $0.snapshot.recordCount <= $0.durableCount })
    // The last one stands for the whole run.
    #expect(counts.last == world.journal.count)
    for (snapshot, _) in world.snapshots {
      let resumed = try Self.restored(
        snapshot, world.run.settings, Array(world.journal[snapshot.recordCount...]))
      #expect(resumed.isComplete == false)
      #expect(resumed.durableState == world.machine.durableState)
    }
  }

  @Test func `without many records there is no snapshot`() throws {
    var world = try CoordinatorTests.World(evaluations: 12)
    world.run()
    #expect(world.snapshots.isEmpty)
  }

  @Test func `the snapshot of another run is refused as its journal is`() throws {
    let (machine, journal, settings) = try Self.machine()
    var other = settings
    other.settingsText = "other"
    other.description.imageCount = 5
    func error(_ body: () throws -> Coordinator) -> CoordinationError? {
      #expect(throws: CoordinationError.self) { try body() }
    }
    let byRecords = error { try Coordinator(settings: other, recovering: journal) }
    let bySnapshot = error { try Self.restored(machine.snapshot, other) }
    #expect(bySnapshot == byRecords)
    #expect(bySnapshot == .otherRun(differences: ["imageCount", "the search's settings"]))
  }

  /// Changes that no coordinator could have brought about.
  private static let damages: [(String, @Sendable (inout RunSnapshot) -> Void)] = [
    ("no term", { $0.opening.term = .none }), ("no later term", { $0.opening.term = .last }),
    ("more results than records", { $0.shardCount = $0.recordCount }),
    ("a shard done twice", { $0.done.append($0.done[0]) }),
    ("a shard of nobody", { $0.done[0].shard = ShardID(candidate: CandidateID(99), slice: 0) }),
    (
      "a shard beyond the last",
      { snapshot in
        snapshot.done[0].shard = ShardID(candidate: snapshot.done[0].shard.candidate, slice: 2)
      }
    ),
    (
      "more images than a slice has",
      {
        $0.done[0].measurement = ShardMeasurement(correct: BitVector(count: 3), summedLoss: 1)
      }
    ),
    (
      "a plan for nobody",
      { $0.plans = [StoredPlan(candidate: CandidateID(99), sliceCount: 1, stop: nil)] }
    ),
    ("a completed candidate with work to do", { $0.completed = [$0.waiting[0].candidate] }),
    ("a candidate quarantined and waiting", { $0.quarantined = [$0.waiting[0].candidate] }),
    ("a candidate quarantined twice", { $0.quarantined = [CandidateID(0), CandidateID(0)] }),
    ("a candidate quarantined before its proposal", { $0.quarantined = [CandidateID(1_000)] }),
    ("costs of another version", { $0.archive[0].objectives[1] -= 1 }),
    ("an algorithm's state of another version", { $0.algorithmState[0] += 1 }),
    ("an algorithm's state that ends early", { $0.algorithmState.removeLast() }),
    ("a genome too many", { $0.knownCodes += $0.knownCodes.prefix(16) }),
  ]

  @Test(arguments: damages.indices)
  func `a snapshot that cannot be is refused with a diagnostic`(index: Int) throws {
    let (name, damage) = Self.damages[index]
    let (machine, _, settings) = try Self.machine(shards: 11)
    var stored = try RunSnapshot(decoding: machine.snapshot.encoded())
    try #require(!stored.done.isEmpty && stored.completed.isEmpty)
    damage(&stored)
    let snapshot = try CoordinatorSnapshot(decoding: stored.encoded())
    let error = #expect(throws: CoordinationError.self) {
      try Coordinator(settings: settings, snapshot: snapshot, recovering: [])
    }
    guard case .unusableSnapshot(let diagnostic) = error else {
      Issue.record("\(name): \(String(describing: error))")
      return
    }
    #expect(!diagnostic.isEmpty)
  }

  @Test(arguments: UInt64(0)..<16)
  func `a spoilt snapshot restores a coordinator or is refused`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (machine, _, settings) = try Self.machine(
      order: seed % 2 == 0 ? .asynchronous : .strict(window: 4), shards: Int(seed) + 1)
    let bytes = machine.snapshot.encoded()
    var refusedCount = 0
    for _ in 0..<600 {
      var spoilt = bytes
      for _ in 0...generator.index(below: 3) {
        let place = generator.index(below: spoilt.count)
        switch generator.index(below: 4) {
        case 0: spoilt[place] = UInt8(truncatingIfNeeded: generator.next())
        case 1: spoilt[place] ^= 1 << UInt8(generator.index(below: 8))
        case 2: spoilt = Array(spoilt.prefix(max(1, place)))
        default: spoilt.remove(at: min(place, spoilt.count - 1))
        }
        if spoilt.isEmpty { spoilt = [0] }
      }
      do {
        let snapshot = try CoordinatorSnapshot(decoding: spoilt)
        var coordinator = try Coordinator(
          settings: settings, snapshot: snapshot, recovering: [])
        // What was restored can be worked with.
        _ = coordinator.applyThinking(.started, at: .start)
        coordinator.checkInvariants()
        _ = coordinator.durableState
      } catch {
        refusedCount += 1
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(refusedCount > 100)
  }
}

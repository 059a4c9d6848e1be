import Coordination
import SparsityCore
import Testing
import WireProtocol

/// Shards that are measured again with another key, and what becomes of keys that are found out.
struct SpotChecksTests {
  private static let honest = [
    KeyedFleet.Worker(id: WorkerID(1), key: "a"), KeyedFleet.Worker(id: WorkerID(2), key: "b"),
  ]
  private static let liar = KeyedFleet.Worker(id: WorkerID(3), key: "c", lies: true)
  private static let orders = [CommitOrder.asynchronous, .strict(window: 4)]

  @Test(arguments: orders)
  func `honest keys confirm each other, and nobody is suspected`(order: CommitOrder) throws {
    var fleet = try KeyedFleet(order: order, share: 1, workers: Self.honest)
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
    #expect(fleet.machine.counters.confirmedShards > 0)
    #expect(fleet.machine.counters.disagreements == 0)
    #expect(fleet.refusals.isEmpty)
    // Anyone who has measured a shard does not measure it again.
    #expect(fleet.leases.values.flatMap(\.values).allSatisfy { $0 == 1 })
  }

  @Test(arguments: orders)
  func `a key that lies is named, and the run finds what it finds without it`(
    order: CommitOrder
  ) throws {
    var reference = try KeyedFleet(order: order, share: 0, workers: Self.honest)
    try reference.runToEnd()
    var fleet = try KeyedFleet(order: order, share: 1, workers: Self.honest + [Self.liar])
    try fleet.runToEnd()
    #expect(fleet.endings.last == .completed)
    #expect(fleet.endings.dropLast().allSatisfy { $0 == .restarting })
    #expect(
      fleet.notifications.contains { notification in
        if case .resultsDiscarded(keyName: "c", _) = notification { true } else { false }
      })
    let refusal = try #require(fleet.refusals["c"])
    #expect(refusal.reason == .keyRevoked)
    #expect(Set(fleet.refusals.keys) == ["c"])
    let isHonest = fleet.found.allSatisfy { evaluated in evaluated.summedLoss == 2 }
    #expect(isHonest)
    if order != .asynchronous {
      #expect(fleet.found == reference.found)
      #expect(fleet.machine.front == reference.machine.front)
    }
  }

  @Test func `a search that begins anew takes over what others have measured`() throws {
    var fleet = try KeyedFleet(
      evaluations: 12, order: .strict(window: 4), share: 0, workers: Self.honest)
    // The holder of the key is honest, so the search repeats itself to the last shard.
    try fleet.runToEnd(discarding: "b", after: 12)
    #expect(fleet.endings == [.restarting, .completed])
    #expect(fleet.machine.counters.recalledResults > 0)
    // Only what was under way is lost with the fleet's workers, which keep nothing.
    #expect((fleet.leases["a"]?.values.count { $0 > 1 } ?? 0) <= 1)
    let measured = fleet.journal.compactMap { record in
      if case .shardCompleted(let completion) = record { completion.keyName } else { nil }
    }
    #expect(measured.contains("b"))
    #expect(fleet.found.count == 12)
  }

  @Test func `without strict mode proposals stay, and lost results come again`() throws {
    var fleet = try KeyedFleet(evaluations: 12, share: 0, workers: Self.honest)
    try fleet.runToEnd(discarding: "b", after: 12)
    #expect(fleet.endings == [.restarting, .completed])
    var genomes: [CandidateID: Genome] = [:]
    for case .proposed(let candidate, let genome) in fleet.journal {
      #expect(genomes.updateValue(genome, forKey: candidate) == nil)
    }
    #expect(genomes.count == 12)
    #expect(fleet.found.count == 12)
    #expect((fleet.leases["a"]?.values.count { $0 > 1 } ?? 0) <= 1)
  }

  @Test func `a run is complete when another key has confirmed its front`() throws {
    // Of one shard in a million none is chosen while the run goes on.
    var fleet = try KeyedFleet(share: 1e-6, workers: Self.honest)
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
    let front = Set(fleet.machine.front.map(\.id))
    let confirmed = fleet.journal.compactMap { record in
      if case .confirmed(let shard, _) = record { shard.candidate } else { nil }
    }
    #expect(Set(confirmed) == front)
    #expect(confirmed.count == front.count)
  }

  @Test func `where all workers have one key, the coordinator's own looks at the front`() throws {
    let workers = [1, 2].map { KeyedFleet.Worker(id: WorkerID($0), key: "a") }
    var fleet = try KeyedFleet(share: 0.5, workers: workers, hasAuditor: true)
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
    #expect(fleet.auditorCount == 1)
    #expect(fleet.machine.counters.confirmedShards == fleet.machine.front.count)
    #expect(fleet.leases["coordinator"]?.count == fleet.machine.front.count)
  }

  @Test func `a lie on the front is found out in a run with one key`() throws {
    var fleet = try KeyedFleet(share: 0.02, workers: [Self.liar], hasAuditor: true)
    try fleet.runToEnd()
    #expect(fleet.endings == [.restarting])
    #expect(Set(fleet.refusals.keys) == ["c"])
    #expect(fleet.machine.status.progress.evaluationCount == 0)
  }

  @Test func `without another key and without a worker of its own a run ends and says so`() throws {
    var fleet = try KeyedFleet(share: 0.02, workers: [Self.honest[0]])
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
    let count = fleet.machine.front.count
    #expect(fleet.notifications.contains(.frontNotRepeated(count: count)))
  }

  @Test func `a worker of another key that takes nothing does not hold up the end`() throws {
    var lazy = Self.honest[1]
    lazy.isLazy = true
    var fleet = try KeyedFleet(share: 1e-6, workers: [Self.honest[0], lazy])
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
  }

  @Test func `a run whose front is confirmed is complete at once when it goes on`() throws {
    var fleet = try KeyedFleet(share: 1e-6, workers: Self.honest)
    try fleet.runToEnd()
    var again = try KeyedFleet(share: 1e-6, workers: [], journal: fleet.journal)
    try again.runToEnd()
    #expect(again.endings == [.completed])
    #expect(
      again.notifications.allSatisfy { notification in
        if case .frontNotRepeated = notification { false } else { true }
      })
  }

  @Test func `a share of zero measures nothing again`() throws {
    var fleet = try KeyedFleet(share: 0, workers: Self.honest + [Self.liar])
    try fleet.runToEnd()
    #expect(fleet.endings == [.completed])
    #expect(fleet.machine.counters.spotCheckLeases == 0)
  }

  @Test func `results that were discarded stay so over restarts`() throws {
    var fleet = try KeyedFleet(share: 1, workers: Self.honest + [Self.liar])
    try fleet.runToEnd()
    var again = try KeyedFleet(share: 1, workers: [Self.liar], journal: fleet.journal)
    try again.runToEnd()
    #expect(again.found == fleet.found)
    #expect(again.refusals["c"]?.diagnostic.contains("were discarded") == true)
  }

  @Test(arguments: ["a", "b"])
  func `a confirmation of which one word was discarded does not stand`(key: String) throws {
    var fleet = try KeyedFleet(share: 1e-6, workers: Self.honest)
    try fleet.runToEnd()
    let discard = fleet.journal.count
    let record = JournalRecord.discarded(
      DiscardedKey(keyName: key, diagnostic: "", restartsSearch: false))
    let third = KeyedFleet.Worker(id: WorkerID(4), key: "d")
    let rest = Self.honest.filter { $0.key != key } + [third]
    var again = try KeyedFleet(share: 1e-6, workers: rest, journal: fleet.journal + [record])
    try again.runToEnd()
    #expect(again.endings == [.completed])
    let confirmed = again.journal[discard...].compactMap { record in
      if case .confirmed(let shard, _) = record { shard.candidate } else { nil }
    }
    // Each of the front was confirmed by both keys before, one of which has no word any more.
    #expect(Set(confirmed) == Set(again.machine.front.map(\.id)))
  }

  @Test func `a discard that the list of discards does not know is damage`() throws {
    var fleet = try KeyedFleet(share: 1, workers: Self.honest + [Self.liar])
    try fleet.runToEnd()
    let journal = fleet.journal
    #expect(throws: CoordinationError.self) {
      try Coordinator(settings: fleet.run.settings, recovering: journal)
    }
  }

  @Test func `an operator's discard names what stands in its way`() throws {
    var fleet = try KeyedFleet(share: 0, workers: Self.honest)
    #expect(fleet.machine.discardProblem(of: "a")?.contains("ask again") == true)
    try fleet.runToEnd(discarding: "b", after: 4)
    #expect(fleet.machine.discardProblem(of: "b")?.contains("already") == true)
    #expect(fleet.machine.discardProblem(of: "coordinator")?.contains("own key") == true)
    #expect(fleet.machine.discardProblem(of: "") != nil)
  }
}

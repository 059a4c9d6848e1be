import Coordination
import EvolutionarySearch
import SparsityCore
import Testing
import WireProtocol

/// Proposals and conclusions in their order, without workers.
struct SearchDriverTests {
  private let run: TestRun
  private var driver: SearchDriver
  private var table: LeaseTable

  init() throws { try self.init(order: .strict(window: 3)) }

  private init(order: CommitOrder, evaluations: Int = 12) throws {
    var run = try TestRun(evaluations: evaluations)
    run.settings.order = order
    self.run = run
    driver = try SearchDriver(settings: run.settings)
    table = run.leaseTable
  }

  /// Has a candidate proposed; returns its number.
  private mutating func propose() -> Int? {
    let slices = run.settings.description.slices
    driver.want(shardCount: 1)
    guard let request = driver.ask(countMax: 1, shardCount: slices.count) else { return nil }
    guard let proposal = driver.take(request.answer(), slices: slices).first else { return nil }
    table.insert(proposal.candidate, cost: proposal.cost, keys: proposal.keys)
    table.release(proposal.candidate.id)
    return proposal.candidate.id.rawValue
  }

  /// Has every shard of a candidate measured, and the candidate wait for its turn.
  private mutating func holdBack(_ number: Int) throws {
    for slice in run.settings.description.slices.indices {
      table.move(
        ShardID(candidate: CandidateID(number), slice: slice),
        to: .done(
          DoneShard(
            measurement: ShardMeasurement(correct: BitVector(count: 1), summedLoss: 1),
            keyName: "")))
    }
    let open = table.remove(CandidateID(number))
    driver.holdBack(try #require(open))
  }

  private mutating func tellNext() -> Int? {
    guard let open = driver.takeNext() else { return nil }
    let evaluated = EvaluatedCandidate(open, settings: run.settings)
    _ = driver.tell(open, evaluated)
    return open.candidate.id.rawValue
  }

  @Test mutating func `in strict mode a window of candidates is open`() {
    var proposed: [Int] = []
    while driver.mayPropose, let number = propose() { proposed.append(number) }
    #expect(proposed == [0, 1, 2])
    driver.checkInvariants(openCount: 3)
  }

  @Test mutating func `the search is told in the order of proposal`() throws {
    while driver.mayPropose { _ = propose() }
    try holdBack(2)
    try holdBack(1)
    #expect(tellNext() == nil, "candidate 0 is not evaluated")
    #expect(!driver.mayPropose)
    try holdBack(0)
    #expect(driver.heldBackCandidates == [0, 1, 2].map { CandidateID($0) })
    #expect([tellNext(), tellNext(), tellNext(), tellNext()] == [0, 1, 2, nil])
    #expect(driver.concludedCount == 3)
    #expect(driver.mayPropose)
    driver.checkInvariants(openCount: 0)
  }

  @Test mutating func `a candidate that is quarantined leaves the window at once`() {
    while driver.mayPropose { _ = propose() }
    _ = table.withdraw(CandidateID(0))
    driver.quarantine(CandidateID(0))
    #expect(driver.isQuarantined(CandidateID(0)))
    #expect(driver.mayPropose)
    #expect(propose() == 3)
    driver.checkInvariants(openCount: 3)
  }

  @Test func `without an order candidates are proposed until the evaluations are spent`() throws {
    var world = try Self(order: .asynchronous, evaluations: 5)
    var count = 0
    while !world.driver.isSpent, world.propose() == count { count += 1 }
    #expect(count == 5)
    #expect(!world.driver.mayPropose)
  }

  @Test func `a search that has nothing to offer is spent until something is concluded`() throws {
    // The space of four layers with two patterns holds sixteen genomes.
    var world = try Self(order: .asynchronous, evaluations: 100)
    var count = 0
    while world.propose() != nil { count += 1 }
    #expect(count == 16)
    #expect(world.driver.isSpent)
    try world.holdBack(0)
    #expect(world.tellNext() == 0)
    #expect(!world.driver.isSpent, "a result may help")
    #expect(world.propose() == nil)
    #expect(world.driver.isSpent)
  }
}

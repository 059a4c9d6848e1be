import Coordination
import EvolutionarySearch
import SparsityCore
import Testing
import WireProtocol

/// Leases as the ledger and the sessions see them.
struct LeaseTableTests {
  private let run: TestRun
  private var table: LeaseTable
  private let now = Instant.start + .seconds(100)
  private let first = ShardID(candidate: CandidateID(0), slice: 0)

  init() throws {
    run = try TestRun(evaluations: 4)
    table = LeaseTable(
      slices: run.settings.description.slices, tokens: LeaseTokens(secret: []),
      leasesPerSlotMax: 2, leaseDuration: .seconds(4))
    for number in 0..<2 { add(candidate: number) }
    for worker in UInt64(1)...3 { add(worker: worker) }
  }

  private mutating func add(candidate number: Int) {
    let genome = run.genome(of: CandidateID(number))
    let keys = ShardKeys(description: run.settings.description)
    table.insert(
      Candidate(id: CandidateID(number), genome: genome), cost: run.settings.model.cost(genome),
      keys: keys.keys(of: genome, slices: run.settings.description.slices))
  }

  private mutating func add(worker: UInt64, slots: Int = 1) {
    var session = Session(
      worker: WorkerID(worker), label: "w\(worker)", slots: slots, version: .current, heardAt: now)
    session.leaseCountMax = 2 * slots
    table.insert(session)
  }

  private func holders(of shard: ShardID) -> [WorkerID] {
    table.ledger.state(of: shard)?.leases.map(\.worker) ?? []
  }

  @Test mutating func `nothing is leased before its candidate is durable`() {
    let none = table.popPending(avoiding: [])
    #expect(none == nil)
    table.release(CandidateID(0))
    let shard = table.popPending(avoiding: [])
    #expect(shard == first)
    table.hold(first, by: WorkerID(1), at: now)
    table.checkInvariants()
  }

  @Test mutating func `a lease is the same in the ledger and in the session`() {
    table.release(CandidateID(0))
    let lease = table.hold(first, by: WorkerID(1), at: now)
    #expect(lease.deadline == now + .seconds(4))
    #expect(holders(of: first) == [WorkerID(1)])
    #expect(table.sessions[WorkerID(1)]?.leases == [first])
    table.checkInvariants()
    table.giveBackAll(of: WorkerID(1))
    #expect(holders(of: first).isEmpty)
    #expect(table.sessions[WorkerID(1)]?.leases == [])
    table.remove(WorkerID(1))
    table.checkInvariants()
  }

  @Test mutating func `of two leases the one that stays has the shard`() {
    table.release(CandidateID(0))
    let slow = table.hold(first, by: WorkerID(1), at: now)
    table.hold(first, by: WorkerID(2), at: now + .seconds(1))
    #expect(holders(of: first) == [WorkerID(1), WorkerID(2)])
    table.supersede(slow, for: first, expected: .milliseconds(1), at: now + .seconds(2))
    table.withdraw(slow, of: first)
    #expect(holders(of: first) == [WorkerID(2)])
    #expect(table.sessions[WorkerID(1)]?.pace.samples.count == 1, "it was slower than expected")
    #expect(table.sessions[WorkerID(1)]?.isBeaten == true)
    table.checkInvariants()
  }

  @Test mutating func `only who holds a shard can extend its lease`() {
    table.release(CandidateID(0))
    table.hold(first, by: WorkerID(1), at: now)
    let isExtended = table.extend(first, by: WorkerID(1), at: now + .seconds(3))
    #expect(isExtended)
    #expect(table.ledger.lease(of: first, by: WorkerID(1))?.deadline == now + .seconds(7))
    let isForeign = table.extend(first, by: WorkerID(2), at: now + .seconds(3))
    #expect(!isForeign)
  }

  @Test mutating func `a lease is sent again once in an interval`() {
    table.release(CandidateID(0))
    table.hold(first, by: WorkerID(1), at: now)
    let times = (0...4).map { now + .milliseconds(500 * $0) }
    let sent = times.map {
      table.resend(first, by: WorkerID(1), after: .seconds(1), at: $0)
    }
    #expect(sent == [false, false, true, false, true])
  }

  @Test mutating func `a candidate that is withdrawn leaves no lease behind`() {
    table.release(CandidateID(0))
    let second = ShardID(candidate: CandidateID(0), slice: 1)
    table.hold(first, by: WorkerID(1), at: now)
    table.hold(second, by: WorkerID(2), at: now)
    table.hold(second, by: WorkerID(3), at: now)
    let withdrawn = table.withdraw(CandidateID(0))
    #expect(withdrawn?.map(\.worker) == [WorkerID(1), WorkerID(2), WorkerID(3)])
    #expect(withdrawn?.map(\.shard.shard) == [first, second, second])
    #expect(table.sessions.leaseCount == 0)
    #expect(table.withdraw(CandidateID(0)) == nil)
    table.checkInvariants()
  }

  @Test mutating func `an absence moves what silence is measured by`() {
    table.release(CandidateID(0))
    table.hold(first, by: WorkerID(1), at: now)
    table.allow(for: .seconds(60))
    #expect(table.sessions[WorkerID(1)]?.heardAt == now + .seconds(60))
    #expect(table.ledger.lease(of: first, by: WorkerID(1))?.deadline == now + .seconds(64))
    table.checkSilence(at: now + .seconds(62))
  }

  @Test mutating func `whoever has waited longest is next, key by key`() {
    for (number, key) in [(UInt64(10), "a"), (11, "a"), (12, "a"), (20, "b")] {
      var session = Session(
        worker: WorkerID(number), key: key, label: key, slots: 1, version: .current, heardAt: now)
      session.leaseCountMax = 1
      table.insert(session)
    }
    for worker in UInt64(1)...3 { table.remove(WorkerID(worker)) }
    var turns: [WorkerID] = []
    for _ in 0..<4 { if let worker = table.popSpare() { turns.append(worker) } }
    #expect(turns == [10, 20, 11, 12].map { WorkerID($0) })
    #expect(table.popSpare() == nil)
    table.enqueueIfSpare(WorkerID(12))
    #expect(table.popSpare() == WorkerID(12))
  }

  @Test(arguments: UInt64(0)..<20)
  mutating func `whatever happens, ledger and sessions agree`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for candidate in 0..<2 { table.release(CandidateID(candidate)) }
    for step in 0..<200 {
      let now = now + .seconds(step)
      let worker = WorkerID(UInt64(generator.index(below: 3) + 1))
      let shard = ShardID(
        candidate: CandidateID(generator.index(below: 2)), slice: generator.index(below: 2))
      switch generator.index(below: 5) {
      case 0:
        if let pending = table.popPending(avoiding: []) {
          table.hold(pending, by: worker, at: now)
        }
      case 1:
        if holders(of: shard).count == 1, holders(of: shard) != [worker] {
          table.hold(shard, by: worker, at: now)
        }
      case 2: table.giveBack(shard, from: worker)
      case 3: table.suspect(shard.candidate)
      default: table.acquit(shard.candidate)
      }
      table.checkInvariants()
    }
  }
}

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
    table = run.leaseTable
    for (number, genome) in run.settings.search.initial.prefix(2).enumerated() {
      run.open(Candidate(id: CandidateID(number), genome: genome), in: &table)
    }
    for worker: UInt64 in [1, 2, 3] { add(worker: worker) }
  }

  private mutating func add(worker: UInt64, slots: Int = 1) {
    var session = Session(
      worker: WorkerID(worker), label: "w\(worker)", slots: slots, heardAt: now)
    session.load.want(leaseCountMax: 2 * slots, isRefused: false)
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
    #expect(table.sessions[WorkerID(1)]?.load.leases == [first])
    table.checkInvariants()
    table.giveBackAll(of: WorkerID(1))
    #expect(holders(of: first).isEmpty)
    #expect(table.sessions[WorkerID(1)]?.load.leases == [])
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
    #expect(table.sessions[WorkerID(1)]?.standing.isBeaten == true)
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

  @Test mutating func `a delay counts once for each worker as long as another peer could try`() {
    let candidate = CandidateID(0)
    table.release(candidate)
    let none = table.countDelay(of: candidate, by: WorkerID(1))
    #expect(none == 0, "nobody has failed with it: the workers are slow")
    let one = table.countFailure(of: candidate, by: WorkerID(1))
    #expect(one == 1)
    let two = table.countDelay(of: candidate, by: WorkerID(2))
    #expect(two == 2)
    let again = table.countDelay(of: candidate, by: WorkerID(2))
    #expect(again == 0, "the third has not tried")
  }

  @Test mutating func `a delay counts each time when all that are there have tried in vain`() {
    let candidate = CandidateID(0)
    table.release(candidate)
    _ = table.countFailure(of: candidate, by: WorkerID(1))
    // The worker was turned away for failing with everything, and has come back.
    table.forgive(WorkerID(1), candidates: [candidate])
    var streak = FailureStreak()
    streak.candidates = [candidate]
    table.modify(WorkerID(1)) { $0.standing.fail(streak) }
    let counts = [2, 3, 2, 3].map { table.countDelay(of: candidate, by: WorkerID($0)) }
    #expect(counts == [1, 2, 3, 4])
  }

  @Test mutating func `an absence moves what silence is measured by`() {
    table.release(CandidateID(0))
    table.hold(first, by: WorkerID(1), at: now)
    table.allow(for: .seconds(60))
    #expect(table.sessions[WorkerID(1)]?.contact.heardAt == now + .seconds(60))
    #expect(table.ledger.lease(of: first, by: WorkerID(1))?.deadline == now + .seconds(64))
    table.checkSilence(at: now + .seconds(62))
  }

  @Test mutating func `the one that has waited longest is next, key by key`() {
    for (number, key) in [(UInt64(10), "a"), (11, "a"), (12, "a"), (20, "b")] {
      var session = Session(
        worker: WorkerID(number), key: key, label: key, slots: 1, heardAt: now)
      session.load.want(leaseCountMax: 1, isRefused: false)
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

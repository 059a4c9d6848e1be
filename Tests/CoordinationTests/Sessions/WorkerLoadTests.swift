import Coordination
import SparsityCore
import Testing
import WireProtocol

struct WorkerLoadTests {
  private func shard(_ number: Int) -> ShardID {
    ShardID(candidate: CandidateID(number), slice: 0)
  }

  @Test func `a worker that has not asked gets nothing`() {
    var load = WorkerLoad(slots: 2)
    #expect(load.spare(limit: 2) == 0)
    #expect(!load.wantsMore)
    load.want(leaseCountMax: 3, isRefused: false)
    #expect(load.spare(limit: 2) == 3)
    #expect(load.spare(limit: 1) == 2, "no more than the limit for each slot")
    load.want(leaseCountMax: 3, isRefused: true)
    #expect(load.spare(limit: 2) == 0)
  }

  @Test func `what is in hand counts, leased or not`() {
    var load = WorkerLoad(slots: 2)
    load.want(leaseCountMax: 4, isRefused: false)
    load.add(shard(0))
    load.add(shard(1))
    #expect(load.spare(limit: 2) == 2)
    load.lose(shard(0))
    #expect(load.leases == [shard(1)])
    #expect(load.spare(limit: 2) == 2, "the worker still evaluates what it has lost")
    load.hasSpotCheck = true
    #expect(load.spare(limit: 2) == 1)
    load.stopLost()
    load.stopLost()
    #expect(load.spare(limit: 2) == 2, "there was only one to stop")
    load.reportUnleased(4)
    #expect(load.spare(limit: 2) == 0)
    load.checkInvariants(limit: 2)
  }

  @Test func `leases run in their order, and the turn of another one comes by slots`() {
    var load = WorkerLoad(slots: 2)
    #expect(load.isFree)
    #expect(load.nextTurn == 0)
    for number in 0..<3 { load.add(shard(number)) }
    #expect(load.running == [shard(0), shard(1)])
    #expect(load.nextTurn == 1)
    load.drop(shard(0))
    #expect(load.running == [shard(1), shard(2)])
    load.add(shard(3))
    load.add(shard(4))
    #expect(load.nextTurn == 2)
    #expect(!load.isFree)
  }

  @Test func `a worker that let a lease expire gets nothing until it asks again`() {
    var load = WorkerLoad(slots: 1)
    load.want(leaseCountMax: 2, isRefused: false)
    load.satisfy()
    load.expire(shard(7))
    #expect(load.spare(limit: 2) == 0)
    #expect(load.expired == [shard(7)])
    load.want(leaseCountMax: 2, isRefused: false)
    load.forgetExpired()
    #expect(load.spare(limit: 2) == 2)
    #expect(load.expired.isEmpty)
  }
}

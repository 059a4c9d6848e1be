import Coordination
import SparsityCore
import Testing
import WireProtocol

struct StragglerPolicyTests {
  private let timing = CoordinatorTiming(leaseDuration: .seconds(4))
  private let now = Instant.start + .seconds(50)

  private func policy(millisecondsAnImage: Int? = nil) -> StragglerPolicy {
    var pace = Pace(countMax: 63)
    if let millisecondsAnImage {
      pace.observe(microseconds: millisecondsAnImage * 1_000, images: 1)
    }
    return StragglerPolicy(timing: timing, pace: pace)
  }

  private func pace(millisecondsAnImage: Int) -> Pace {
    var pace = Pace(countMax: 9)
    pace.observe(microseconds: millisecondsAnImage * 1_000, images: 1)
    return pace
  }

  private func lease(turn: Int = 0) -> Lease {
    Lease(worker: WorkerID(1), deadline: now, sentAt: now, givenAt: now, turn: turn)
  }

  private func shard(_ number: Int) -> ShardID {
    ShardID(candidate: CandidateID(number), slice: 0)
  }

  @Test func `nothing is expected before the first result`() {
    let unknown = Pace(countMax: 9)
    #expect(policy().expectedTime(images: 10, at: unknown) == nil)
    #expect(policy().stragglerTime(of: lease(), images: 10, at: unknown) == nil)
    #expect(
      policy(millisecondsAnImage: 5).expectedTime(images: 10, at: unknown) == .milliseconds(50))
  }

  @Test func `a worker is believed to be sixteen times as slow as all at most`() {
    let policy = policy(millisecondsAnImage: 1)
    let times = [2, 16, 1000].map {
      policy.expectedTime(images: 1, at: pace(millisecondsAnImage: $0))
    }
    #expect(times == [.milliseconds(2), .milliseconds(16), .milliseconds(16)])
  }

  @Test func `a lease straggles three times its expected time and a lease later, turn by turn`() {
    let policy = policy(millisecondsAnImage: 100)
    let own = pace(millisecondsAnImage: 100)
    #expect(policy.stragglerTime(of: lease(), images: 10, at: own) == now + .seconds(7))
    #expect(policy.stragglerTime(of: lease(turn: 1), images: 10, at: own) == now + .seconds(10))
  }

  @Test func `a lease that is late needs as long again`() {
    let policy = policy(millisecondsAnImage: 100)
    let own = pace(millisecondsAnImage: 100)
    let remaining = [0, 400, 1000, 1500].map {
      policy.remainingTime(of: lease(), images: 10, at: own, now: now + .milliseconds($0))
    }
    #expect(remaining == [1000, 600, 0, 500].map { Duration.milliseconds($0) })
  }

  @Test func `stragglers come in order, those that nobody takes behind the others`() {
    var policy = policy()
    policy.beginScan()
    for number in [5, 3, 5, 4] { policy.add(shard(number)) }
    policy.endScan()
    policy.checkInvariants()
    let taken = policy.takeStragglers()
    #expect(Array(taken) == [3, 4, 5].map(shard))
    #expect(!policy.hasStragglers)
    policy.putBack([shard(4)])
    #expect(policy.hasStragglers)
    policy.beginScan()
    #expect(!policy.hasStragglers)
  }

  @Test func `a bounded number of stragglers is tried at once`() {
    var policy = policy()
    policy.beginScan()
    for number in 0..<100 { policy.add(shard(number)) }
    policy.endScan()
    #expect(policy.takeStragglers().count == 16)
    #expect(policy.takeStragglers().first == shard(16))
  }

  @Test func `the tail is looked through four times in a heartbeat interval`() {
    var policy = policy()
    let looks = [0, 249, 250, 499].map {
      policy.mayLookThroughTail(at: now + .milliseconds($0))
    }
    #expect(looks == [true, false, true, false])
    policy.endTail()
    #expect(policy.tailDeadline == nil)
  }

  @Test func `what nobody takes goes to anybody after the silence of a worker`() {
    var policy = policy()
    let due = now + timing.sessionTimeout
    let times = [0, 5].map { policy.lastResortTime(at: now + .seconds($0)) }
    #expect(times == [due, due], "it counts from the first look")
    policy.allow(for: .seconds(30))
    let moved = policy.lastResortTime(at: now + .seconds(6))
    #expect(moved == due + .seconds(30))
    policy.endRest()
    let anew = policy.lastResortTime(at: now + .seconds(9))
    #expect(anew == due + .seconds(9))
  }
}

import Coordination
import Testing

struct SnapshotPlanTests {
  @Test func `a snapshot is due after an interval, in a long run after a share of it`() {
    let plan = SnapshotPlan(recordCount: 0)
    #expect([99, 100].map { plan.isDue(at: $0, interval: 100, isLast: false) } == [false, true])
    let long = SnapshotPlan(recordCount: 32_000)
    let due = [32_100, 33_000, 33_040].map { long.isDue(at: $0, interval: 100, isLast: false) }
    #expect(due == [false, false, true])
  }

  @Test func `the last one is worth it after a sixteenth of the interval`() {
    let plan = SnapshotPlan(recordCount: 100)
    #expect([115, 116].map { plan.isDue(at: $0, interval: 256, isLast: true) } == [false, true])
    #expect(!plan.isDue(at: 100, interval: 1, isLast: true), "there is nothing new")
  }

  @Test func `a snapshot waits for its records, and the next one for it`() throws {
    let (machine, _, _) = try CoordinatorSnapshotTests.machine()
    let snapshot = machine.snapshot
    var plan = SnapshotPlan(recordCount: 0)
    plan.keep(snapshot)
    #expect(!plan.isDue(at: 1_000_000, interval: 1, isLast: false))
    let early = plan.takeWritable(durableCount: snapshot.recordCount - 1)
    #expect(early == nil)
    let taken = plan.takeWritable(durableCount: snapshot.recordCount)
    #expect(taken == snapshot)
    #expect(plan.takeWritable(durableCount: snapshot.recordCount) == nil)
    #expect(!plan.isDue(at: snapshot.recordCount, interval: 1, isLast: false))
  }
}

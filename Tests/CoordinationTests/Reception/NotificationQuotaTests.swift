import Coordination
import Testing

struct NotificationQuotaTests {
  private typealias Quota = NotificationQuota

  @Test func `a key has a burst and then one more at a time`() {
    var quota = Quota()
    var now = Instant.start
    let burst = (0..<1_000).count { _ in quota.admit("key", isUrgent: false, at: now) }
    #expect(burst == Quota.burstCountMax)
    now = now + Quota.refillInterval * 3
    let later = (0..<1_000).count { _ in quota.admit("key", isUrgent: false, at: now) }
    #expect(later == 3)
    now = now + .seconds(3_600)
    let rested = (0..<1_000).count { _ in quota.admit("key", isUrgent: false, at: now) }
    #expect(rested == Quota.burstCountMax)
  }

  @Test func `neither another key nor a warning pays for a flood`() {
    var quota = Quota()
    for _ in 0..<100_000 { _ = quota.admit("flood", isUrgent: false, at: .start) }
    let isOtherTold = quota.admit("honest", isUrgent: false, at: .start)
    #expect(isOtherTold)
    let isWarningTold = quota.admit("flood", isUrgent: true, at: .start)
    #expect(isWarningTold)
  }

  @Test func `what is left out is counted and told once, now and then`() {
    var quota = Quota()
    let early = quota.takeSummary(at: .start)
    #expect(early.isEmpty)
    for _ in 0..<(Quota.burstCountMax + 7) { _ = quota.admit("b", isUrgent: true, at: .start) }
    for _ in 0..<(Quota.burstCountMax + 5) { _ = quota.admit("a", isUrgent: false, at: .start) }
    let tooSoon = quota.takeSummary(at: .start + .seconds(1))
    #expect(tooSoon.isEmpty)
    let summary = quota.takeSummary(at: .start + Quota.summaryInterval)
    #expect(summary.map(\.key) == ["a", "b"])
    #expect(summary.map(\.count) == [5, 7])
    let rest = quota.takeSummary()
    #expect(rest.isEmpty)
  }

  @Test func `more keys than are told apart share one allowance`() {
    var quota = Quota()
    for number in 0..<(2 * Quota.keyCountMax) {
      for _ in 0..<2 { _ = quota.admit("\(number)", isUrgent: false, at: .start) }
    }
    let told = (0..<1_000).count { quota.admit("late \($0)", isUrgent: false, at: .start) }
    #expect(told == Quota.burstCountMax)
    // When those have rested, their places are free.
    let now = Instant.start + .seconds(60)
    let after = (0..<1_000).count { quota.admit("new \($0)", isUrgent: false, at: now) }
    #expect(after == 1_000)
  }
}

import Coordination
import SparsityCore
import Testing
import WireProtocol

struct VerificationTests {
  private let timing = CoordinatorTiming()
  private let now = Instant.start + .seconds(7)

  private func verification(share: Double = 0.5, distrusted: Set<String> = []) -> Verification {
    Verification(
      settings: SpotCheckSettings(share: share), distrusted: distrusted,
      tokens: LeaseTokens(secret: []))
  }

  @Test func `the coordinator's own key needs no other word and cannot be discarded`() {
    let verification = verification(distrusted: ["liar"])
    #expect(["", "coordinator", "a"].map(verification.needsWitness) == [false, false, true])
    #expect(verification.discardProblem(of: "a") == nil)
    for name in ["", "coordinator", "liar"] {
      #expect(verification.discardProblem(of: name) != nil, "\(name)")
    }
    #expect(verification.isAuditor("coordinator"))
    #expect(!verification.isAuditor("a"))
    #expect(!verification.isAuditor(nil))
  }

  @Test func `the share that is measured again is that of the settings`() throws {
    let keys = try (0..<1_000).map { number in
      let bytes = (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 8)) &+ UInt8($0) }
      return ShardKey(try #require(ContentHash(bytes: bytes)))
    }
    let none = verification(share: 0)
    #expect(!none.repeatsShards)
    #expect(!keys.contains { none.isDrawn($0) })
    #expect(keys.allSatisfy { verification(share: 1).isDrawn($0) })
    #expect(keys.allSatisfy { (0..<3).contains(verification().choice(of: 3, for: $0)) })
  }

  @Test func `the front is looked through once for each number of concluded candidates`() {
    var verification = verification()
    #expect(verification.needsFrontPlan(concludedCount: 4))
    #expect(!verification.isFrontChecked(concludedCount: 4))
    verification.planFront(concludedCount: 4)
    #expect(!verification.needsFrontPlan(concludedCount: 4))
    #expect(verification.isFrontChecked(concludedCount: 4))
    #expect(verification.needsFrontPlan(concludedCount: 5))
    #expect(!verification.isFrontChecked(concludedCount: 5))
  }

  @Test func `a run that repeats nothing has its front checked`() {
    let verification = verification(share: 0)
    #expect(!verification.needsFrontPlan(concludedCount: 4))
    #expect(verification.isFrontChecked(concludedCount: 4))
  }

  @Test func `patience with workers is short, that with the auditor long`() {
    var verification = verification()
    let end = verification.patienceEnd(timing: timing, at: now)
    #expect(end == now + timing.sessionTimeout * 2)
    #expect(verification.patienceEnd(timing: timing, at: now + .seconds(5)) == end)
    verification.allow(for: .seconds(60))
    #expect(verification.patienceEnd(timing: timing, at: now) == end + .seconds(60))
    verification.wantAuditor()
    #expect(verification.isAuditorWanted)
    #expect(verification.patienceEnd(timing: timing, at: now) == now + timing.stallTimeout)
    verification.endPatience()
    let anew = verification.patienceEnd(timing: timing, at: now + .seconds(9))
    #expect(anew == now + .seconds(9) + timing.stallTimeout)
  }
}

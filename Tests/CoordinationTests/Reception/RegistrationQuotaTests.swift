import Coordination
import Testing

struct RegistrationQuotaTests {
  @Test func `a key leaves room for the sessions of others`() {
    var quota = RegistrationQuota(sessionCountMax: 8)
    func refusal(of key: String, _ sessionCount: Int, hasOthers: Bool) -> String? {
      quota.refusal(of: key, sessionCount: sessionCount, hasOthers: hasOthers, at: .start)
    }
    #expect(quota.sessionCountMaxOfKey == 6)
    for count in 0..<8 {
      let diagnostic = refusal(of: "a", count, hasOthers: true)
      #expect((diagnostic == nil) == (count < 6))
    }
    #expect(refusal(of: "b", 0, hasOthers: true) == nil)
    #expect(refusal(of: "b", 7, hasOthers: false) == nil)
  }

  @Test func `a key opens all its sessions at once, then a hundredth of them a second`() {
    var quota = RegistrationQuota(sessionCountMax: 1_000)
    func opened(at seconds: Int, tries: Int) -> Int {
      (0..<tries).count { _ in
        quota.refusal(of: "a", sessionCount: 0, hasOthers: false, at: .start + .seconds(seconds))
          == nil
      }
    }
    #expect(opened(at: 0, tries: 5_000) == 1_000)
    #expect(opened(at: 1, tries: 5_000) == 10)
    #expect(opened(at: 11, tries: 5_000) == 100)
    #expect(opened(at: 1_000, tries: 5_000) == 1_000)
    let other = quota.refusal(of: "b", sessionCount: 0, hasOthers: false, at: .start)
    #expect(other == nil)
    quota.prune { $0 != "a" }
    #expect(opened(at: 1_000, tries: 1) == 1)
  }
}

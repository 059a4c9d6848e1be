import Coordination
import Testing

struct ToldEndingsTests {
  @Test func `each reason is told once of each key`() {
    var endings = ToldEndings()
    let first = endings.notice(of: .flood, key: "k1")
    #expect(first?.isForUsers == true)
    #expect(first?.text.contains("the key k1 floods") == true)
    let again = endings.notice(of: .flood, key: "k1")
    #expect(again == nil)
    let others = [endings.notice(of: .unread, key: "k1"), endings.notice(of: .flood, key: nil)]
    #expect(others.allSatisfy { $0?.urgency == .warning })
  }

  @Test func `what is no trouble is for the log alone`() {
    var endings = ToldEndings()
    for reason in [ConnectionEndReason.silence, .refusal] {
      let notice = endings.notice(of: reason, key: nil)
      #expect(notice?.urgency == .information)
      #expect(notice?.isForUsers == false)
    }
  }

  @Test func `only so many are told`() {
    var endings = ToldEndings()
    let told = (0..<1_000).count { endings.notice(of: .flood, key: "\($0)") != nil }
    #expect(told == UnknownPeers.countMax)
  }
}

import Coordination
import Testing
import WireProtocol

struct UnknownPeersTests {
  @Test func `each address is told once, and only so many`() {
    var peers = UnknownPeers()
    let told = (0..<2).map { peers.add("10.0.0.7", reason: "knocks", at: .start + .seconds($0)) }
    #expect(told == [true, false])
    let toldCount = (0..<1_000).count {
      peers.add("10.0.1.\($0)", reason: "knocks", at: .start + .seconds(10 + $0))
    }
    #expect(toldCount == UnknownPeers.countMax - 1)
    let end = Instant.start + .seconds(2_000)
    #expect(peers.latest(1_000, at: end).count == UnknownPeers.countMax)
    let isToldAgain = peers.add("10.0.0.7", reason: "shouts", at: end)
    #expect(!isToldAgain)
    let expected = UnknownPeer(
      address: "10.0.0.7", diagnostic: "shouts", count: 3, millisecondsAgo: 500)
    #expect(peers.latest(1, at: end + .milliseconds(500)) == [expected])
  }
}

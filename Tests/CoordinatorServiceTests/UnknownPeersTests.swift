import CoordinatorService
import Testing

struct UnknownPeersTests {
  @Test func `each address is told once, and only so many`() {
    var peers = UnknownPeers()
    let told = (0..<2).map { _ in peers.add("10.0.0.7") }
    #expect(told == [true, false])
    #expect(peers.counts == ["10.0.0.7": 2])
    let toldCount = (0..<1_000).count { peers.add("10.0.1.\($0)") }
    #expect(toldCount == UnknownPeers.countMax - 1)
    #expect(peers.counts.count == UnknownPeers.countMax)
    let isToldAgain = peers.add("10.0.0.7")
    #expect(!isToldAgain)
    #expect(peers.counts["10.0.0.7"] == 3)
  }
}

import Coordination
import Testing
import WireProtocol

struct UnreachablePeersTests {
  private static func at(_ milliseconds: Int) -> Instant {
    Instant(sinceStart: .milliseconds(milliseconds))
  }

  private static func gone(
    _ peers: inout UnreachablePeers, isSocketEmpty: Bool, at milliseconds: Int
  ) -> [WorkerID] {
    peers.takeGone(isSocketEmpty: isSocketEmpty, at: at(milliseconds)).map(\.worker)
  }

  @Test func `nobody is gone before what had come was read`() {
    var peers = UnreachablePeers()
    peers.insert(WorkerID(2), at: Self.at(10))
    peers.insert(WorkerID(1), at: Self.at(11))
    #expect(Self.gone(&peers, isSocketEmpty: true, at: 12).isEmpty)
    peers.beginReading()
    peers.insert(WorkerID(3), at: Self.at(13))
    #expect(Self.gone(&peers, isSocketEmpty: true, at: 14) == [WorkerID(1), WorkerID(2)])
    #expect(!peers.isEmpty)
    peers.beginReading()
    #expect(Self.gone(&peers, isSocketEmpty: true, at: 15) == [WorkerID(3)])
    #expect(peers.isEmpty)
  }

  @Test func `messages without end delay a loss by the patience at most`() {
    var peers = UnreachablePeers()
    peers.insert(WorkerID(1), at: Self.at(100))
    for time in [101, 200, 399] {
      peers.beginReading()
      peers.insert(WorkerID(1), at: Self.at(time))
      #expect(Self.gone(&peers, isSocketEmpty: false, at: time).isEmpty)
    }
    #expect(UnreachablePeers.patience == .milliseconds(300))
    #expect(Self.gone(&peers, isSocketEmpty: false, at: 400) == [WorkerID(1)])
    #expect(peers.isEmpty)
  }

  @Test func `the time at which a worker could not be sent to is told with it`() {
    var peers = UnreachablePeers()
    peers.insert(WorkerID(1), at: Self.at(5))
    peers.beginReading()
    let gone = peers.takeGone(isSocketEmpty: true, at: Self.at(9))
    #expect(gone.map(\.since) == [Self.at(5)])
  }
}

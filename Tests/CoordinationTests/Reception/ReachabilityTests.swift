import Coordination
import Testing
import WireProtocol

struct ReachabilityTests {
  private static func at(_ milliseconds: Int) -> Instant {
    Instant(sinceStart: .milliseconds(milliseconds))
  }

  private let worker = WorkerID(1)
  private var sessions = SessionWatch()

  init() { sessions.open(worker, label: "w", at: .start) }

  @Test func `messages are read at once when a worker could not be sent to`() {
    var reachability = Reachability()
    #expect(!reachability.wantsReading)
    #expect(reachability.nextDeadline == nil)
    reachability.notReached(worker, at: Self.at(500))
    #expect(reachability.wantsReading)
    #expect(reachability.nextDeadline == .start)
    reachability.beginReading()
    #expect(reachability.takeGone(of: sessions, isSocketEmpty: true, at: Self.at(501)) == [worker])
    #expect(!reachability.wantsReading)
  }

  @Test func `a worker that has spoken since is asked for again instead`() {
    var sessions = sessions
    var reachability = Reachability()
    reachability.notReached(worker, at: Self.at(500))
    reachability.beginReading()
    sessions.hear(.alive, from: worker, at: Self.at(501))
    #expect(reachability.takeGone(of: sessions, isSocketEmpty: true, at: Self.at(501)).isEmpty)
    #expect(reachability.takeProbes(of: sessions, at: Self.at(801)) == [worker])
  }

  @Test func `a worker whose session is over is gone`() {
    var reachability = Reachability()
    reachability.notReached(worker, at: Self.at(500))
    reachability.beginReading()
    let gone = reachability.takeGone(of: SessionWatch(), isSocketEmpty: true, at: Self.at(501))
    #expect(gone == [worker])
  }
}

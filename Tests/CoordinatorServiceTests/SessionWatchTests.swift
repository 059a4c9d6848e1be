import Coordination
import CoordinatorService
import Testing
import WireProtocol

struct SessionWatchTests {
  private static func at(_ milliseconds: Int) -> Instant {
    Instant(sinceStart: .milliseconds(milliseconds))
  }

  private static func watch(_ count: Int) -> SessionWatch {
    var watch = SessionWatch()
    for number in 0..<count {
      watch.open(WorkerID(UInt64(number)), label: "w", at: .start)
    }
    return watch
  }

  @Test func `a session belongs to the key that has asked for it, whenever it begins`() {
    var watch = SessionWatch()
    let (first, second) = (WorkerID(1), WorkerID(2))
    watch.greet(first, key: "k1", connection: 7)
    watch.greet(second, key: "k2", connection: 8)
    #expect(watch.greeter(first) == "k1")
    for worker in [first, second] { watch.open(worker, label: "w", at: .start) }
    #expect([first, second].map { watch[$0]?.key } == ["k1", "k2"])
    #expect([first, second].map { watch[$0]?.connection } == [7, 8])
    #expect(watch.count(of: "k1") == 1)
  }

  @Test func `without the end of a connection nobody is asked for`() {
    var watch = Self.watch(3)
    #expect(watch.nextDeadline == nil)
    #expect(watch.takeProbes(at: Self.at(100_000)).isEmpty)
  }

  @Test func `who is silent when a connection has ended is asked for twice`() {
    var watch = Self.watch(3)
    watch.connectionEnded(at: Self.at(5_000))
    #expect(watch.takeProbes(at: Self.at(5_299)).isEmpty)
    watch.hear(.alive, from: WorkerID(1), at: Self.at(5_200))
    #expect(watch.nextDeadline == Self.at(5_300))
    #expect(watch.takeProbes(at: Self.at(5_300)) == [WorkerID(0), WorkerID(2)])
    watch.close(WorkerID(0))
    #expect(watch.takeProbes(at: Self.at(5_600)) == [WorkerID(1), WorkerID(2)])
    #expect(watch.nextDeadline == nil)
    #expect(watch.takeProbes(at: Self.at(9_000)).isEmpty)
  }

  @Test func `many ends make few rounds and large rounds many portions`() {
    let count = 1_000
    var watch = Self.watch(count)
    for millisecond in 5_000..<6_000 { watch.connectionEnded(at: Self.at(millisecond)) }
    var asked: [WorkerID] = []
    var portions = 0
    while let deadline = watch.nextDeadline {
      let probes = watch.takeProbes(at: max(deadline, Self.at(6_000 + portions)))
      #expect(probes.count <= SessionWatch.portionCountMax)
      asked += probes
      portions += 1
    }
    #expect(asked.count <= 4 * count)
    #expect(Set(asked).count == count)
    #expect(portions >= count / SessionWatch.portionCountMax)
  }
}

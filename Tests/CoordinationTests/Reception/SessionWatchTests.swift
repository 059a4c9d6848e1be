import Coordination
import SparsityCore
import Testing
import WireProtocol

struct SessionWatchTests {
  private static func at(_ milliseconds: Int) -> Instant {
    Instant(sinceStart: .milliseconds(milliseconds))
  }

  @Test func `a session belongs to the key that has asked for it, whenever it begins`() {
    var watch = SessionWatch()
    let (first, second) = (WorkerID(1), WorkerID(2))
    watch.greet(first, key: "k1", connection: ConnectionID(7))
    watch.greet(second, key: "k2", connection: ConnectionID(8))
    for worker in [first, second] { watch.open(worker, label: "w", at: .start) }
    #expect([first, second].map { watch[$0]?.key } == ["k1", "k2"])
    #expect([first, second].map { watch[$0]?.connection?.rawValue } == [7, 8])
    #expect(watch.count(of: "k1") == 1)
    watch.checkInvariants()
  }

  @Test func `sessions are counted by the key that has opened them`() {
    var watch = SessionWatch()
    for number in 0..<6 {
      let worker = WorkerID(UInt64(number))
      watch.greet(worker, key: number < 4 ? "many" : "few", connection: nil)
      watch.open(worker, label: "w\(number % 2)", at: .start)
    }
    #expect(["many", "few", "none"].map { watch.count(of: $0) } == [4, 2, 0])
    for _ in 0..<2 { watch.close(WorkerID(0)) }
    #expect(["many", "few"].map { watch.count(of: $0) } == [3, 2])
    watch.checkInvariants()
    #expect(watch.workers { $0 == "many" }.map(\.rawValue) == [4, 5])
    #expect(watch.workers(named: "w0").map(\.rawValue) == [2, 4])
    #expect(watch.workers(named: "\(WorkerID(3))").map(\.rawValue) == [3])
  }

  @Test func `who waits for a session counts as one of its key until it is dismissed`() {
    var watch = SessionWatch()
    let workers = (1...3).map { WorkerID(UInt64($0)) }
    for worker in workers { watch.greet(worker, key: "k", connection: ConnectionID(1)) }
    watch.greet(workers[0], key: "k", connection: ConnectionID(2))
    #expect(watch.count(of: "k") == 3)
    #expect(watch.owner(of: workers[0])?.connection == ConnectionID(2))
    #expect(watch.workers { _ in false } == workers)
    watch.open(workers[0], label: "w", at: .start)
    watch.dismiss(workers[1])
    watch.checkInvariants()
    #expect(workers.map(watch.isWaiting) == [false, false, true])
    #expect(watch.count(of: "k") == 2)
    watch.dismissAll()
    watch.checkInvariants()
    #expect(watch.count(of: "k") == 1)
    #expect(watch.owner(of: workers[2]) == nil)
  }

  @Test func `silence is counted from the last message by whatever connection`() {
    var watch = SessionWatch()
    for number in 0..<3 { watch.open(WorkerID(UInt64(number)), label: "w", at: .start) }
    watch.hear(.alive, from: WorkerID(1), by: ConnectionID(9), at: Self.at(100))
    watch.hear(.alive, from: WorkerID(7), by: ConnectionID(9), at: Self.at(100))
    #expect(watch.workers(silentSince: Self.at(99)).map(\.rawValue) == [0, 2])
    #expect(watch.workers(silentSince: Self.at(100)).map(\.rawValue) == [0, 1, 2])
    #expect(watch[WorkerID(1)]?.connection == ConnectionID(9))
  }

  @Test func `what workers say of their time adds up without overflow`() throws {
    let run = try TestRun()
    let shard = ShardID(candidate: CandidateID(0), slice: 0)
    var watch = SessionWatch()
    watch.open(WorkerID(1), label: "w", at: .start)
    for microseconds in [5, -7, Int.max] {
      var result = run.result(of: shard, from: WorkerID(1))
      result.evaluationMicroseconds = microseconds
      watch.hear(.result(result), from: WorkerID(1), at: .start)
    }
    let entry = watch[WorkerID(1)]
    #expect(entry?.resultCount == 3)
    #expect(entry?.imageCount == 6)
    #expect(entry?.evaluationMicroseconds == 86_400_000_005)
  }
}

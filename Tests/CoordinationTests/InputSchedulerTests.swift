import ContentHashing
import Coordination
import SparsityCore
import Testing
import WireProtocol

struct InputSchedulerTests {
  let model = ContentHash(of: [UInt8]("model".utf8).span)
  let data = ContentHash(of: [UInt8]("data".utf8).span)
  let workers = (1...3).map { WorkerID($0) }

  private func request(_ chunks: [Int], attempt: Int = 0) -> FetchRequest {
    FetchRequest(content: model, chunks: chunks, attempt: attempt)
  }

  private func orders(_ scheduler: inout InputScheduler, at now: Instant = .start) -> [(
    WorkerID, Int
  )] {
    var orders: [(WorkerID, Int)] = []
    while let order = scheduler.next(at: now) {
      scheduler.checkInvariants()
      orders.append((order.worker, order.chunk))
    }
    return orders
  }

  @Test func `workers take turns, and each gets its chunks in order`() {
    var scheduler = InputScheduler()
    scheduler.take(request([5, 3, 4]), from: workers[0], at: .start)
    scheduler.take(request([0]), from: workers[1], at: .start)
    scheduler.take(request([7, 8]), from: workers[2], at: .start)
    let orders = orders(&scheduler)
    #expect(orders.map(\.0.rawValue) == [1, 2, 3, 1, 3, 1])
    #expect(orders.map(\.1) == [3, 0, 7, 4, 8, 5])
    #expect(scheduler.underWayCount == 6)
  }

  @Test func `a chunk under way is not sent again unless the attempt is another`() {
    var scheduler = InputScheduler()
    scheduler.take(request([0, 1]), from: workers[0], at: .start)
    _ = orders(&scheduler)
    scheduler.take(request([1, 2]), from: workers[0], at: .start)
    #expect(scheduler.underWayCount == 1)
    #expect(orders(&scheduler).map(\.1) == [2])
    scheduler.take(request([1, 2], attempt: 1), from: workers[0], at: .start)
    #expect(scheduler.underWayCount == 0)
    #expect(orders(&scheduler).map(\.1) == [1, 2])
    // A delayed request of an earlier attempt says nothing new.
    scheduler.take(request([0, 1, 2]), from: workers[0], at: .start)
    #expect(orders(&scheduler).isEmpty)
    scheduler.take(request([], attempt: 1), from: workers[0], at: .start)
    #expect(scheduler.underWayCount == 0)
    #expect(scheduler.workerCount == 0)
  }

  @Test func `another file replaces what was wanted before`() {
    var scheduler = InputScheduler()
    scheduler.take(request([0, 1]), from: workers[0], at: .start)
    _ = scheduler.next(at: .start)
    scheduler.take(
      FetchRequest(content: data, chunks: [0], attempt: 0), from: workers[0], at: .start)
    let order = scheduler.next(at: .start)
    #expect(order?.content == data)
    #expect(scheduler.underWayCount == 1)
    #expect(scheduler.next(at: .start) == nil)
  }

  @Test func `what is under way is bounded for all workers together`() {
    var scheduler = InputScheduler(bounds: .init(underWayCountMax: 4))
    for worker in workers { scheduler.take(request([0, 1, 2]), from: worker, at: .start) }
    #expect(orders(&scheduler).count == 4)
    scheduler.take(request([1, 2, 3]), from: workers[0], at: .start)
    #expect(orders(&scheduler).count == 1)
    scheduler.remove(workers[0])
    #expect(scheduler.underWayCount == 3)
    #expect(orders(&scheduler).count == 1)
  }

  @Test func `sessions that never confirm starve nobody with another key`() {
    var scheduler = InputScheduler()
    for number in 10..<26 {
      scheduler.take(request(Array(0..<64)), from: WorkerID(UInt64(number)), key: "hog", at: .start)
    }
    #expect(orders(&scheduler).count == 256, "a quarter of what may be under way")
    scheduler.take(request([0, 1, 2]), from: workers[0], key: "honest", at: .start)
    #expect(orders(&scheduler).map(\.0) == [workers[0], workers[0], workers[0]])
    scheduler.prune(at: .start + .seconds(29)) { _ in true }
    #expect(scheduler.underWayCount == 259)
    scheduler.prune(at: .start + .seconds(30)) { _ in true }
    #expect(scheduler.underWayCount == 0, "what is under way for too long does not count")
    #expect(orders(&scheduler, at: .start + .seconds(30)).count == 256)
  }

  @Test func `keys take turns, however many sessions they have`() {
    var scheduler = InputScheduler()
    for number in 10..<20 {
      scheduler.take(request([0, 1]), from: WorkerID(UInt64(number)), key: "many", at: .start)
    }
    scheduler.take(request([0, 1, 2]), from: workers[0], key: "one", at: .start)
    let first = orders(&scheduler).prefix(6).map(\.0.rawValue)
    #expect(first == [10, 1, 11, 1, 12, 1])
  }

  @Test func `workers that are gone or silent free what was under way to them`() {
    var scheduler = InputScheduler(bounds: .init(underWayCountMax: 2, requestTimeout: .seconds(10)))
    scheduler.take(request([0]), from: workers[0], at: .start)
    scheduler.take(request([0]), from: workers[1], at: .start + .seconds(5))
    scheduler.take(request([0]), from: workers[2], at: .start + .seconds(5))
    #expect(orders(&scheduler).count == 2)
    scheduler.prune(at: .start + .seconds(9)) { $0 != workers[1] }
    #expect(scheduler.underWayCount == 1)
    scheduler.prune(at: .start + .seconds(10)) { _ in true }
    #expect(scheduler.underWayCount == 0)
    #expect(orders(&scheduler).map(\.0) == [workers[2]])
  }

  @Test func `a rate spreads the chunks over time`() throws {
    let rate = 4 * WireLimits.chunkSize
    var scheduler = InputScheduler(bounds: .init(bytesPerSecondMax: rate))
    scheduler.take(request(Array(0..<8)), from: workers[0], at: .start)
    var now = Instant.start
    for _ in 0..<7 {
      #expect(scheduler.next(at: now) != nil)
      #expect(scheduler.next(at: now) == nil)
      now = try #require(scheduler.nextDeadline)
    }
    #expect(now == .start + .milliseconds(1750))
  }

  @Test(arguments: UInt64(0)..<200)
  func `whatever is asked, counts and queue agree`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var scheduler = InputScheduler(bounds: .init(underWayCountMax: 1 + generator.index(below: 40)))
    var now = Instant.start
    for _ in 0..<300 {
      now = now + .milliseconds(generator.index(below: 500))
      let worker = WorkerID(UInt64(generator.index(below: 12)))
      switch generator.index(below: 10) {
      case 0: scheduler.remove(worker)
      case 1: scheduler.prune(at: now) { $0.rawValue % 5 != 0 }
      case 2...5:
        let chunks = (0..<generator.index(below: 9)).map { _ in generator.index(below: 20) }
        scheduler.take(
          FetchRequest(
            content: generator.index(below: 2) == 0 ? model : data, chunks: chunks,
            attempt: generator.index(below: 3)), from: worker,
          key: ["a", "b", nil][Int(worker.rawValue) % 3], at: now)
      default: _ = scheduler.next(at: now)
      }
      scheduler.checkInvariants()
    }
  }
}

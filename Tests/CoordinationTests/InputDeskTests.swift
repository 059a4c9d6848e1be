import ContentHashing
import Coordination
import SparsityCore
import Testing
import WireProtocol

struct InputDeskTests {
  let model = ContentHash(of: [UInt8]("model".utf8).span)
  let data = ContentHash(of: [UInt8]("data".utf8).span)
  let workers = (1...3).map { WorkerID($0) }

  private func request(_ chunks: [Int], attempt: Int = 0) -> FetchRequest {
    FetchRequest(content: model, chunks: chunks, attempt: attempt)
  }

  private func orders(_ desk: inout InputDesk, at now: Instant = .start) -> [(WorkerID, Int)] {
    var orders: [(WorkerID, Int)] = []
    while let order = desk.next(at: now) {
      desk.checkInvariants()
      orders.append((order.worker, order.chunk))
    }
    return orders
  }

  @Test func `workers take turns, and each gets its chunks in order`() {
    var desk = InputDesk()
    desk.take(request([5, 3, 4]), from: workers[0], at: .start)
    desk.take(request([0]), from: workers[1], at: .start)
    desk.take(request([7, 8]), from: workers[2], at: .start)
    let orders = orders(&desk)
    #expect(orders.map(\.0.rawValue) == [1, 2, 3, 1, 3, 1])
    #expect(orders.map(\.1) == [3, 0, 7, 4, 8, 5])
    #expect(desk.underWayCount == 6)
  }

  @Test func `a chunk under way is not sent again unless the attempt is another`() {
    var desk = InputDesk()
    desk.take(request([0, 1]), from: workers[0], at: .start)
    _ = orders(&desk)
    desk.take(request([1, 2]), from: workers[0], at: .start)
    #expect(desk.underWayCount == 1)
    #expect(orders(&desk).map(\.1) == [2])
    desk.take(request([1, 2], attempt: 1), from: workers[0], at: .start)
    #expect(desk.underWayCount == 0)
    #expect(orders(&desk).map(\.1) == [1, 2])
    // A delayed request of an earlier attempt says nothing new.
    desk.take(request([0, 1, 2]), from: workers[0], at: .start)
    #expect(orders(&desk).isEmpty)
    desk.take(request([], attempt: 1), from: workers[0], at: .start)
    #expect(desk.underWayCount == 0)
    #expect(desk.workerCount == 0)
  }

  @Test func `another file replaces what was wanted before`() {
    var desk = InputDesk()
    desk.take(request([0, 1]), from: workers[0], at: .start)
    _ = desk.next(at: .start)
    desk.take(FetchRequest(content: data, chunks: [0], attempt: 0), from: workers[0], at: .start)
    let order = desk.next(at: .start)
    #expect(order?.content == data)
    #expect(desk.underWayCount == 1)
    #expect(desk.next(at: .start) == nil)
  }

  @Test func `what is under way is bounded for all workers together`() {
    var desk = InputDesk(bounds: .init(underWayCountMax: 4))
    for worker in workers { desk.take(request([0, 1, 2]), from: worker, at: .start) }
    #expect(orders(&desk).count == 4)
    desk.take(request([1, 2, 3]), from: workers[0], at: .start)
    #expect(orders(&desk).count == 1)
    desk.remove(workers[0])
    #expect(desk.underWayCount == 3)
    #expect(orders(&desk).count == 1)
  }

  @Test func `sessions that never confirm starve nobody with another key`() {
    var desk = InputDesk()
    for number in 10..<26 {
      desk.take(request(Array(0..<64)), from: WorkerID(UInt64(number)), key: "hog", at: .start)
    }
    #expect(orders(&desk).count == 256, "a quarter of what may be under way")
    desk.take(request([0, 1, 2]), from: workers[0], key: "honest", at: .start)
    #expect(orders(&desk).map(\.0) == [workers[0], workers[0], workers[0]])
    desk.prune(at: .start + .seconds(29)) { _ in true }
    #expect(desk.underWayCount == 259)
    desk.prune(at: .start + .seconds(30)) { _ in true }
    #expect(desk.underWayCount == 0, "what is under way for too long does not count")
    #expect(orders(&desk, at: .start + .seconds(30)).count == 256)
  }

  @Test func `keys take turns, however many sessions they have`() {
    var desk = InputDesk()
    for number in 10..<20 {
      desk.take(request([0, 1]), from: WorkerID(UInt64(number)), key: "many", at: .start)
    }
    desk.take(request([0, 1, 2]), from: workers[0], key: "one", at: .start)
    let first = orders(&desk).prefix(6).map(\.0.rawValue)
    #expect(first == [10, 1, 11, 1, 12, 1])
  }

  @Test func `workers that are gone or silent free what was under way to them`() {
    var desk = InputDesk(bounds: .init(underWayCountMax: 2, requestTimeout: .seconds(10)))
    desk.take(request([0]), from: workers[0], at: .start)
    desk.take(request([0]), from: workers[1], at: .start + .seconds(5))
    desk.take(request([0]), from: workers[2], at: .start + .seconds(5))
    #expect(orders(&desk).count == 2)
    desk.prune(at: .start + .seconds(9)) { $0 != workers[1] }
    #expect(desk.underWayCount == 1)
    desk.prune(at: .start + .seconds(10)) { _ in true }
    #expect(desk.underWayCount == 0)
    #expect(orders(&desk).map(\.0) == [workers[2]])
  }

  @Test func `a rate spreads the chunks over time`() throws {
    let rate = 4 * WireLimits.chunkSize
    var desk = InputDesk(bounds: .init(bytesPerSecondMax: rate))
    desk.take(request(Array(0..<8)), from: workers[0], at: .start)
    var now = Instant.start
    for _ in 0..<7 {
      #expect(desk.next(at: now) != nil)
      #expect(desk.next(at: now) == nil)
      now = try #require(desk.nextDeadline)
    }
    #expect(now == .start + .milliseconds(1750))
  }

  @Test(arguments: UInt64(0)..<200)
  func `whatever is asked, counts and queue agree`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var desk = InputDesk(bounds: .init(underWayCountMax: 1 + generator.index(below: 40)))
    var now = Instant.start
    for _ in 0..<300 {
      now = now + .milliseconds(generator.index(below: 500))
      let worker = WorkerID(UInt64(generator.index(below: 12)))
      switch generator.index(below: 10) {
      case 0: desk.remove(worker)
      case 1: desk.prune(at: now) { $0.rawValue % 5 != 0 }
      case 2...5:
        let chunks = (0..<generator.index(below: 9)).map { _ in generator.index(below: 20) }
        desk.take(
          FetchRequest(
            content: generator.index(below: 2) == 0 ? model : data, chunks: chunks,
            attempt: generator.index(below: 3)), from: worker,
          key: ["a", "b", nil][Int(worker.rawValue) % 3], at: now)
      default: _ = desk.next(at: now)
      }
      desk.checkInvariants()
    }
  }
}

import Coordination
import CoordinatorService
import SparsityCore
import Testing
import ZeroMQ

struct ConnectionTableTests {
  /// A table that expectations may change.
  private final class Table {
    private var table: ConnectionTable

    init(bounds: ConnectionTable.Bounds) { table = ConnectionTable(bounds: bounds) }

    var isFull: Bool { table.isFull }
    func open(_ descriptor: Int32, at now: Instant) {
      table.open(Connection(descriptor: descriptor, inode: 0), at: now)
    }
    func close(_ descriptor: Int32) { table.close(descriptor) }
    func send(_ descriptor: Int32, wireSize: Int) { table.send(descriptor, wireSize: wireSize) }
    func recordDrained() { table.recordDrained() }
    func hear(_ descriptor: Int32, key: String?, wireSize: Int) -> Bool {
      table.hear(descriptor, key: key, wireSize: wireSize)
    }
    func refuse(allBut isAllowed: (String?) -> Bool, at now: Instant) {
      table.refuse(allBut: isAllowed, at: now)
    }
    func takeEndings(at now: Instant) -> [ConnectionTable.Ending] { table.takeEndings(at: now) }
    func look(_ kernel: Kernel) -> [ConnectionTable.Ending] { table.look(kernel.traffic) }
  }

  /// What a kernel would count.
  private struct Kernel {
    var received: [Int32: UInt64] = [:]
    var acknowledged: [Int32: UInt64] = [:]

    func traffic(_ connection: Connection) -> Connection.Traffic? {
      received[connection.descriptor].map {
        .init(receivedBytes: $0, acknowledgedBytes: acknowledged[connection.descriptor] ?? 0)
      }
    }
  }

  private func bounds(count: Int = 100) -> ConnectionTable.Bounds {
    var bounds = ConnectionTable.Bounds(countMax: count)
    bounds.receivedBytesMax = 1_000
    bounds.receivedBytesMaxOfAll = 3_000
    bounds.sentBytesMax = 1_000
    bounds.sentBytesMaxOfAll = 3_000
    return bounds
  }

  @Test func `a connection ends that sends more than is consumed, and only that`() {
    let table = Table(bounds: bounds())
    var kernel = Kernel()
    for descriptor in Int32(1)...2 { table.open(descriptor, at: .start) }
    for round in 1...20 {
      kernel.received = [1: UInt64(round * 300), 2: UInt64(round * 300)]
      _ = table.hear(1, key: "honest", wireSize: 300)
      table.recordDrained()
      let endings = table.look(kernel)
      if round == 4 {
        #expect(endings.map(\.connection.descriptor) == [2])
        #expect(endings.map(\.reason) == [.flood])
      } else {
        #expect(endings.isEmpty)
      }
    }
    #expect(!table.hear(2, key: nil, wireSize: 10), "what comes too late is dropped")
  }

  @Test func `of many that are within bounds alone the largest end first`() {
    let table = Table(bounds: bounds())
    var kernel = Kernel()
    for descriptor in Int32(1)...10 {
      table.open(descriptor, at: .start)
      kernel.received[descriptor] = UInt64(descriptor) * 90
    }
    // 4950 bytes in all.
    #expect(table.look(kernel).map(\.connection.descriptor) == [10, 9, 8])
  }

  @Test func `a message of many frames earns no credit by small ones before it`() {
    let table = Table(bounds: bounds())
    var kernel = Kernel()
    table.open(1, at: .start)
    kernel.received[1] = 0
    // A small message is consumed between all looks, but most of what comes is one that never ends.
    var hasEnded = false
    for _ in 1...40 where !hasEnded {
      kernel.received[1]! += 100
      _ = table.hear(1, key: "hostile", wireSize: 40)
      hasEnded = !table.look(kernel).isEmpty
    }
    #expect(hasEnded)
  }

  @Test(arguments: UInt64(0)..<20)
  func `an honest worker never ends, although heartbeats are not counted`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bounds = bounds()
    // Far less than what the heartbeats come to.
    bounds.receivedBytesMax = 20_000
    bounds.receivedBytesMaxOfAll = 20_000
    let table = Table(bounds: bounds)
    var kernel = Kernel()
    table.open(1, at: .start)
    kernel.received[1] = 600
    var waiting = 0
    for _ in 0..<5_000 {
      kernel.received[1]! += 82
      if generator.index(below: 3) > 0 {
        kernel.received[1]! += 150
        waiting += 1
      }
      if generator.index(below: 2) == 0 {
        for _ in 0..<waiting { _ = table.hear(1, key: "honest", wireSize: 150) }
        waiting = 0
        table.recordDrained()
      }
      #expect(table.look(kernel).isEmpty)
    }
  }

  @Test func `a peer that takes nothing of what it is sent is cut off`() {
    let table = Table(bounds: bounds())
    var kernel = Kernel()
    for descriptor in Int32(1)...2 {
      table.open(descriptor, at: .start)
      kernel.received[descriptor] = 0
    }
    for round in 1...6 {
      for descriptor in Int32(1)...2 { table.send(descriptor, wireSize: 300) }
      kernel.acknowledged[1] = UInt64(300 * (round - 1))
      let endings = table.look(kernel)
      #expect(endings.map(\.connection.descriptor) == (round == 4 ? [2] : []))
      #expect(endings.allSatisfy { $0.reason == .unread })
    }
  }

  @Test func `who never speaks ends in time, and at once if there are too many`() {
    let table = Table(bounds: bounds(count: 4))
    for descriptor in Int32(1)...4 {
      table.open(descriptor, at: .start + .seconds(Int(descriptor)))
    }
    _ = table.hear(1, key: "worker", wireSize: 1)
    #expect(table.takeEndings(at: .start + .seconds(5)).isEmpty)
    #expect(!table.isFull, "newcomers take the place of those that are silent")
    for descriptor in Int32(5)...6 { table.open(descriptor, at: .start + .seconds(6)) }
    let crowded = table.takeEndings(at: .start + .seconds(6))
    #expect(crowded.map(\.connection.descriptor) == [2, 3], "the oldest of those that are silent")
    #expect(table.takeEndings(at: .start + .seconds(6)).isEmpty, "once is enough")
    for descriptor in Int32(2)...3 { table.close(descriptor) }
    #expect(table.takeEndings(at: .start + .seconds(18)).isEmpty)
    #expect(table.takeEndings(at: .start + .seconds(21)).map(\.connection.descriptor) == [4, 5, 6])
    for descriptor in Int32(7)...9 {
      table.open(descriptor, at: .start + .seconds(21))
      #expect(!table.isFull)
      _ = table.hear(descriptor, key: "worker", wireSize: 1)
    }
    #expect(table.isFull)
  }

  @Test func `a revoked key's connections end after a moment, and say nothing more`() {
    let table = Table(bounds: bounds())
    for (descriptor, key) in [(Int32(1), "old"), (2, "new"), (3, "old")] {
      table.open(descriptor, at: .start)
      #expect(table.hear(descriptor, key: key, wireSize: 1))
    }
    table.refuse(allBut: { $0 == "new" }, at: .start)
    #expect(!table.hear(1, key: "old", wireSize: 1))
    #expect(table.hear(2, key: "new", wireSize: 1))
    #expect(table.takeEndings(at: .start).isEmpty)
    let endings = table.takeEndings(at: .start + .seconds(1))
    #expect(endings.map(\.connection.descriptor) == [1, 3])
    #expect(endings.map(\.key) == ["old", "old"])
  }
}

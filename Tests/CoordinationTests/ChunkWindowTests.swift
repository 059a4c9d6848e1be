import Coordination
import SparsityCore
import Testing
import WireProtocol

struct ChunkWindowTests {
  private static let rest = 100
  private static let size = 9 * WireLimits.chunkSize + rest

  private static func bytes(of number: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(number), count: number == 9 ? rest : WireLimits.chunkSize)
  }

  @Test func `chunks that come in any order are handed on in the file's`() {
    for seed in 0..<UInt64(20) {
      var generator = SeededGenerator(seed: seed)
      var window = ChunkWindow(size: Self.size, storedSize: 0, windowCount: 4)
      var found: [[UInt8]] = []
      while !window.isComplete {
        // A window that is asked for anew asks for what is missing of it.
        for number in window.ask().shuffled(using: &generator).dropLast(Int(seed % 2)) {
          found += window.take(Self.bytes(of: number), number: number) ?? []
          window.checkInvariants()
        }
        if seed % 2 == 1, let number = window.ask().first {
          found += window.take(Self.bytes(of: number), number: number) ?? []
        }
      }
      #expect(found == (0..<10).map(Self.bytes(of:)), "seed \(seed)")
      #expect(window.storedSize == Self.size)
    }
  }

  @Test func `what was not asked for, has come before or has another size is not taken`() {
    var window = ChunkWindow(size: Self.size, storedSize: 0, windowCount: 4)
    /// The chunks that are handed on for one that comes.
    func count(_ bytes: Int, as number: Int) -> Int? {
      window.take(Self.bytes(of: bytes), number: number)?.count
    }
    let early = count(0, as: 0)
    let asked = window.ask()
    let found = [
      count(4, as: 4), count(9, as: 1), count(1, as: 1), count(1, as: 1), count(0, as: 0),
      count(0, as: 0), count(0, as: -1),
    ]
    #expect(early == nil)
    #expect(asked == [0, 1, 2, 3])
    #expect(found == [nil, nil, 0, nil, 2, nil, nil])
  }

  @Test func `more is wanted once half of the window has arrived`() {
    var window = ChunkWindow(size: Self.size, storedSize: 0, windowCount: 4)
    _ = window.ask()
    var wanted: [Bool] = []
    for number in 0..<4 {
      _ = window.take(Self.bytes(of: number), number: number)
      wanted.append(window.wantsMore)
    }
    #expect(wanted == [false, true, true, true])
  }

  @Test func `a rest that is no whole chunk is fetched again, a complete file is not`() {
    let begun = ChunkWindow(
      size: Self.size, storedSize: 3 * WireLimits.chunkSize + 1, windowCount: 4)
    #expect(begun.storedSize == 3 * WireLimits.chunkSize)
    var whole = ChunkWindow(size: Self.size, storedSize: Self.size, windowCount: 4)
    #expect(whole.isComplete)
    whole.restart()
    let asked = whole.ask()
    #expect(asked == [0, 1, 2, 3])
    #expect(ChunkWindow(size: 0, storedSize: 0, windowCount: 1).isComplete)
  }
}

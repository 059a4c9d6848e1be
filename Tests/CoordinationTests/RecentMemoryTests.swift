import Coordination
import Testing

struct RecentMemoryTests {
  @Test func `the oldest entry is forgotten`() {
    var memory = RecentMemory<Int, String>(countMax: 3)
    for key in 0..<10 { memory.set("\(key)", for: key) }
    #expect(memory.count == 3)
    #expect(memory[6] == nil)
    #expect(memory[7] == "7")
    #expect(memory[9] == "9")
  }

  @Test func `a new value keeps its key's age`() {
    var memory = RecentMemory<Int, String>(countMax: 2)
    memory.set("a", for: 1)
    memory.set("b", for: 2)
    let old = memory.set("c", for: 1)
    #expect(old == "a")
    memory.set("d", for: 3)
    #expect(memory[1] == nil)
    #expect(memory[2] == "b")
  }

  @Test func `a removed entry makes room`() {
    var memory = RecentMemory<Int, String>(countMax: 2)
    memory.set("a", for: 1)
    memory.set("b", for: 2)
    let first = memory.remove(1)
    let second = memory.remove(1)
    #expect(first == "a")
    #expect(second == nil)
    memory.set("c", for: 3)
    #expect(memory[2] == "b")
    memory.set("d", for: 1)
    #expect(memory[2] == nil)
    #expect(memory[1] == "d")
  }
}

import SparsityCore
import Testing

struct CountedTests {
  @Test func `one is singular, everything else is plural`() {
    #expect(counted(1, "worker") == "1 worker")
    #expect(counted(0, "worker") == "0 workers")
    #expect(counted(2, "worker") == "2 workers")
    #expect(counted(1, "entry", plural: "entries") == "1 entry")
    #expect(counted(3, "entry", plural: "entries") == "3 entries")
    #expect(counted(Int64(1), "image") == "1 image")
  }
}

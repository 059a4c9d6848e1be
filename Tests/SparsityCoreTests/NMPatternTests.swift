import SparsityCore
import Testing

struct NMPatternTests {
  @Test(arguments: ["0:4", "5:4", "2:17", "2", "2:4:8", "a:4", "-1:4", "", "2:"])
  func `text that names no pattern is refused`(text: String) {
    #expect(NMPattern(text) == nil)
  }

  @Test func `a last partial group keeps at most its own size`() throws {
    let pattern = try #require(NMPattern("3:8"))
    #expect(pattern.keptCount(ofInputs: 16) == 6)
    #expect(pattern.keptCount(ofInputs: 18) == 8)
    #expect(pattern.keptCount(ofInputs: 23) == 9)
  }

  @Test func `patterns are ordered from sparsest to densest`() throws {
    let patterns = try ["4:4", "2:4", "1:4", "4:8", "3:4"].map { try #require(NMPattern($0)) }
    #expect(patterns.sorted().map(\.description) == ["1:4", "2:4", "4:8", "3:4", "4:4"])
  }
}

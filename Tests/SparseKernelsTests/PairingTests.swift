import SparseKernels
import SparsityCore
import Testing

/// The patterns that pairings serve, with the number of pairs each may lay out.
let pairedPatterns: [(text: String, pairs: Int)] = [
  ("1:4", 16), ("2:4", 12), ("3:4", 8), ("1:8", 28), ("2:8", 28), ("3:8", 20), ("4:8", 20),
  ("5:8", 12), ("6:8", 12),
]

struct PairingTests {
  @Test(arguments: everyPattern)
  func `a pairing serves the patterns of four and eight that leave something out`(
    pattern: NMPattern
  ) {
    let isServed = pairedPatterns.contains { $0.text == pattern.description }
    #expect((Pairing(of: pattern) != nil) == isServed)
  }

  @Test(arguments: pairedPatterns)
  func `pairs are ordered and distinct, and as few as were found`(text: String, count: Int) throws {
    let pattern = try #require(NMPattern(text))
    let pairing = try #require(Pairing(of: pattern))
    #expect(pairing.pairs.count == count)
    #expect(pairing.pairs.allSatisfy { 0 <= $0.lower && $0.lower < $0.higher && $0.higher < 8 })
    #expect(Set(pairing.pairs.map { $0.lower * 8 + $0.higher }).count == count)
  }

  @Test(arguments: pairedPatterns)
  func `every set that a pattern may keep is covered by pairs, each input once`(
    text: String, count: Int
  ) throws {
    let pattern = try #require(NMPattern(text))
    let pairing = try #require(Pairing(of: pattern))
    let sets = keptSets(pattern)
    #expect(!sets.isEmpty)
    for set in sets {
      let slots = pairing.slots(of: set)
      #expect(slots == slots.sorted())
      #expect(slots.count == pairing.kept / 2)
      let inputs = slots.flatMap { [pairing.pairs[$0].lower, pairing.pairs[$0].higher] }
      #expect(inputs.sorted() == (0..<8).filter { set & (1 << $0) != 0 })
    }
  }

  @Test(arguments: pairedPatterns)
  func `no pair can be left out`(text: String, count: Int) throws {
    let pattern = try #require(NMPattern(text))
    let pairing = try #require(Pairing(of: pattern))
    let sets = keptSets(pattern)
    for left in pairing.pairs.indices {
      var others = pairing.pairs
      others.remove(at: left)
      let remaining = others.map { UInt8(1 << $0.lower | 1 << $0.higher) }
      #expect(!sets.allSatisfy { isCovered($0, by: remaining) })
    }
  }

  /// The sets of eight inputs that a pattern keeps, an odd number filled up to an even one.
  private func keptSets(_ pattern: NMPattern) -> [UInt8] {
    let kept = pattern.groupSize == 8 ? (pattern.kept + 1) / 2 * 2 : pattern.kept
    return (UInt8.min...UInt8.max).filter { set in
      stride(from: 0, to: 8, by: pattern.groupSize).allSatisfy { start in
        (start..<start + pattern.groupSize).count { set & (1 << $0) != 0 } == kept
      }
    }
  }

  /// Whether some of the pairs cover a set, each input once.
  private func isCovered(_ set: UInt8, by pairs: [UInt8]) -> Bool {
    guard set != 0 else { return true }
    let lowest = set & (~set &+ 1)
    return pairs.contains { pair in
      pair & lowest != 0 && set & pair == pair && isCovered(set & ~pair, by: pairs)
    }
  }
}

import SparsityCore
import Testing

struct ValueTests {
  @Test func `a bit vector counts its bits and refuses stray ones`() throws {
    var bits = BitVector(count: 11)
    bits[0] = true
    bits[10] = true
    #expect(bits.populationCount == 2)
    #expect(BitVector(bytes: bits.bytes, count: 11) == bits)
    #expect(BitVector(bytes: [0, 0b1000], count: 11) == nil)
    #expect(BitVector(bytes: [0], count: 11) == nil)
    bits[10] = false
    #expect(bits.bytes == [1, 0])
  }

  @Test func `a bit vector counts what another has not`() {
    var (one, other) = (BitVector(count: 11), BitVector(count: 11))
    for place in [0, 3, 9, 10] { one[place] = true }
    for place in [3, 4, 10] { other[place] = true }
    #expect(one.populationCount(without: other) == 2)
    #expect(other.populationCount(without: one) == 1)
    #expect(one.populationCount(without: one) == 0)
  }

  @Test func `a content hash reads what it writes`() throws {
    let hash = try #require(ContentHash(bytes: (0..<32).map { UInt8($0) }))
    #expect(ContentHash(hexadecimal: hash.description) == hash)
    #expect(hash.abbreviated == "000102030405")
    #expect(ContentHash(hexadecimal: "00") == nil)
    #expect(ContentHash(hexadecimal: String(repeating: "g", count: 64)) == nil)
    #expect(ContentHash(bytes: [1, 2]) == nil)
  }

  @Test func `maximized objectives change sign and no other`() {
    #expect(Objective.accuracy.minimized(0.5) == -0.5)
    #expect(Objective.macs.minimized(3) == 3)
    for objective in Quantity.allCases.map({ Objective($0) }) {
      #expect(objective.natural(0).sign == .plus)
      #expect(objective.natural(objective.minimized(2)) == 2)
    }
  }

  @Test func `an objective is that of an accelerator where its text says so`() throws {
    let objective = try #require(Objective(rawValue: "throughput@edge-2"))
    #expect(objective == Objective(.throughput, on: "edge-2"))
    #expect(objective.rawValue == "throughput@edge-2")
    #expect(objective.isMaximized && objective != .throughput)
    for quantity in Quantity.allCases {
      #expect(Objective(rawValue: quantity.rawValue) == Objective(quantity))
    }
    let long = String(repeating: "a", count: 33)
    for text in [
      "speed", "throughput@", "throughput@a b", "throughput@a@b", "accuracy@a", "macs@a",
      "@a", "", "energy@\(long)",
    ] {
      #expect(Objective(rawValue: text) == nil, "\(text)")
    }
  }

  @Test func `a constraint is violated in proportion to its limit`() {
    let half = CostConstraint(objective: .macs, bound: .atMost, limit: .relativeToDense(0.5))
    #expect(half.violation(of: 50, dense: 100) == 0)
    #expect(half.violation(of: 75, dense: 100) == 0.5)
    #expect(half.violation(of: 25, dense: 100) == -0.5)
    let fast = CostConstraint(objective: .throughput, bound: .atLeast, limit: .absolute(200))
    #expect(fast.violation(of: 100, dense: 1) == 0.5)
  }

  @Test func `instruction sets are ordered by ability`() {
    #expect(InstructionSet.allCases.sorted() == [.baseline, .avx2, .avx512, .avx512bf16])
  }
}

import Pruning
import SparsityCore
import Testing

struct MagnitudePruningTests {
  @Test(arguments: ["1:4", "2:4", "4:8"])
  func `masks are those of the reference`(text: String) throws {
    let golden = try GoldenFile(named: "pruning_golden.safetensors")
    let pattern = try #require(NMPattern(text))
    let weight = try #require(golden.arrays["weight"])
    let expected = try #require(
      golden.arrays["magnitude_mask_\(pattern.kept)of\(pattern.groupSize)"])
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let values = weight.values.map(Float.init)
    let mask = magnitudeMask(
      weights: values.span, outputs: outputs, inputs: inputs, pattern: pattern)
    #expect(mask == expected.values.map { $0 != 0 })
    let pruned = magnitudePruned(
      weights: values.span, outputs: outputs, inputs: inputs, pattern: pattern)
    #expect(pruned == zip(values, mask).map { $1 ? $0 : 0 })
  }

  @Test(arguments: [4, 8, 16], UInt64(0)..<10)
  func `every group keeps N weights, none smaller than one it drops`(
    groupSize: Int, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed, stream: UInt64(groupSize))
    let outputs = 1 + generator.index(below: 5)
    let inputs = 1 + generator.index(below: 70)
    // Few different magnitudes, so that ties are common.
    let weights = (0..<outputs * inputs).map { _ in Float(generator.index(below: 7) - 3) }
    for kept in 1...groupSize {
      let pattern = try #require(NMPattern(kept: kept, groupSize: groupSize))
      let mask = magnitudeMask(
        weights: weights.span, outputs: outputs, inputs: inputs, pattern: pattern)
      for row in stride(from: 0, to: weights.count, by: inputs) {
        for start in stride(from: row, to: row + inputs, by: groupSize) {
          let group = start..<min(start + groupSize, row + inputs)
          let keptMagnitudes = group.filter { mask[$0] }.map { abs(weights[$0]) }
          let dropped = group.filter { !mask[$0] }.map { abs(weights[$0]) }
          #expect(keptMagnitudes.count == min(kept, group.count))
          #expect((keptMagnitudes.min() ?? 0) >= (dropped.max() ?? 0))
        }
      }
    }
  }

  /// What `std::nth_element` of the GNU C++ library keeps of every group of four out of 0, 1, 2 (a
  /// hexadecimal digit a group, bit i for place i), by the weights kept.
  @Test(arguments: [
    (1, "488448444228248444222222224188148444228248444222222224118118114111118114222222224"),
    (2, "cccccccccaaa6cc6ccaaa6aa66c5995cc5cc3aa6cc6cc3aa6aa66c59955955c33935955c33a33a66c"),
    (3, "dddddddedbee7ee7eebee7ee7eedddddddddbbb7dd7ddbbb7be77edddddddddbbb7dd7ddbbb7bb77d"),
  ])
  func `ties fall as PyTorch's topk decides`(kept: Int, expected: String) throws {
    let pattern = try #require(NMPattern(kept: kept, groupSize: 4))
    let groups = (0..<81).flatMap { (number: Int) -> [Float] in
      [Float(number / 27), Float(number / 9 % 3), Float(number / 3 % 3), Float(number % 3)]
    }
    let mask = magnitudeMask(
      weights: groups.span, outputs: 81, inputs: 4, pattern: pattern)
    let digits = (0..<81).map { Self.hexadecimal(mask[(4 * $0)..<(4 * $0 + 4)]) }
    #expect(digits.joined() == expected)
  }

  /// The same for 4:8 and every group of eight zeros and ones, two digits a group.
  @Test func `ties of eight fall as PyTorch's topk decides`() throws {
    let expected = [
      "f071e2c3745587877859ca8b5c4d0f0ff071b253d4955617d8593a1b5c1d1e1b",
      "f07163a37465662778396a2b6c2d2e2df071333374353636b8393a3a3c3c3636",
      "f071e2c37455c64778594b4b5c4d4e4df0d17253d4555656d8595a5a5c5c565a",
      "f07163637465666578696a696c696c69f0717272747472727878727278787272",
      "f0e1a3a3d495c687b8c9aa8b9c8d8e8bb2b1b293d4959695b8999a939c959a95",
      "f0e1a6a3b4a5a6a6e8a9aaa3ac2daaa6b4b1b2b1b4b1b4b1b8b1b2b1b8b1b4b1",
      "f0d1e2c3d4c5c6c3d8c9cac3cc4dcacaf0d1d2d1d4d1d2d1d8d1d2d1d8d1d8d1",
      "f0e1e2e2e465e2e2e869e2e26c69e2e2f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0",
    ].joined()
    let pattern = try #require(NMPattern(kept: 4, groupSize: 8))
    let groups = (0..<256).flatMap { (number: Int) -> [Float] in
      (0..<8).map { Float(number >> $0 & 1) }
    }
    let mask = magnitudeMask(
      weights: groups.span, outputs: 256, inputs: 8, pattern: pattern)
    let digits = (0..<256).map { group in
      Self.hexadecimal(mask[(8 * group + 4)..<(8 * group + 8)])
        + Self.hexadecimal(mask[(8 * group)..<(8 * group + 4)])
    }
    #expect(digits.joined() == expected)
  }

  /// Returns four bits, the first one lowest, as a digit.
  private static func hexadecimal(_ bits: ArraySlice<Bool>) -> String {
    var number = 0
    for (place, bit) in bits.enumerated() where bit { number |= 1 << place }
    return String(number, radix: 16)
  }
}

import SparseKernels
import SparsityCore
import Testing

struct PairWeightsTests {
  /// The slots of a full block, and the units from one slot to the next; the kernel's.
  static let (blockSlots, unitsPerSlot) = (192, 24)

  /// Returns the row-major weights that pairs stand for, or `nil` if an input occurs twice, lies
  /// outside its block or has a weight where the layer has no input.
  private func decoded(_ weights: PairWeights) throws -> [BF16]? {
    let pairing = try #require(Pairing(of: weights.pattern))
    let inputs = weights.inputs
    var dense = [BF16](repeating: .zero, count: weights.outputs * inputs)
    var place = 0
    let blockInputs = Self.blockSlots / pairing.pairs.count * 8
    for blockStart in stride(from: 0, to: inputs, by: blockInputs) {
      let steps = (min(blockInputs, inputs - blockStart) + 7) / 8
      for output in 0..<weights.outputs {
        var seen: Set<Int> = []
        for _ in 0..<steps * pairing.kept / 2 {
          let (slot, rest) = Int(weights.indices[place]).quotientAndRemainder(
            dividingBy: Self.unitsPerSlot)
          let (step, pair) = slot.quotientAndRemainder(dividingBy: pairing.pairs.count)
          guard rest == 0, step < steps else { return nil }
          let value = weights.values[place]
          for (input, bits) in [
            (pairing.pairs[pair].lower, UInt16(truncatingIfNeeded: value)),
            (pairing.pairs[pair].higher, UInt16(value >> 16)),
          ] {
            let column = blockStart + step * 8 + input
            guard seen.insert(column).inserted else { return nil }
            if column < inputs {
              dense[output * inputs + column] = BF16(bits: bits)
            } else if bits != 0 {
              return nil
            }
          }
          place += 1
        }
      }
    }
    return place == weights.values.count ? dense : nil
  }

  @Test(arguments: pairedPatterns, [1, 5, 8, 12, 48, 203, 400])
  func `pairs keep every weight once, rounded to bf16`(
    pattern: (text: String, pairs: Int), inputs: Int
  ) throws {
    let pattern = try #require(NMPattern(pattern.text))
    var generator = SeededGenerator(seed: UInt64(inputs), stream: UInt64(pattern.kept))
    for outputs in [1, 2, 7] {
      let layer = try RandomLayer(
        outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
      let pairs = try #require(PairWeights(layer.compressed))
      let found = try decoded(pairs)
      #expect(found == layer.weights.map { BF16(rounding: $0) })
      #expect(pairs.size == 6 * pairs.values.count)
    }
  }

  @Test(arguments: pairedPatterns)
  func `a layer without a nonzero has pairs of zeros`(text: String, count: Int) throws {
    let pattern = try #require(NMPattern(text))
    let zeros = [Float](repeating: 0, count: 3 * 21)
    let compressed = try CompressedWeights(
      pruned: zeros.span, outputs: 3, inputs: 21, pattern: pattern)
    let pairs = try #require(PairWeights(compressed))
    #expect(pairs.values.allSatisfy { $0 == 0 })
    let found = try decoded(pairs)
    #expect(found == [BF16](repeating: .zero, count: zeros.count))
  }

  @Test(arguments: ["4:4", "7:8", "8:8", "1:16", "8:16", "15:16"])
  func `other patterns have no pairs`(text: String) throws {
    let pattern = try #require(NMPattern(text))
    var generator = SeededGenerator(seed: 1)
    let layer = try RandomLayer(outputs: 3, inputs: 32, pattern: pattern, using: &generator)
    #expect(PairWeights(layer.compressed) == nil)
  }
}

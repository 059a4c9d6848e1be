import SparseKernels
import SparsityCore
import Testing

struct CompressedWeightsTests {
  @Test(arguments: everyPattern)
  func `decompressing gives the weights back`(pattern: NMPattern) throws {
    var generator = SeededGenerator(seed: UInt64(pattern.kept), stream: UInt64(pattern.groupSize))
    for _ in 0..<8 {
      let outputs = 1 + generator.index(below: 20)
      let inputs = 1 + generator.index(below: 300)
      let layer = try RandomLayer(
        outputs: outputs, inputs: inputs, pattern: pattern, using: &generator)
      #expect(layer.compressed.decompressed() == layer.weights)
      #expect(layer.compressed.size == 5 * outputs * pattern.keptCount(ofInputs: inputs))
    }
  }

  @Test func `a partial group keeps no more than it has`() throws {
    let pattern = try #require(NMPattern(kept: 3, groupSize: 4))
    let weights: [Float] = [1, 2, 0, 3, 4, 5]
    let compressed = try CompressedWeights(
      pruned: weights.span, outputs: 1, inputs: 6, pattern: pattern)
    #expect(compressed.decompressed() == weights)
    #expect(compressed.size == 5 * (3 + 2))
  }

  @Test func `more nonzeros than the pattern keeps are refused with a diagnostic`() throws {
    let pattern = try #require(NMPattern(kept: 1, groupSize: 4))
    let weights: [Float] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0]
    let error = #expect(throws: SparseKernelError.self) {
      try CompressedWeights(pruned: weights.span, outputs: 2, inputs: 8, pattern: pattern)
    }
    #expect(
      error == .tooManyNonzeros(output: 1, firstInput: 4, found: 2, pattern: pattern))
    #expect(error?.description.contains("output 1 has 2 nonzero weights") == true)
  }
}

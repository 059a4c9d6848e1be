import Pruning
import SparseKernels
import SparsityCore
import Testing

struct IndexedWeightsTests {
  @Test(arguments: ["1:4", "2:4", "3:4", "4:8", "5:16"], [16, 21])
  func `what is compressed comes back`(text: String, inputs: Int) throws {
    let pattern = try #require(NMPattern(text))
    var generator = SeededGenerator(seed: UInt64(inputs))
    let dense = (0..<3 * inputs).map { _ in Float(generator.unitInterval() - 0.5) }
    let pruned = magnitudePruned(
      weights: dense.span, outputs: 3, inputs: inputs, pattern: pattern)
    let indexed = IndexedWeights(
      try CompressedWeights(
        pruned: pruned.span, outputs: 3, inputs: inputs, pattern: pattern))
    #expect(indexed.values.count == 3 * pattern.keptCount(ofInputs: inputs))
    #expect(indexed.decompressed() == pruned)
    let restored = IndexedWeights(
      outputs: 3, inputs: inputs, pattern: pattern, values: indexed.values, indices: indexed.indices
    )
    #expect(restored == indexed)
  }

  @Test(
    arguments: ["1:4", "2:4", "3:4", "4:8", "5:16", "1:16", "4:4"], [4, 16, 21, 130, 1_027])
  func `the order of files and that of kernels stand for each other`(
    text: String, inputs: Int
  ) throws {
    let pattern = try #require(NMPattern(text))
    var generator = SeededGenerator(seed: UInt64(inputs))
    var dense = (0..<3 * inputs).map { _ in Float(generator.unitInterval() - 0.5) }
    // A group with fewer nonzeros than are kept.
    for index in 0..<min(4, inputs) { dense[index] = 0 }
    let pruned = magnitudePruned(
      weights: dense.span, outputs: 3, inputs: inputs, pattern: pattern)
    let compressed = try CompressedWeights(
      pruned: pruned.span, outputs: 3, inputs: inputs, pattern: pattern)
    let indexed = IndexedWeights(compressed)
    #expect(indexed.decompressed() == pruned)
    let back = indexed.compressed
    #expect(back.values == compressed.values)
    #expect(back.columns == compressed.columns)
  }

  @Test func `the bytes are as documented`() throws {
    let pattern = try #require(NMPattern("2:4"))
    let weights: [Float] = [0, 5, 0, 7, 0, 0, 0, 3]
    let indexed = IndexedWeights(
      try CompressedWeights(pruned: weights.span, outputs: 1, inputs: 8, pattern: pattern))
    #expect(indexed.values == [5, 7, 0, 3])
    #expect(indexed.indices == [0b11_00_11_01])
  }

  @Test func `damaged indices and values are refused`() throws {
    let pattern = try #require(NMPattern("2:4"))
    func restored(_ values: [Float], _ indices: [UInt8]) -> IndexedWeights? {
      IndexedWeights(outputs: 1, inputs: 4, pattern: pattern, values: values, indices: indices)
    }
    #expect(restored([1, 2], [0b01_00]) != nil)
    #expect(restored([1, 2], [0b00_01]) == nil)
    #expect(restored([1, 2], [0b01_01]) == nil)
    #expect(restored([1], [0b01_00]) == nil)
    #expect(restored([1, .nan], [0b01_00]) == nil)
    #expect(restored([1, 2], []) == nil)
  }
}

import Evaluation
import SparseKernels
import SparsityCore
import Testing
import VisionTransformers

struct PackedBankTests {
  /// The form of a layer's weights; `nil` for the checkpoint's own.
  private func form(of weights: LayerWeights) -> ProductForm? {
    switch weights {
    case .dense: nil
    case .replaced: .dense
    case .columns: .columns
    case .pairs: .pairs
    }
  }

  /// Whether two layers hold the same weights in the same form.
  private func isEqual(_ one: LayerWeights, _ other: LayerWeights) -> Bool {
    switch (one, other) {
    case (.dense, .dense): true
    case (.replaced(let one), .replaced(let other)):
      one.outputs == other.outputs && one.inputs == other.inputs && one.format == other.format
    case (.columns(let one), .columns(let other)):
      one.values == other.values && one.columns == other.columns
    case (.pairs(let one), .pairs(let other)):
      one.values == other.values && one.indices == other.indices
    default: false
    }
  }

  @Test(arguments: Precision.allCases)
  func `each layer and level is packed in its best form, by any number of threads`(
    precision: Precision
  ) throws {
    try InferenceNumerics(precision: precision).apply()
    let model = try digitsModel()
    let space = model.searchSpace(
      patterns: try patterns("1:4", "2:4", "3:4", "4:4", "1:16", "7:8"))
    let bank = try model.weightBank(space: space, threads: 2)
    let variant = KernelVariant.best(within: .detected)
    let packed = try model.weights.packed(precision: precision, variant: variant)
    for threads in [1, 3, 64] {
      let packedBank = PackedBank(bank, for: packed, threads: threads)
      for (level, pattern) in space.decisions[0].patterns.enumerated() {
        let genome = Genome(uniform: level, count: space.decisions.count)
        for (index, weights) in packedBank.weights(of: genome).enumerated() {
          let best = ProductForm.best(for: pattern, precision: precision, variant: variant)
          #expect(form(of: weights) == (pattern.isDense ? nil : best))
          let expected = packed.layerWeights(bank.layers[index].levels[level], at: index)
          #expect(isEqual(weights, expected))
        }
      }
    }
  }

  @Test func `a genome chooses each layer's own level`() throws {
    try InferenceNumerics(precision: .f32).apply()
    let model = try digitsModel()
    let space = model.searchSpace(patterns: try patterns("1:4", "2:4", "4:4"))
    let bank = try model.weightBank(space: space, threads: 1)
    let packed = try model.weights.packed(
      precision: .f32, variant: .best(within: .detected))
    let packedBank = PackedBank(bank, for: packed, threads: 2)
    let genome = Genome(genes: (0..<24).map { UInt8($0 * 5 % 7 % 3) })
    let uniform = (0..<3).map { packedBank.weights(of: Genome(uniform: $0, count: 24)) }
    for (index, weights) in packedBank.weights(of: genome).enumerated() {
      #expect(isEqual(weights, uniform[Int(genome.genes[index])][index]))
    }
    #expect(!isEqual(uniform[0][0], uniform[1][0]) || form(of: uniform[0][0]) == .dense)
  }
}

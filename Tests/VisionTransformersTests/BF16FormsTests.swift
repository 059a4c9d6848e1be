import SparseKernels
import SparsityCore
import Testing
import VisionTransformers

/// The kinds of model that a pass treats differently.
private struct ModelKind: CustomTestStringConvertible {
  var channels = 3
  var isDistilled = false
  var hasQKVBias = true

  var testDescription: String {
    "\(channels) channels, \(isDistilled ? "distilled" : "plain"), "
      + (hasQKVBias ? "with all biases" : "without a QKV bias")
  }
}

struct BF16FormsTests {
  private static let kinds = [
    ModelKind(), ModelKind(channels: 1), ModelKind(isDistilled: true),
    ModelKind(channels: 1, isDistilled: true, hasQKVBias: false),
  ]

  /// The layers have 12 and 20 inputs: neither is a multiple of the eight that pairs speak of.
  @Test(arguments: KernelVariant.allCases.filter(\.isSupported), kinds)
  private func `every form in bf16 is close to fp32`(variant: KernelVariant, kind: ModelKind) throws
  {
    let shape = try smallShape(
      channels: kind.channels, isDistilled: kind.isDistilled, hasQKVBias: kind.hasQKVBias)
    let model = try GoldenModel(
      weights: NetworkWeights(
        architecture: shape, tensors: randomTensors(of: shape, seed: 16)))
    var generator = SeededGenerator(seed: 17)
    let pixelCount = 3 * shape.imageSize.count * shape.channels
    let pixels = (0..<pixelCount).map { _ in UInt8(generator.index(below: 256)) }
    let exact = model.packed(.f32, variant: variant)
    let rounded = model.packed(.bf16, variant: variant)
    let dense = try model.logits(
      exact, pixels: pixels, count: 3, layers: model.layers(uniform: .dense, of: exact))
    for text in ["1:4", "3:8"] {
      let pattern = try #require(NMPattern(text))
      let expected = try model.logits(
        exact, pixels: pixels, count: 3,
        layers: model.layers(uniform: pattern, of: exact, form: .dense))
      let range = (expected.max() ?? 0) - (expected.min() ?? 0)
      for form in [ProductForm.dense, .columns, .pairs] {
        let layers = try model.layers(uniform: pattern, of: rounded, form: form)
        let found = model.logits(rounded, pixels: pixels, count: 3, layers: layers)
        // bf16 has 8 bits: logits move by less than half a percent of their range, and that is
        // little beside what pruning moves them by.
        let rounding = maximumDifference(found, expected)
        #expect(rounding > 0)
        #expect(rounding < 0.005 * range, "\(text) \(form)")
        #expect(rounding < 0.1 * maximumDifference(expected, dense), "\(text) \(form)")
      }
    }
  }
}

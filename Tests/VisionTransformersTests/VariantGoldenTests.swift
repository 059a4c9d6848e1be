import ModelFiles
import NetworkArchitectures
import SparseKernels
import SparsityCore
import Testing
import TestSupport
import VisionTransformers

/// Small models of timm with every parameter drawn at random, and timm's logits; made by
/// `check_variants.py --fixtures` of the PyTorch peer.
struct VariantGoldenTests {
  private static let names = [
    "vit_small_patch14_reg4_dinov2", "vit_base_patch16_clip_quickgelu_224",
    "vit_base_patch32_siglip_gap_256", "vit_so150m2_patch16_reg1_gap_256", "vit_tiny_patch16_224",
  ]

  /// A model, its images and timm's logits.
  private struct Golden {
    let model: GoldenModel
    let pixels: [UInt8]
    let logits: [Float]

    init(_ name: String) throws {
      let path = "\(Checkout.fixtures)/variants/\(name)"
      let configuration = try ModelConfigurationFile(path: "\(path).json")
      let file = try SafetensorsFile(path: "\(path).safetensors")
      var tensors: [String: Tensor] = [:]
      for name in file.names where !name.hasPrefix("golden.") {
        let (shape, values) = try file.floats(name)
        tensors[name] = Tensor(shape: shape, values: values)
      }
      model = try GoldenModel(
        weights: NetworkWeights(architecture: configuration.architecture, tensors: tensors),
        normalization: PixelNormalization(
          mean: configuration.mean, standardDeviation: configuration.standardDeviation))
      pixels = try file.withBytes(of: "golden.pixels") { bytes in bytes.indices.map { bytes[$0] } }
      logits = try file.floats("golden.logits").values
    }

    func found(
      _ precision: Precision, _ variant: KernelVariant = .best(within: .detected)
    ) throws -> [Float] {
      let packed = model.packed(precision, variant: variant)
      return try model.logits(
        packed, pixels: pixels, count: 2, layers: model.layers(uniform: .dense, of: packed))
    }

    var range: Float { (logits.max() ?? 0) - (logits.min() ?? 0) }
  }

  @Test(arguments: names, KernelVariant.allCases.filter(\.isSupported))
  func `each feature is computed as timm computes it`(
    name: String, variant: KernelVariant
  ) throws {
    let golden = try Golden(name)
    #expect(maximumDifference(try golden.found(.f32, variant), golden.logits) < 2e-5 * golden.range)
  }

  @Test(arguments: names)
  func `each feature in bf16 is close to timm's fp32`(name: String) throws {
    let golden = try Golden(name)
    #expect(maximumDifference(try golden.found(.bf16), golden.logits) < 0.1 * golden.range)
  }

  @Test func `LayerScale behind pruned weights is that of the checkpoint`() throws {
    let golden = try Golden("vit_small_patch14_reg4_dinov2")
    let packed = golden.model.packed()
    let pattern = try #require(NMPattern("2:4"))
    func logits(_ form: ProductForm) throws -> [Float] {
      try golden.model.logits(
        packed, pixels: golden.pixels, count: 2,
        layers: golden.model.layers(uniform: pattern, of: packed, form: form))
    }
    #expect(maximumDifference(try logits(.dense), try logits(.columns)) < 1e-5 * golden.range)
    #expect(maximumDifference(try logits(.dense), golden.logits) > 1e-3 * golden.range)
  }

  @Test func `positions of another grid are resampled, and it is said`() throws {
    let shape = try smallShape()
    var tensors = randomTensors(of: shape, seed: 3)
    let constant = Tensor(
      shape: [1, 17, 12], values: (0..<17).flatMap { Array(repeating: $0 == 0 ? 5 : 2, count: 12) })
    tensors["pos_embed"] = constant
    let weights = try NetworkWeights(architecture: shape, tensors: tensors)
    #expect(weights.adaptations.count == 1)
    #expect(weights.adaptations[0].contains("4×4 patches to 2×2"))
    let positions = weights.values(named: "pos_embed")
    #expect(positions.prefix(12).allSatisfy { $0 == 5 })
    #expect(positions.dropFirst(12).allSatisfy { abs($0 - 2) < 1e-6 })
    #expect(positions.count == 60)
    tensors["pos_embed"] = Tensor(shape: [1, 16, 12], values: Array(repeating: 0, count: 192))
    #expect(throws: ModelError.self) { try NetworkWeights(architecture: shape, tensors: tensors) }
  }

  /// Values of `torch.nn.functional.interpolate(mode="bicubic", antialias=True)`.
  @Test(
    arguments: [
      (
        4, 6,
        [
          -0.902872, 3.5178, 7.11793, 2.81628, 6.41641, 10.8371, 3.04025, 3.56401, 4.56059, 5.80624,
          7.19031, 8.06115, 5.88548, 3.81318, 3.10459, 8.16287, 6.5851, 3.73431, 0.917155, 4.42211,
          7.53157, 5.01791, 1.95166, -0.0747746, 3.76238, 4.67128, 5.99932, 6.99333, 4.83391,
          2.61919, 7.70551, 4.71749, 3.37369, 9.64184, 8.73143, 6.13158,
        ]
      ),
      (
        5, 3,
        [
          3.81467, 5.36379, 6.61041, 3.28594, 5.07866, 5.58519, 5.38746, 4.18032, 3.8587,
        ]
      ),
      (
        3, 5,
        [
          -1.34567, 2.1708, 7.07547, 4.82906, 2.77358, 3.31512, 4.83332, 6.69403, 4.23769, 2.39214,
          10.3019, 8.77612, 6, 3.22388, 1.69811, 10.1376, 8.40187, 5.30597, 2.5078, 1.00408,
          9.22641,
          7.70065, 4.92453, 2.14841, 0.622642,
        ]
      ),
    ] as [(Int, Int, [Float])])
  func `positions are resampled as PyTorch does it`(
    old: Int, new: Int, expected: [Float]
  ) throws {
    let shape = try TransformerShape(
      imageSize: 4 * new, patchSize: 4, channels: 3, width: 4, depth: 1, heads: 2, hiddenWidth: 4,
      classes: 5)
    var tensors = randomTensors(of: shape, seed: 3)
    let map = (0..<old * old).flatMap { Array(repeating: Float(($0 * 7) % 11), count: 4) }
    tensors["pos_embed"] = Tensor(shape: [1, old * old + 1, 4], values: [9, 9, 9, 9] + map)
    let positions = try NetworkWeights(architecture: shape, tensors: tensors)
      .values(named: "pos_embed")
    for channel in 0..<4 {
      let found = (1...new * new).map { positions[4 * $0 + channel] }
      #expect(maximumDifference(found, expected) < 1e-4)
    }
  }
}

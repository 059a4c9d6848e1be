import Foundation
import LinearAlgebra
import ModelFiles
import NetworkArchitectures
import SparseKernels
import SparsityCore
import Testing
import TestSupport
import VisionTransformers

/// The class with the highest logit of each image.
private func topClasses(_ logits: [Float], classes: Int) -> [Int?] {
  stride(from: 0, to: logits.count, by: classes).map { start in
    (0..<classes).max { logits[start + $0] < logits[start + $1] }
  }
}

/// Names in the golden files write `2of4` for 2:4.
private func pattern(_ name: String) throws -> NMPattern {
  try #require(NMPattern(name.replacing("of", with: ":")))
}

struct GoldenTests {
  @Test(
    arguments: ["dense", "supernet"], ["4of4", "3of4", "2of4", "1of4", "4of8"])
  func `the digits models give PyTorch's logits`(model: String, name: String) throws {
    let data = URL(filePath: Checkout.demoData)
    let fixtures = URL(filePath: Checkout.fixtures)
    let checkpoint =
      model == "dense"
      ? data.appending(path: "digits_vit_dense.safetensors")
      : fixtures.appending(path: "digits/digits_vit_supernet.safetensors")
    let digits = try GoldenModel(
      checkpoint: checkpoint, configuration: data.appending(path: "config.json"))
    let golden = try SafetensorsFile(
      path: fixtures.appending(path: "digits_golden.safetensors").path)
    let (shape, pixels) = try golden.bytes("images")
    let expected = try golden.floats("\(model)_logits_\(name)").values
    for form in [ProductForm.columns, .dense] {
      for variant in KernelVariant.allCases where variant.isSupported {
        let packed = digits.packed(variant: variant)
        let layers = try digits.layers(uniform: pattern(name), of: packed, form: form)
        let logits = digits.logits(packed, pixels: pixels, count: shape[0], layers: layers)
        #expect(maximumDifference(logits, expected) < 1e-4)
        #expect(topClasses(logits, classes: 10) == topClasses(expected, classes: 10))
      }
    }
  }

  @Test(arguments: ["dense", "2of4", "1of16"])
  func `a distilled model gives PyTorch's mean of both heads`(name: String) throws {
    let path = "\(Checkout.fixtures)/distilled_golden.safetensors"
    let golden = try SafetensorsFile(path: path)
    var tensors: [String: Tensor] = [:]
    for name in golden.names where !name.hasPrefix("golden.") {
      let (shape, values) = try golden.floats(name)
      tensors[name] = Tensor(shape: shape, values: values)
    }
    let shape = try TransformerShape(
      imageSize: 20, patchSize: 4, channels: 3, width: 48, depth: 3, heads: 3, hiddenWidth: 192,
      classes: 7, isDistilled: true)
    let model = try GoldenModel(
      weights: NetworkWeights(architecture: shape, tensors: tensors))
    let packed = model.packed()
    let layers = try model.layers(uniform: name == "dense" ? .dense : pattern(name), of: packed)
    let input = try golden.floats("golden.input").values
    let expected = try golden.floats("golden.logits_\(name)").values
    var pass = model.makePass(packed, batchMax: 5)
    var logits = [Float](repeating: .nan, count: 5 * 7)
    var span = logits.mutableSpan
    pass.logits(normalized: input.span, count: 5, layers: layers, into: &span)
    #expect(maximumDifference(logits, expected) < 1e-4)
    #expect(topClasses(logits, classes: 7) == topClasses(expected, classes: 7))
  }
}

@Suite(.needsSharedData("deit_tiny_patch16_224", "golden/deit_tiny.safetensors"))
struct DeiTGoldenTests {
  private func load() throws -> (model: GoldenModel, golden: SafetensorsFile, pixels: [UInt8]) {
    let folder = URL(filePath: SharedData.path("deit_tiny_patch16_224"))
    let model = try GoldenModel(
      checkpoint: folder.appending(path: "model.safetensors"),
      configuration: folder.appending(path: "config.json"))
    let golden = try SafetensorsFile(
      path: SharedData.path("golden/deit_tiny.safetensors"))
    return (model, golden, try golden.bytes("pixels_val_cropped").values)
  }

  @Test(arguments: ["dense", "magnitude_2of4", "magnitude_3of4", "magnitude_mixed"])
  func `DeiT-Tiny gives PyTorch's logits`(name: String) throws {
    let (model, golden, pixels) = try load()
    let packed = model.packed()
    let layers = try layers(named: name, of: model, packed)
    let expected = try golden.floats("logits_\(name)").values
    let logits = model.logits(packed, pixels: pixels, count: 16, layers: layers)
    #expect(maximumDifference(logits, expected) < 2e-3)
    #expect(topClasses(logits, classes: 1000) == topClasses(expected, classes: 1000))
  }

  @Test(arguments: ["dense", "magnitude_2of4", "magnitude_3of4", "magnitude_mixed"])
  func `DeiT-Tiny in bf16 is close to PyTorch's logits in fp32`(name: String) throws {
    let (model, golden, pixels) = try load()
    let expected = try golden.floats("logits_\(name)").values
    let span = (expected.max() ?? 0) - (expected.min() ?? 0)
    for variant in KernelVariant.allCases where variant.isSupported && variant != .scalar {
      let packed = model.packed(.bf16, variant: variant)
      let layers = try layers(named: name, of: model, packed)
      let logits = model.logits(packed, pixels: pixels, count: 16, layers: layers)
      // bf16 has 8 bits: logits move by about half a percent of their range.
      #expect(maximumDifference(logits, expected) < 0.015 * span)
      let agreeing = zip(
        topClasses(logits, classes: 1000), topClasses(expected, classes: 1000)
      ).count { $0 == $1 }
      #expect(agreeing >= 15)
    }
  }

  /// The layers of one of the golden configurations.
  private func layers(
    named name: String, of model: GoldenModel, _ packed: PackedVisionTransformer
  ) throws -> [LayerWeights] {
    switch name {
    case "dense": try model.layers(uniform: .dense, of: packed)
    case "magnitude_mixed": try model.layers(mixedPatterns(of: model), of: packed)
    default: try model.layers(uniform: pattern(String(name.dropFirst(10))), of: packed)
    }
  }

  @Test func `DeiT-Tiny gives PyTorch's embedding and first block`() throws {
    let (model, golden, pixels) = try load()
    let packed = model.packed()
    var pass = model.makePass(packed, batchMax: 2)
    var seen: [ObservedPlace: [Float]] = [:]
    pass.observe = { stage, tokens in seen[stage] = tokens.indices.map { tokens[$0] } }
    var logits = [Float](repeating: 0, count: 2000)
    var span = logits.mutableSpan
    pass.logits(
      pixels: pixels.span.extracting(0..<2 * 224 * 224 * 3), count: 2,
      layers: try model.layers(uniform: .dense, of: packed), into: &span)
    let embedding = try #require(seen[.embedding])
    #expect(try maximumDifference(embedding, golden.floats("embedding").values) < 1e-4)
    let block = try #require(seen[.block(0)])
    #expect(try maximumDifference(block, golden.floats("block0").values) < 1e-4)
  }

  /// Reads the genome `mixed` from the file beside the golden tensors.
  private func mixedPatterns(of model: GoldenModel) throws -> [NMPattern] {
    struct Description: Decodable { let mixed: [String: String] }
    let data = try Data(contentsOf: URL(filePath: SharedData.path("golden/deit_tiny.json")))
    let mixed = try JSONDecoder().decode(Description.self, from: data).mixed
    return try model.weights.network.prunableLayers.map { layer in
      let text = try #require(mixed[layer.name])
      return try #require(NMPattern(text))
    }
  }
}

import Foundation
import LinearAlgebra
import ModelFiles
import NetworkArchitectures
import SparseKernels
import SparsityCore
import TestSupport
import Testing
import VisionTransformers

/// One geometry of the golden Swin.
struct SwinCase: Sendable, CustomTestStringConvertible {
  let name: String
  let file: String
  let image: GridSize
  let window: GridSize
  let imageCount: Int
  var testDescription: String { name }

  static let geometries = [
    SwinCase(name: "w7", file: "swin", image: 56, window: 7, imageCount: 4),
    SwinCase(name: "w4", file: "swin", image: 32, window: 4, imageCount: 4),
    SwinCase(
      name: "w4wide", file: "swin", image: GridSize(height: 32, width: 64), window: 4,
      imageCount: 1),
    SwinCase(
      name: "tall", file: "swin", image: GridSize(height: 84, width: 56), window: 7,
      imageCount: 1),
  ]
  static let large = [
    SwinCase(name: "a", file: "windows", image: 112, window: 7, imageCount: 2),
    SwinCase(
      name: "b", file: "windows", image: GridSize(height: 112, width: 140), window: 7,
      imageCount: 1),
  ]
}

/// The golden Swin in one geometry.
struct SwinGolden {
  let file: SafetensorsFile
  let shape: SwinShape
  let name: String
  let count: Int
  /// The tensors of the network in timm's names.
  let tensors: [String: Tensor]

  init(_ golden: SwinCase) throws {
    name = golden.name
    count = golden.imageCount
    let file = try SafetensorsFile(path: SharedData.path("golden/\(golden.file).safetensors"))
    self.file = file
    shape = try SwinShape(
      imageSize: golden.image, patchSize: 4, channels: 3, embeddingWidth: 12, depths: [2, 4, 1],
      heads: [2, 4, 8], windowSize: golden.window, classes: 10)
    var tensors: [String: Tensor] = [:]
    for tensor in shape.network.tensors {
      // Where the window of this geometry has another size, so has its table.
      let own = "\(golden.name).\(tensor.name)"
      let (shape, values) = try file.floats(
        file.tensors[own] == nil ? tensor.name : own)
      tensors[tensor.name] = Tensor(shape: shape, values: values)
    }
    self.tensors = tensors
  }

  func packed(
    _ precision: Precision = .f32, variant: KernelVariant = .best(within: .detected),
    tensors: [String: Tensor]? = nil
  ) throws -> PackedSwin {
    holdToDetected()
    return PackedSwin(
      try NetworkWeights(architecture: shape, tensors: tensors ?? self.tensors), shape: shape,
      packing: LayerPacking(precision: precision, variant: variant))
  }

  /// The patterns of a genome of the file: `dense`, `2of4`, `mixed`, …
  func patterns(_ genome: String) throws -> [NMPattern] {
    let layers = shape.network.prunableLayers
    guard genome == "mixed" else {
      let text = genome == "dense" ? "1:1" : genome.replacing("of", with: ":")
      let pattern = try #require(NMPattern(text))
      return layers.map { _ in genome == "dense" ? .dense : pattern }
    }
    struct Description: Decodable { let mixed: [String: String] }
    let data = try Data(contentsOf: URL(filePath: SharedData.path("golden/swin.json")))
    let mixed = try JSONDecoder().decode(Description.self, from: data).mixed
    return try layers.map { layer in try #require(mixed[layer.name].flatMap { NMPattern($0) }) }
  }

  /// The weights of a genome, each layer in a form of product.
  func layers(
    _ genome: String, of packed: PackedSwin, form: ProductForm? = nil
  ) throws -> [LayerWeights] {
    try patterns(genome).enumerated().map { index, pattern in
      guard !pattern.isDense else { return .dense }
      let parameters = packed.weights.prunableLayer(at: index)
      let pruned = prunedByDefinition(parameters, pattern)
      let compressed = try CompressedWeights(
        pruned: pruned.span, outputs: parameters.outputs, inputs: parameters.inputs,
        pattern: pattern)
      return packed.layerWeights(compressed, at: index, form: form)
    }
  }

  /// The logits of the golden input, and what an observer sees.
  func run(
    _ packed: PackedSwin, layers: [LayerWeights], observe: ((ObservedPlace, [Float]) -> Void)? = nil
  ) throws -> [Float] {
    limitThreadsToCaller()
    let channels = Array(repeating: Float(0), count: 3)
    var pass = packed.makeObservablePass(
      normalization: try PixelNormalization(
        mean: channels, standardDeviation: channels.map { $0 + 1 }), batchMax: count)
    if let observe {
      pass.observe = { place, tokens in observe(place, tokens.indices.map { tokens[$0] }) }
    }
    let input = try file.floats("\(name).input").values
    var logits = [Float](repeating: .nan, count: count * shape.classes)
    var span = logits.mutableSpan
    pass.logits(normalized: input.span, count: count, layers: layers, into: &span)
    return logits
  }

  func expectedLogits(_ genome: String) throws -> [Float] {
    try file.floats("\(name).\(genome).logits").values
  }

  /// The name in the file of a place.
  func part(_ place: ObservedPlace) -> String {
    switch place {
    case .embedding: "patch_embed"
    case .block(let block): shape.network.blocks[block].name
    case .merging(let stage): "layers.\(stage).downsample"
    case .norm: "norm"
    }
  }
}

@Suite(.needsSharedData("golden/swin.safetensors", "golden/windows.safetensors"))
struct SwinGoldenTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)

  @Test(arguments: SwinCase.geometries, supported)
  func `every activation is timm's`(golden: SwinCase, variant: KernelVariant) throws {
    let model = try SwinGolden(golden)
    let packed = try model.packed(variant: variant)
    for genome in golden.name == "w4" ? ["dense", "mixed"] : ["dense"] {
      var seen: Set<String> = []
      _ = try model.run(packed, layers: model.layers(genome, of: packed)) { place, tokens in
        let part = "\(model.name).\(genome).\(model.part(place))"
        do {
          // The file has the first two images at most.
          let expected = try model.file.floats(part).values
          let found = Array(tokens.prefix(expected.count))
          #expect(maximumDifference(found, expected) < 1e-4, "\(part)")
          seen.insert(part)
        } catch {
          Issue.record(error)
        }
      }
      let all = model.file.names.filter {
        $0.hasPrefix("\(model.name).\(genome).") && !$0.hasSuffix("logits")
      }
      #expect(seen == Set(all))
    }
  }

  @Test(arguments: SwinCase.geometries, ["dense", "2of4", "1of4", "mixed"])
  func `logits are timm's`(golden: SwinCase, genome: String) throws {
    let model = try SwinGolden(golden)
    let expected = try model.expectedLogits(genome)
    for variant in Self.supported {
      let packed = try model.packed(variant: variant)
      for form in [ProductForm.columns, .dense] {
        let layers = try model.layers(genome, of: packed, form: form)
        let logits = try model.run(packed, layers: layers)
        #expect(maximumDifference(logits, expected) < 2e-5, "\(variant)")
      }
    }
  }

  @Test(arguments: SwinCase.large)
  func `larger maps give timm's logits`(golden: SwinCase) throws {
    let model = try SwinGolden(golden)
    let expected = try model.expectedLogits("dense")
    for variant in Self.supported {
      let packed = try model.packed(variant: variant)
      let logits = try model.run(packed, layers: model.layers("dense", of: packed))
      #expect(maximumDifference(logits, expected) < 2e-5, "\(variant)")
    }
  }

  @Test(arguments: SwinCase.geometries, ["dense", "2of4"])
  func `bf16 is close to timm's logits in fp32`(golden: SwinCase, genome: String) throws {
    let model = try SwinGolden(golden)
    let expected = try model.expectedLogits(genome)
    let range = (expected.max() ?? 0) - (expected.min() ?? 0)
    for variant in Self.supported {
      let packed = try model.packed(.bf16, variant: variant)
      let logits = try model.run(packed, layers: model.layers(genome, of: packed))
      // bf16 has 8 bits: logits move by about half a percent of their range.
      #expect(maximumDifference(logits, expected) < 0.02 * range, "\(variant)")
      #expect(logits != expected)
    }
  }

  @Test(arguments: SwinCase.geometries)
  func `weights in Microsoft's layout give the same bits`(golden: SwinCase) throws {
    let model = try SwinGolden(golden)
    var renamed: [String: Tensor] = [:]
    for (name, tensor) in model.tensors {
      let stage = name.firstMatch(of: /^layers\.(\d+)\.downsample/)
      let moved = try stage.map { match in
        let number = try #require(Int(match.1))
        return name.replacing(match.0, with: "layers.\(number - 1).downsample")
      }
      renamed[moved ?? name.replacing("head.fc.", with: "head.")] = tensor
    }
    // Microsoft's files also hold what follows from the sizes.
    renamed["layers.0.blocks.1.attn_mask"] = Tensor(shape: [1], values: [-100])
    for block in model.shape.network.blocks {
      renamed["\(block.name).attn.relative_position_index"] = Tensor(shape: [1], values: [.nan])
    }
    #expect(renamed["layers.0.downsample.reduction.weight"] != nil)
    #expect(renamed["head.weight"] != nil)
    let ours = try model.packed()
    let theirs = try model.packed(tensors: renamed)
    let logits = try model.run(ours, layers: model.layers("2of4", of: ours))
    #expect(try model.run(theirs, layers: model.layers("2of4", of: theirs)) == logits)
  }
}

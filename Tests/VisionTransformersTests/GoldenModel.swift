import Foundation
import LinearAlgebra
import ModelFiles
import NetworkArchitectures
import SparseKernels
import SparsityCore
import VisionTransformers

/// A model from files, and forward passes with the patterns of each layer.
struct GoldenModel {
  let weights: NetworkWeights
  let normalization: PixelNormalization

  init(checkpoint: URL, configuration: URL) throws {
    let configuration = try ModelConfigurationFile(path: configuration.path)
    let file = try SafetensorsFile(path: checkpoint.path)
    var tensors: [String: Tensor] = [:]
    for name in file.names where !name.hasPrefix("golden.") {
      let (shape, values) = try file.floats(name)
      tensors[name] = Tensor(shape: shape, values: values)
    }
    weights = try NetworkWeights(architecture: configuration.architecture, tensors: tensors)
    normalization = try PixelNormalization(
      mean: configuration.mean, standardDeviation: configuration.standardDeviation)
  }

  init(weights: NetworkWeights, normalization: PixelNormalization) {
    self.weights = weights
    self.normalization = normalization
  }

  init(weights: NetworkWeights) throws {
    self.weights = weights
    let channels = weights.network.input.channels
    normalization = try PixelNormalization(
      mean: Array(repeating: 0, count: channels),
      standardDeviation: Array(repeating: 1, count: channels))
  }

  func packed(
    _ precision: Precision = .f32, variant: KernelVariant = .best(within: .detected)
  ) -> PackedVisionTransformer {
    holdToDetected()
    guard let shape = weights.architecture as? TransformerShape else {
      preconditionFailure("golden models are ViTs")
    }
    return PackedVisionTransformer(
      weights, shape: shape, packing: LayerPacking(precision: precision, variant: variant))
  }

  /// Pruned weights of each layer; `form` is how to multiply them, the fastest if there is none.
  func layers(
    _ patterns: [NMPattern], of packed: PackedVisionTransformer, form: ProductForm? = nil
  ) throws -> [LayerWeights] {
    try patterns.enumerated().map { index, pattern in
      guard !pattern.isDense else { return .dense }
      let parameters = weights.prunableLayer(at: index)
      let pruned = prunedByDefinition(parameters, pattern)
      let compressed = try CompressedWeights(
        pruned: pruned.span, outputs: parameters.outputs, inputs: parameters.inputs,
        pattern: pattern)
      return packed.layerWeights(compressed, at: index, form: form)
    }
  }

  func layers(
    uniform pattern: NMPattern, of packed: PackedVisionTransformer, form: ProductForm? = nil
  ) throws -> [LayerWeights] {
    try layers(weights.network.prunableLayers.map { _ in pattern }, of: packed, form: form)
  }

  func makePass(_ packed: PackedVisionTransformer, batchMax: Int) -> any ObservablePass & ~Copyable
  {
    limitThreadsToCaller()
    return packed.makeObservablePass(normalization: normalization, batchMax: batchMax)
  }

  func logits(
    _ packed: PackedVisionTransformer, pixels: [UInt8], count: Int, layers: [LayerWeights]
  ) -> [Float] {
    var pass = makePass(packed, batchMax: count)
    var logits = [Float](repeating: .nan, count: count * weights.network.classes)
    var span = logits.mutableSpan
    pass.logits(pixels: pixels.span, count: count, layers: layers, into: &span)
    return logits
  }
}

import Foundation
import LinearAlgebra
import ModelFiles
import SparseKernels
import SparsityCore
import VisionTransformers

/// A model from files, and forward passes with the patterns of each layer.
struct GoldenModel {
  let weights: VisionTransformerWeights
  let normalization: PixelNormalization

  init(checkpoint: URL, configuration: URL) throws {
    let configuration = try ModelConfigurationFile(path: configuration.path)
    let file = try SafetensorsFile(path: checkpoint.path)
    var tensors: [String: Tensor] = [:]
    for name in file.names where !name.hasPrefix("golden.") {
      let (shape, values) = try file.floats(name)
      tensors[name] = Tensor(shape: shape, values: values)
    }
    weights = try VisionTransformerWeights(shape: configuration.shape, tensors: tensors)
    normalization = try PixelNormalization(
      mean: configuration.mean, standardDeviation: configuration.standardDeviation)
  }

  init(weights: VisionTransformerWeights) throws {
    self.weights = weights
    let channels = weights.shape.channels
    normalization = try PixelNormalization(
      mean: Array(repeating: 0, count: channels),
      standardDeviation: Array(repeating: 1, count: channels))
  }

  func packed(
    _ precision: Precision = .f32, variant: KernelVariant = .best(within: .detected)
  ) -> PackedVisionTransformer {
    holdToDetected()
    return PackedVisionTransformer(weights, precision: precision, variant: variant)
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
    try layers(weights.shape.prunableLayers.map { _ in pattern }, of: packed, form: form)
  }

  func makePass(_ packed: PackedVisionTransformer, batchMax: Int) -> ForwardPass {
    limitThreadsToCaller()
    return ForwardPass(model: packed, normalization: normalization, batchMax: batchMax)
  }

  func logits(
    _ packed: PackedVisionTransformer, pixels: [UInt8], count: Int, layers: [LayerWeights]
  ) -> [Float] {
    var pass = makePass(packed, batchMax: count)
    var logits = [Float](repeating: .nan, count: count * weights.shape.classes)
    var span = logits.mutableSpan
    pass.logits(pixels: pixels.span, count: count, layers: layers, into: &span)
    return logits
  }
}

import LinearAlgebra
import SparseKernels
import SparsityCore

/// A vision transformer with its weights packed for one arithmetic; immutable, shared by threads.
public struct PackedVisionTransformer: Sendable {
  /// The parameters as the checkpoint has them.
  public let weights: VisionTransformerWeights
  /// The number format of weights and activations; tokens and sums are fp32.
  public let precision: Precision
  /// The variant of the kernels that runs.
  public let variant: KernelVariant
  /// The number format of dense products: fp32 also where bf16 has no instructions.
  let denseFormat: DenseFormat
  /// The patch embedding.
  let embedding: DenseLayer
  /// The checkpoint's prunable layers, in network order.
  let layers: [DenseLayer]
  /// The heads.
  let heads: [DenseLayer]

  /// Packs a model.
  ///
  /// - Precondition: the variant is supported.
  /// - Complexity: O(weights).
  public init(_ weights: VisionTransformerWeights, precision: Precision, variant: KernelVariant) {
    precondition(variant.isSupported)
    let format = DenseFormat(for: precision, instructionSet: variant.instructionSet)
    func packed(_ parameters: LinearParameters) -> DenseLayer {
      DenseLayer(
        weights: Self.pack(
          parameters.weights, of: parameters, precision: precision, format: format),
        bias: parameters.bias ?? Array(repeating: 0, count: parameters.outputs))
    }
    self.weights = weights
    self.precision = precision
    self.variant = variant
    self.denseFormat = format
    self.embedding = packed(weights.patchEmbedding)
    self.layers = (0..<4 * weights.blocks.count).map { packed(weights.prunableLayer(at: $0)) }
    self.heads = weights.heads.map { packed($0) }
  }

  /// Returns what a prunable layer runs with: pruned weights in the fastest form, or the one given.
  ///
  /// - Parameters:
  ///   - pruned: The weights of the layer's pattern; `nil` stands for the checkpoint's own.
  ///   - index: The layer's place in network order.
  ///   - form: How to multiply; by default what ``ProductForm`` holds for the fastest.
  /// - Precondition: the form exists for the pattern and the precision.
  /// - Complexity: O(weights of the layer).
  public func layerWeights(
    _ pruned: CompressedWeights?, at index: Int, form: ProductForm? = nil
  ) -> LayerWeights {
    guard let pruned else { return .dense }
    let parameters = weights.prunableLayer(at: index)
    precondition(pruned.outputs == parameters.outputs)
    precondition(pruned.inputs == parameters.inputs)
    let best = ProductForm.best(for: pruned.pattern, precision: precision, variant: variant)
    switch form ?? best {
    case .dense:
      return .replaced(
        Self.pack(
          pruned.decompressed(), of: parameters, precision: precision, format: denseFormat))
    case .columns:
      return .columns(precision == .bf16 ? pruned.rounded() : pruned)
    case .pairs:
      guard precision == .bf16, let pairs = PairWeights(pruned) else {
        preconditionFailure("\(pruned.pattern) in \(precision) has no pairs")
      }
      return .pairs(pairs)
    }
  }

  /// Packs dense weights; bf16 that is multiplied in fp32 is rounded first.
  private static func pack(
    _ values: [Float], of parameters: LinearParameters, precision: Precision, format: DenseFormat
  ) -> DenseWeights {
    let isEmulated = precision == .bf16 && format == .f32
    let values = isEmulated ? values.map(\.roundedToBF16) : values
    return DenseWeights(
      values.span, outputs: parameters.outputs, inputs: parameters.inputs, format: format)
  }
}

/// A linear layer with the checkpoint's weights, packed.
struct DenseLayer: Sendable {
  /// The weights.
  let weights: DenseWeights
  /// The bias; zeros where the checkpoint has none.
  let bias: [Float]
}

import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// A network with its weights packed for one arithmetic; immutable, shared by threads.
package protocol PackedNetwork: Sendable {
  /// The parameters as the checkpoint has them.
  var weights: NetworkWeights { get }
  /// What the weights are packed for.
  var packing: LayerPacking { get }

  /// Returns the factor of each output of a prunable layer that its packed weights hold, as
  /// LayerScale has it; `nil` where there is none.
  func outputScale(at index: Int) -> [Float]?

  /// Allocates a pass for batches of up to `batchMax` images.
  func makePass(
    normalization: PixelNormalization, batchMax: Int
  ) -> any ForwardPass & ~Copyable
}

extension PackedNetwork {
  /// No layer has a factor.
  package func outputScale(at index: Int) -> [Float]? { nil }

  /// What the network is made of.
  package var network: Network { weights.network }
  /// The number format of weights and activations; tokens and sums are fp32.
  package var precision: Precision { packing.precision }
  /// The variant of the kernels that runs.
  package var variant: KernelVariant { packing.variant }

  /// Returns what a prunable layer runs with: pruned weights in the fastest form, or the one given.
  ///
  /// - Parameters:
  ///   - pruned: The weights of the layer's pattern; `nil` stands for the checkpoint's own.
  ///   - index: The layer's place in network order.
  ///   - form: How to multiply; by default the fastest as ``SparseKernels/ProductForm`` has it.
  /// - Precondition: the form exists for the pattern and the precision.
  /// - Complexity: O(weights of the layer).
  package func layerWeights(
    _ pruned: CompressedWeights?, at index: Int, form: ProductForm? = nil
  ) -> LayerWeights {
    guard let pruned else { return .dense }
    let layer = network.prunableLayers[index]
    precondition(pruned.outputs == layer.outputs)
    precondition(pruned.inputs == layer.inputs)
    let scaled = outputScale(at: index).map(pruned.scaled(by:)) ?? pruned
    return packing.layerWeights(scaled, form: form)
  }
}

extension NetworkWeights {
  /// Packs the weights for the forward pass of their family.
  ///
  /// - Throws: ``ModelError/noForwardPass(family:)`` for a family that only has costs.
  /// - Precondition: the variant is supported.
  /// - Complexity: O(weights).
  package func packed(
    precision: Precision, variant: KernelVariant
  ) throws(ModelError) -> any PackedNetwork {
    let packing = LayerPacking(precision: precision, variant: variant)
    switch architecture {
    case let shape as TransformerShape:
      return PackedVisionTransformer(self, shape: shape, packing: packing)
    case let shape as SwinShape:
      return PackedSwin(self, shape: shape, packing: packing)
    default:
      throw .noForwardPass(family: type(of: architecture).configurationRules.familyName)
    }
  }
}

/// How the weights of layers are brought into the form that runs.
package struct LayerPacking: Hashable, Sendable {
  /// The number format of weights and activations.
  package let precision: Precision
  /// The variant of the kernels that runs.
  package let variant: KernelVariant
  /// The number format of dense products: fp32 also where bf16 has no instructions.
  let denseFormat: DenseFormat

  /// Creates a packing.
  ///
  /// - Precondition: the variant is supported.
  package init(precision: Precision, variant: KernelVariant) {
    precondition(variant.isSupported)
    self.precision = precision
    self.variant = variant
    denseFormat = DenseFormat(for: precision, instructionSet: variant.instructionSet)
  }

  /// Packs a layer of the checkpoint.
  func pack(_ parameters: LinearParameters) -> DenseLayer {
    DenseLayer(
      weights: pack(
        parameters.weights, outputs: parameters.outputs, inputs: parameters.inputs),
      bias: parameters.bias ?? Array(repeating: 0, count: parameters.outputs))
  }

  fileprivate func layerWeights(_ pruned: CompressedWeights, form: ProductForm?) -> LayerWeights {
    let best = ProductForm.best(for: pruned.pattern, precision: precision, variant: variant)
    switch form ?? best {
    case .dense:
      return .replaced(
        pack(pruned.decompressed(), outputs: pruned.outputs, inputs: pruned.inputs))
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
  private func pack(_ values: [Float], outputs: Int, inputs: Int) -> DenseWeights {
    let isEmulated = precision == .bf16 && denseFormat == .f32
    let values = isEmulated ? values.map(\.roundedToBF16) : values
    return DenseWeights(values.span, outputs: outputs, inputs: inputs, format: denseFormat)
  }
}

/// A linear layer with the checkpoint's weights, packed.
struct DenseLayer: Sendable {
  let weights: DenseWeights
  /// The bias; zeros where the checkpoint has none.
  let bias: [Float]
}

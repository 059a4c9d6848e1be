import NetworkArchitectures
import SparsityCore

/// A ViT or DeiT with its weights packed.
package struct PackedVisionTransformer: PackedNetwork {
  package let weights: NetworkWeights
  package let packing: LayerPacking
  /// The sizes.
  let shape: TransformerShape
  /// The patch embedding as a linear layer over the values of a patch (channel, row, column).
  let embedding: DenseLayer
  /// The class token and, if distilled, the distillation token: (extra tokens × width).
  let extraTokens: [Float]
  /// What is added to each token: (tokens × width).
  let positions: [Float]
  /// The checkpoint's prunable layers, in network order.
  let layers: [DenseLayer]
  /// The norms of each block: before the attention and before the perceptron.
  let norms: [(attention: NormParameters, perceptron: NormParameters)]
  /// The norm after the last block.
  let norm: NormParameters
  /// The head and, if distilled, the head of the distillation token.
  let heads: [DenseLayer]

  /// Packs the weights of a shape.
  package init(_ weights: NetworkWeights, shape: TransformerShape, packing: LayerPacking) {
    self.weights = weights
    self.packing = packing
    self.shape = shape
    embedding = packing.pack(weights.linear(named: "patch_embed.proj"))
    extraTokens =
      weights.values(named: "cls_token")
      + (shape.isDistilled ? weights.values(named: "dist_token") : [])
    positions = weights.values(named: "pos_embed")
    layers = weights.network.prunableLayers.map { packing.pack(weights.linear(named: $0.name)) }
    norms = weights.network.blocks.map {
      (weights.norm(named: "\($0.name).norm1"), weights.norm(named: "\($0.name).norm2"))
    }
    norm = weights.norm(named: "norm")
    heads = (shape.isDistilled ? ["head", "head_dist"] : ["head"]).map {
      packing.pack(weights.linear(named: $0))
    }
  }

  /// Makes a pass that shows no activations.
  package func makePass(
    normalization: PixelNormalization, batchMax: Int
  ) -> any ForwardPass & ~Copyable {
    makeObservablePass(normalization: normalization, batchMax: batchMax)
  }

  /// Allocates a pass that can be looked into.
  package func makeObservablePass(
    normalization: PixelNormalization, batchMax: Int
  ) -> any ObservablePass & ~Copyable {
    switch precision {
    case .f32:
      VisionTransformerPass<Float>(
        model: self, normalization: normalization, batchMax: batchMax)
    case .bf16:
      VisionTransformerPass<BF16>(
        model: self, normalization: normalization, batchMax: batchMax)
    }
  }
}

import NetworkArchitectures
import SparseKernels
import SparsityCore

/// A Swin transformer with its weights packed.
package struct PackedSwin: PackedNetwork {
  package let weights: NetworkWeights
  package let packing: LayerPacking
  /// The sizes.
  let shape: SwinShape
  /// The patch embedding as a linear layer over the values of a patch (channel, row, column).
  let embedding: DenseLayer
  /// The norm behind the patch embedding.
  let embeddingNorm: NormParameters
  /// The checkpoint's prunable layers, in network order.
  let layers: [DenseLayer]
  /// The blocks, in network order.
  let blocks: [SwinBlock]
  /// The merging in front of each stage but the first.
  let mergings: [SwinMerging]
  /// The norm after the last block.
  let norm: NormParameters
  /// The classifier.
  let head: DenseLayer

  /// Packs the weights of a shape.
  package init(_ weights: NetworkWeights, shape: SwinShape, packing: LayerPacking) {
    self.weights = weights
    self.packing = packing
    self.shape = shape
    embedding = packing.pack(weights.linear(named: "patch_embed.proj"))
    embeddingNorm = weights.norm(named: "patch_embed.norm")
    layers = weights.network.prunableLayers.map { packing.pack(weights.linear(named: $0.name)) }
    blocks = shape.depths.indices.flatMap { stage in
      (0..<shape.depths[stage]).map {
        SwinBlock(weights, shape: shape, stage: stage, block: $0)
      }
    }
    mergings = shape.depths.indices.dropFirst().map { stage in
      let name = "layers.\(stage).downsample"
      return SwinMerging(
        norm: weights.norm(named: "\(name).norm"),
        reduction: packing.pack(weights.linear(named: "\(name).reduction")))
    }
    norm = weights.norm(named: "norm")
    head = packing.pack(weights.linear(named: "head.fc"))
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
    case .f32: SwinPass<Float>(model: self, normalization: normalization, batchMax: batchMax)
    case .bf16: SwinPass<BF16>(model: self, normalization: normalization, batchMax: batchMax)
    }
  }
}

/// What a block of a Swin has beside its linear layers.
struct SwinBlock: Sendable {
  /// The place of its stage.
  let stage: Int
  /// Whether it is the last of its stage.
  let isLast: Bool
  /// The norm before the attention.
  let attentionNorm: NormParameters
  /// The norm before the perceptron.
  let perceptronNorm: NormParameters
  /// The relative position bias.
  let bias: AttentionBias
  /// Its windows.
  let plan: WindowPlan

  /// Reads a block; `block` counts from the start of the stage.
  init(_ weights: NetworkWeights, shape: SwinShape, stage: Int, block: Int) {
    let name = "layers.\(stage).blocks.\(block)"
    self.stage = stage
    isLast = block + 1 == shape.depths[stage]
    attentionNorm = weights.norm(named: "\(name).norm1")
    perceptronNorm = weights.norm(named: "\(name).norm2")
    plan = WindowPlan(shape: shape, stage: stage, block: block)
    let table = weights.values(named: "\(name).attn.relative_position_bias_table")
    let (window, heads) = (shape.window(ofStage: stage), shape.heads[stage])
    // The row of the table is the distance of the key from the query, down and to the right.
    bias = AttentionBias(heads: heads, tokens: window.count) { head, query, key in
      let down = query / window.width - key / window.width + window.height - 1
      let right = query % window.width - key % window.width + window.width - 1
      return table[(down * (2 * window.width - 1) + right) * heads + head]
    }
  }
}

/// Patch merging: four neighbours become one token of twice the width.
struct SwinMerging: Sendable {
  /// The norm of four neighbours, one behind the other.
  let norm: NormParameters
  /// The layer that halves them; it has no bias.
  let reduction: DenseLayer
}

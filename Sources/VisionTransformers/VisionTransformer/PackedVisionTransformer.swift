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
  /// What each token is before the patches are added: class, distillation and register tokens, and
  /// positions; (tokens × width).
  let initialTokens: [Float]
  /// The norm before the first block, if there is one.
  let preNorm: NormParameters?
  /// The checkpoint's prunable layers, in network order.
  let layers: [DenseLayer]
  /// The norms of each block: before the attention and before the perceptron.
  let norms: [(attention: NormParameters, perceptron: NormParameters)]
  /// The norms of queries and keys of each block, if there are any.
  let queryKeyNorms: [(queries: NormParameters, keys: NormParameters)]?
  /// The norm after the last block, before or after pooling, if there is one.
  let norm: NormParameters?
  /// The head and, if distilled, the head of the distillation token.
  let heads: [DenseLayer]

  /// Packs the weights of a shape.
  package init(_ weights: NetworkWeights, shape: TransformerShape, packing: LayerPacking) {
    self.weights = weights
    self.packing = packing
    self.shape = shape
    embedding = packing.pack(weights.linear(named: "patch_embed.proj"))
    initialTokens = weights.initialTokens(of: shape)
    preNorm = shape.features.hasPreNorm ? weights.norm(named: "norm_pre") : nil
    layers = weights.network.prunableLayers.indices.map {
      packing.pack(weights.scaledLayer(at: $0))
    }
    norms = weights.network.blocks.map {
      (weights.norm(named: "\($0.name).norm1"), weights.norm(named: "\($0.name).norm2"))
    }
    queryKeyNorms =
      shape.features.hasQueryKeyNorm
      ? weights.network.blocks.map {
        (
          weights.norm(named: "\($0.name).attn.q_norm"),
          weights.norm(named: "\($0.name).attn.k_norm")
        )
      } : nil
    norm =
      switch shape.features.finalNorm {
      case .beforePooling: weights.norm(named: "norm")
      case .afterPooling: weights.norm(named: "fc_norm")
      case .none: nil
      }
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

extension PackedVisionTransformer {
  /// The factor of each output of a prunable layer: LayerScale; `nil` where there is none.
  package func outputScale(at index: Int) -> [Float]? { weights.layerScale(at: index) }
}

extension NetworkWeights {
  /// Returns the class, distillation and register tokens and the positions of all, added up.
  fileprivate func initialTokens(of shape: TransformerShape) -> [Float] {
    let width = shape.width
    var tokens = [Float](repeating: 0, count: shape.tokens * width)
    var extra: [Float] = []
    if shape.features.hasClassToken { extra += values(named: "cls_token") }
    if shape.isDistilled { extra += values(named: "dist_token") }
    if shape.features.registers > 0 { extra += values(named: "reg_token") }
    if shape.positionedTokens > 0 {
      let positions = values(named: "pos_embed")
      let start = tokens.count - positions.count
      for index in positions.indices { tokens[start + index] = positions[index] }
    }
    for index in extra.indices { tokens[index] += extra[index] }
    return tokens
  }

  /// Returns the factor of each output of a prunable layer, `nil` where the network has none.
  fileprivate func layerScale(at index: Int) -> [Float]? {
    guard let shape = architecture as? TransformerShape, shape.features.hasLayerScale,
      let block = network.blocks.first(where: { $0.layers.contains(index) })
    else { return nil }
    switch block.roles[index - block.firstLayer] {
    case .projection: return values(named: "\(block.name).ls1.gamma")
    case .fc2: return values(named: "\(block.name).ls2.gamma")
    case .qkv, .fc1: return nil
    }
  }

  /// Returns a prunable layer with LayerScale behind it as a factor of its weights and its bias.
  fileprivate func scaledLayer(at index: Int) -> LinearParameters {
    let layer = prunableLayer(at: index)
    guard let scale = layerScale(at: index) else { return layer }
    var weights = layer.weights
    for output in 0..<layer.outputs {
      for place in output * layer.inputs..<(output + 1) * layer.inputs {
        weights[place] *= scale[output]
      }
    }
    return LinearParameters(
      outputs: layer.outputs, inputs: layer.inputs, weights: weights,
      bias: layer.bias.map { zip($0, scale).map { $0 * $1 } })
  }
}

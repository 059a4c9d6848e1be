import SparsityCore

/// The weights and the bias of a linear layer; weights are (outputs × inputs), row-major.
public struct LinearParameters: Sendable {
  /// The output features.
  public let outputs: Int
  /// The input features.
  public let inputs: Int
  /// The weights, one row for each output.
  public let weights: [Float]
  /// One number for each output, or `nil`.
  public let bias: [Float]?
}

/// The scale and the shift of a LayerNorm.
public struct NormParameters: Sendable {
  /// One factor for each feature.
  public let weights: [Float]
  /// One summand for each feature.
  public let bias: [Float]
}

/// The parameters of one transformer block.
public struct BlockParameters: Sendable {
  /// The norm before the attention.
  public let norm1: NormParameters
  /// Queries, keys and values, one after the other.
  public let qkv: LinearParameters
  /// The projection after the attention.
  public let projection: LinearParameters
  /// The norm before the two-layer perceptron.
  public let norm2: NormParameters
  /// The first layer of the perceptron.
  public let fc1: LinearParameters
  /// The second layer of the perceptron.
  public let fc2: LinearParameters
}

/// The parameters of a vision transformer, complete and checked; immutable, shared by threads.
public struct VisionTransformerWeights: Sendable {
  /// The sizes that every tensor was checked against.
  public let shape: TransformerShape
  /// The patch embedding as a linear layer over the values of a patch (channel, row, column).
  public let patchEmbedding: LinearParameters
  /// The class token and, if distilled, the distillation token: (extra tokens × width).
  public let extraTokens: [Float]
  /// What is added to each token: (tokens × width).
  public let positions: [Float]
  /// The blocks, in network order.
  public let blocks: [BlockParameters]
  /// The norm after the last block.
  public let norm: NormParameters
  /// The head and, if distilled, the head of the distillation token.
  public let heads: [LinearParameters]

  /// Creates the weights from a checkpoint's tensors in timm's names.
  ///
  /// - Throws: ``ModelError`` that names the first tensor that is unknown, missing, of another
  ///   shape, or not finite.
  public init(shape: TransformerShape, tensors: [String: Tensor]) throws(ModelError) {
    let reader = try TensorReader(shape: shape, tensors: tensors)
    let width = shape.width
    self.shape = shape
    self.patchEmbedding = reader.linear(
      "patch_embed.proj", outputs: width, inputs: shape.patchValues)
    self.extraTokens =
      reader.values("cls_token") + (shape.isDistilled ? reader.values("dist_token") : [])
    self.positions = reader.values("pos_embed")
    self.blocks = (0..<shape.depth).map { block in
      let prefix = "blocks.\(block)"
      return BlockParameters(
        norm1: reader.norm("\(prefix).norm1"),
        qkv: reader.linear("\(prefix).attn.qkv", outputs: 3 * width, inputs: width),
        projection: reader.linear("\(prefix).attn.proj", outputs: width, inputs: width),
        norm2: reader.norm("\(prefix).norm2"),
        fc1: reader.linear("\(prefix).mlp.fc1", outputs: shape.hiddenWidth, inputs: width),
        fc2: reader.linear("\(prefix).mlp.fc2", outputs: width, inputs: shape.hiddenWidth))
    }
    self.norm = reader.norm("norm")
    self.heads = (shape.isDistilled ? ["head", "head_dist"] : ["head"]).map {
      reader.linear($0, outputs: shape.classes, inputs: width)
    }
  }

  /// Returns the parameters of the prunable layer at `index` in network order.
  ///
  /// - Precondition: `index` is one of `shape.prunableLayers`.
  public func prunableLayer(at index: Int) -> LinearParameters {
    precondition((0..<4 * blocks.count).contains(index))
    let block = blocks[index / 4]
    return switch index % 4 {
    case 0: block.qkv
    case 1: block.projection
    case 2: block.fc1
    default: block.fc2
    }
  }

  /// Returns the parameters of the prunable layer of a name, as in `blocks.0.attn.qkv`.
  ///
  /// - Complexity: O(*n*), where *n* is the number of prunable layers.
  public func prunableLayer(named name: String) -> LinearParameters? {
    shape.prunableLayers.firstIndex { $0.name == name }.map { prunableLayer(at: $0) }
  }

  /// The names and shapes of the tensors that a checkpoint of `shape` holds, in network order.
  public static func tensorShapes(
    of shape: TransformerShape
  ) -> [(name: String, shape: [Int])] {
    let width = shape.width
    var result: [(name: String, shape: [Int])] = [("cls_token", [1, 1, width])]
    if shape.isDistilled { result.append(("dist_token", [1, 1, width])) }
    result.append(("pos_embed", [1, shape.tokens, width]))
    let patch = [width, shape.channels, shape.patchSize, shape.patchSize]
    result += [("patch_embed.proj.weight", patch), ("patch_embed.proj.bias", [width])]
    func norm(_ name: String) {
      result += [("\(name).weight", [width]), ("\(name).bias", [width])]
    }
    func linear(_ name: String, outputs: Int, inputs: Int, hasBias: Bool = true) {
      result.append(("\(name).weight", [outputs, inputs]))
      if hasBias { result.append(("\(name).bias", [outputs])) }
    }
    for block in 0..<shape.depth {
      let prefix = "blocks.\(block)"
      norm("\(prefix).norm1")
      linear(
        "\(prefix).attn.qkv", outputs: 3 * width, inputs: width, hasBias: shape.hasQKVBias)
      linear("\(prefix).attn.proj", outputs: width, inputs: width)
      norm("\(prefix).norm2")
      linear("\(prefix).mlp.fc1", outputs: shape.hiddenWidth, inputs: width)
      linear("\(prefix).mlp.fc2", outputs: width, inputs: shape.hiddenWidth)
    }
    norm("norm")
    linear("head", outputs: shape.classes, inputs: width)
    if shape.isDistilled { linear("head_dist", outputs: shape.classes, inputs: width) }
    return result
  }
}

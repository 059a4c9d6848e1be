import SparsityCore

/// A checkpoint's tensors after every name, shape and value has been checked.
struct TensorReader {
  private let tensors: [String: Tensor]

  /// Checks the tensors against a shape.
  init(shape: TransformerShape, tensors: [String: Tensor]) throws(ModelError) {
    let expected = VisionTransformerWeights.tensorShapes(of: shape)
    let known = Set(expected.map(\.name))
    for name in tensors.keys.sorted() where !known.contains(name) {
      throw .unknownTensor(name: name, reason: reasonToRefuse(unknown: name, shape: shape))
    }
    for (name, size) in expected {
      guard let tensor = tensors[name] else { throw .missingTensor(name: name, expected: size) }
      guard tensor.shape == size else {
        throw .wrongShape(name: name, found: tensor.shape, expected: size)
      }
      if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(name: name, index: index, value: "\(tensor.values[index])")
      }
    }
    self.tensors = tensors
  }

  /// Returns the numbers of a tensor that is known to exist.
  func values(_ name: String) -> [Float] {
    guard let tensor = tensors[name] else { preconditionFailure("\(name) was not checked") }
    return tensor.values
  }

  /// Returns a linear layer; its bias is `nil` where the checkpoint has none.
  func linear(_ name: String, outputs: Int, inputs: Int) -> LinearParameters {
    LinearParameters(
      outputs: outputs, inputs: inputs, weights: values("\(name).weight"),
      bias: tensors["\(name).bias"]?.values)
  }

  /// Returns a LayerNorm.
  func norm(_ name: String) -> NormParameters {
    NormParameters(weights: values("\(name).weight"), bias: values("\(name).bias"))
  }
}

/// Parts of tensor names that tell which feature of a model is not supported.
private let unsupportedFeatures: [(part: String, reason: String)] = [
  ("pre_logits", "a pre_logits layer before the head is not supported"),
  ("fc_norm", "a head over the mean of all tokens (fc_norm) is not supported"),
  ("norm_pre", "a norm before the first block (norm_pre) is not supported"),
  (".ls1.", "LayerScale is not supported"),
  (".ls2.", "LayerScale is not supported"),
  (".gamma_", "LayerScale is not supported"),
  ("q_norm", "norms of queries and keys are not supported"),
  ("k_norm", "norms of queries and keys are not supported"),
  ("reg_token", "register tokens are not supported"),
  ("attn_pool", "a head with attention pooling is not supported"),
  ("relative_position", "relative positions (Swin, BEiT) are not supported"),
]

/// Returns why a tensor that the shape does not have cannot be ignored.
private func reasonToRefuse(unknown name: String, shape: TransformerShape) -> String {
  if let feature = unsupportedFeatures.first(where: { name.contains($0.part) }) {
    return feature.reason
  }
  if name == "dist_token" || name.hasPrefix("head_dist.") {
    return "it belongs to a distilled model, and the configuration says that this is none"
  }
  if name.hasSuffix(".attn.qkv.bias") && !shape.hasQKVBias {
    return "the configuration says that queries, keys and values have no bias"
  }
  for prefix in ["module.", "model.", "_orig_mod."] where name.hasPrefix(prefix) {
    return "its name starts with \(prefix); save the checkpoint without that prefix"
  }
  let parts = name.split(separator: ".")
  if parts.count > 2, parts[0] == "blocks", let block = Int(parts[1]), block >= shape.depth {
    return "the configuration says that the model has \(counted(shape.depth, "block"))"
  }
  return "a vision transformer of this configuration has no such tensor"
}

extension VisionTransformerWeights {
  /// Returns the numbers of a tensor in timm's names, one of ``tensorShapes(of:)``.
  public func values(named name: String) -> [Float] {
    guard let values = tensor(name) else {
      preconditionFailure("\(name) is no tensor of the shape")
    }
    return values
  }

  private func tensor(_ name: String) -> [Float]? {
    let extra = shape.width
    switch name {
    case "cls_token": return Array(extraTokens[0..<extra])
    case "dist_token": return Array(extraTokens[extra...])
    case "pos_embed": return positions
    default: break
    }
    let parts = name.split(separator: ".").map(String.init)
    guard let kind = parts.last else { return nil }
    switch parts.dropLast().joined(separator: ".") {
    case "patch_embed.proj": return patchEmbedding.values(kind)
    case "norm": return norm.values(kind)
    case "head": return heads.first?.values(kind)
    case "head_dist": return heads.last?.values(kind)
    default: break
    }
    guard parts.count >= 4, parts[0] == "blocks", let index = Int(parts[1]) else { return nil }
    guard blocks.indices.contains(index) else { return nil }
    let block = blocks[index]
    switch parts[2..<parts.count - 1].joined(separator: ".") {
    case "norm1": return block.norm1.values(kind)
    case "norm2": return block.norm2.values(kind)
    case "attn.qkv": return block.qkv.values(kind)
    case "attn.proj": return block.projection.values(kind)
    case "mlp.fc1": return block.fc1.values(kind)
    case "mlp.fc2": return block.fc2.values(kind)
    default: return nil
    }
  }
}

extension LinearParameters {
  /// Returns the weights or the bias.
  fileprivate func values(_ kind: String) -> [Float]? { kind == "weight" ? weights : bias }
}

extension NormParameters {
  /// Returns the scale or the shift.
  fileprivate func values(_ kind: String) -> [Float]? { kind == "weight" ? weights : bias }
}

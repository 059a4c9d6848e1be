/// The names that the library transformers gives the tensors of ViT, DeiT and Swin.
///
/// Source: `modeling_vit.py`, `modeling_deit.py` and `modeling_swin.py` of transformers; files that
/// its `save_pretrained` writes have these names in versions 4 and 5.
enum TransformersNames {
  /// The beginnings of the names of a whole model's tensors.
  private static let models: [Substring] = ["vit", "deit", "swin"]

  /// Whether a name is one of transformers, of a model with a classifier.
  static func isOwn(_ name: String) -> Bool {
    let first = name.prefix { $0 != "." }
    return models.contains(first) || heads[String(first)] != nil
  }

  /// The classifiers by their names in timm.
  private static let heads = [
    "classifier": "head", "cls_classifier": "head", "distillation_classifier": "head_dist",
  ]

  /// Parts of a block and their names in timm; those that are joined stand in `joined`.
  private static let blockParts = [
    "layernorm_before": "norm1", "layernorm_after": "norm2",
    "attention.output.dense": "attn.proj", "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "attention.self.relative_position_bias_table": "attn.relative_position_bias_table",
    "attention.self.relative_position_index": "attn.relative_position_index",
  ]

  /// What stands before query, key and value: `attention.attention` in ViT, `attention.self` in
  /// Swin.
  private static let attentions = ["attention.attention", "attention.self"]
  /// Queries, keys and values in the order in which timm stacks them.
  private static let projections = ["query", "key", "value"]

  private static let outerParts = [
    "embeddings.cls_token": "cls_token",
    "embeddings.distillation_token": "dist_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection.weight": "patch_embed.proj.weight",
    "embeddings.patch_embeddings.projection.bias": "patch_embed.proj.bias",
    "embeddings.norm.weight": "patch_embed.norm.weight",
    "embeddings.norm.bias": "patch_embed.norm.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
  ]

  /// Returns where the tensors of a checkpoint in transformers' names are, by timm's names; `nil`
  /// for another checkpoint. Names that are not known stay as they are.
  ///
  /// Swin's merging stays at the end of its stage, as in Microsoft's layout.
  static func sources(of names: [String]) -> [String: TensorSource]? {
    guard names.contains(where: { $0.hasSuffix("embeddings.patch_embeddings.projection.weight") })
    else { return nil }
    let all = Set(names)
    var sources: [String: TensorSource] = [:]
    for name in names {
      let (known, source) = translated(name, among: all)
      sources[known] = source
    }
    return sources
  }

  private static func translated(
    _ name: String, among all: Set<String>
  ) -> (name: String, source: TensorSource) {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return (name, .stored(name)) }
    if let head = heads[parts[0]] { return ("\(head).\(parts[1])", .stored(name)) }
    let isPrefixed = models.contains { $0 == parts[0] }
    let inner = isPrefixed ? parts[1] : name
    if let known = outerParts[inner] { return (known, .stored(name)) }
    guard let block = Block(inner) else { return (name, .stored(name)) }
    if let known = block.downsample { return (known, .stored(name)) }
    let kind = block.part.split(separator: ".").last.map(String.init) ?? ""
    let module = String(block.part.dropLast(kind.count + 1))
    for attention in attentions where module.hasPrefix(attention + ".") {
      let projection = String(module.dropFirst(attention.count + 1))
      guard projections.contains(projection) else { continue }
      let start = name.dropLast(projection.count + 1 + kind.count)
      let stacked = projections.map { "\(start)\($0).\(kind)" }
      guard stacked.allSatisfy(all.contains) else { break }
      return ("\(block.name).attn.qkv.\(kind)", .stacked(stacked))
    }
    if let known = blockParts[block.part] { return ("\(block.name).\(known)", .stored(name)) }
    if let known = blockParts[module] {
      return ("\(block.name).\(known).\(kind)", .stored(name))
    }
    return (name, .stored(name))
  }

  /// The block that a tensor belongs to.
  private struct Block {
    /// The block's name in timm.
    var name = ""
    /// What follows the block's name.
    var part = ""
    /// The name of a tensor of Swin's patch merging, which belongs to no block.
    var downsample: String?

    /// Reads `encoder.layer.N.…` of ViT and DeiT, `encoder.layers.S.blocks.N.…` and
    /// `encoder.layers.S.downsample.…` of Swin.
    init?(_ name: String) {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count > 3, parts[0] == "encoder", let index = Int(parts[2]), index >= 0 else {
        return nil
      }
      if parts[1] == "layer" {
        self.name = "blocks.\(index)"
        part = parts[3...].joined(separator: ".")
      } else if parts[1] == "layers", parts[3] == "downsample" {
        downsample = "layers.\(index)." + parts[3...].joined(separator: ".")
      } else if parts[1] == "layers", parts[3] == "blocks", parts.count > 5,
        let block = Int(parts[4]), block >= 0
      {
        self.name = "layers.\(index).blocks.\(block)"
        part = parts[5...].joined(separator: ".")
      } else {
        return nil
      }
    }
  }
}

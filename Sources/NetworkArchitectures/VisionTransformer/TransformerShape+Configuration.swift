import SparsityCore

extension TransformerShape: NetworkArchitecture {
  /// Whether timm means a ViT or DeiT by the name.
  package static func isFamily(ofArchitecture name: String) -> Bool {
    ["vit_", "deit_", "deit3_"].contains { name.hasPrefix($0) } || TransformerName.isKnown(name)
  }

  /// What timm may say of a ViT or DeiT that is computed here.
  package static let configurationRules = ConfigurationRules(
    harmlessValues: [
      "attn_layer": ["", "attn"],
      "block_fn": ["Block"],
      "dynamic_img_pad": [false],
      "dynamic_img_size": [false, true],
      "embed_layer": ["PatchEmbed"],
      "gated": [false],
      "mlp_layer": ["Mlp"],
      "norm_layer": ["layernorm"],
      "pre_logits": [false],
      "scale_attn_norm": [false],
      "scale_mlp_norm": [false],
      "strict_img_size": [false, true],
    ],
    unsupportedKeys: ["representation_size", "embed_norm_layer"],
    knownArguments: [
      "img_size", "image_size", "patch_size", "in_chans", "num_channels", "num_classes",
      "embed_dim", "hidden_size", "depth", "num_hidden_layers", "num_heads",
      "num_attention_heads", "mlp_ratio", "intermediate_size", "ln_eps", "layer_norm_eps",
      "distilled", "num_tokens", "num_prefix_tokens", "class_token", "reg_tokens", "pos_embed",
      "no_embed_class", "pre_norm", "qkv_bias", "proj_bias", "qk_norm", "init_values", "act",
      "act_layer", "hidden_act", "global_pool", "pool", "fc_norm", "final_norm",
      "pool_include_prefix",
    ],
    synonyms: [
      ["img_size", "image_size"], ["in_chans", "num_channels"], ["num_classes", "num_labels"],
      ["embed_dim", "hidden_size"], ["depth", "num_hidden_layers"],
      ["num_heads", "num_attention_heads"], ["ln_eps", "layer_norm_eps"],
    ],
    familyName: "a plain ViT")

  /// Reads timm's keys and those that transformers has for the same; what the configuration
  /// leaves out is that of its name.
  package init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault) {
    if let reason = TransformerName.reasonsToRefuse[architecture] {
      throw .unsupported(architecture: architecture, reason: reason)
    }
    let known = TransformerName.named(architecture)
    func size(_ keys: [String], _ fallback: Int?) throws(ConfigurationFault) -> Int {
      try configuration.size(keys, fallback, architecture: architecture)
    }
    let width = try size(["embed_dim", "hidden_size"], known?.width)
    guard Self.widthRange.contains(width) else {
      throw .invalidSizes(.outOfRange(name: "width", value: width, allowed: Self.widthRange))
    }
    let hiddenWidth = try Self.hiddenWidth(configuration, width: width, known: known)
    let outer = try configuration.outerSizes(
      named: known.map {
        OuterSizes(
          imageSize: GridSize(side: $0.imageSize), patchSize: $0.patchSize, channels: 3,
          classes: 1000)
      }, architecture: architecture)
    let depth = try size(["depth", "num_hidden_layers"], known?.depth)
    let heads = try size(["num_heads", "num_attention_heads"], known?.heads)
    let features = try TransformerFeatures(
      configuration: configuration, known: known, architecture: architecture)
    do throws(ArchitectureError) {
      try self.init(
        imageSize: outer.imageSize, patchSize: outer.patchSize, channels: outer.channels,
        width: width, depth: depth, heads: heads, hiddenWidth: hiddenWidth,
        classes: outer.classes, features: features)
    } catch {
      throw .invalidSizes(error)
    }
  }

  /// The hidden width of the perceptron: a number, or a multiple of the token's, rounded down.
  private static func hiddenWidth(
    _ configuration: some ConfigurationReader, width: Int, known: TransformerName?
  ) throws(ConfigurationFault) -> Int {
    let stated = try configuration.integer(["intermediate_size"])
    let statedRatio = try configuration.number(["mlp_ratio"])
    if let stated, statedRatio == nil { return stated }
    let ratio = statedRatio ?? known?.hiddenRatio ?? 4
    let hiddenWidth = (Double(width) * ratio).rounded(.towardZero)
    guard ratio > 0, (0..<1e9).contains(hiddenWidth) else {
      throw .invalidValue(key: "mlp_ratio", value: "\(ratio)", expected: "a number above 0")
    }
    if let stated, stated != Int(hiddenWidth) {
      throw .invalidValue(
        key: "intermediate_size", value: "\(stated)",
        expected: "\(Int(hiddenWidth)), as mlp_ratio says")
    }
    return Int(hiddenWidth)
  }
}

extension TransformerShape {
  /// Parts of tensor names that tell which feature of a model is not supported.
  private static let unsupportedFeatures: [(part: String, reason: String)] = [
    ("pre_logits", "a pre_logits layer before the head is not supported"),
    ("attn_pool", "a head with attention pooling is not supported"),
    ("relative_position", "relative positions (Swin, BEiT) are not supported"),
    (".attn.norm.", "a norm inside the attention is not supported"),
    (".mlp.norm.", "a norm inside the perceptron is not supported"),
    (".mlp.fc1_g.", "gated perceptrons (SwiGLU) are not supported"),
    (".mlp.w12.", "gated perceptrons (SwiGLU) are not supported"),
    (".in_proj.", "parallel attention and perceptron are not supported"),
    (".attns.", "parallel attention and perceptron are not supported"),
    (".lambda_", "differential attention is not supported"),
    (".attn.gate.", "gated attention is not supported"),
    ("patch_embed.norm", "a norm of patches is not supported"),
  ]

  /// Parts of tensor names and the key that says that a model has them.
  private static let features: [(part: String, key: String)] = [
    ("fc_norm.", "fc_norm (with global_pool)"), ("norm_pre.", "pre_norm"),
    (".ls1.", "init_values"), (".ls2.", "init_values"), (".gamma_", "init_values"),
    ("q_norm", "qk_norm"), ("k_norm", "qk_norm"), ("reg_token", "reg_tokens"),
    ("cls_token", "class_token"), ("pos_embed", "pos_embed"),
  ]

  /// Returns the feature that a tensor belongs to, or what contradicts the configuration.
  package func reasonToRefuse(unknownTensor name: String) -> String {
    if let feature = Self.unsupportedFeatures.first(where: { name.contains($0.part) }) {
      return feature.reason
    }
    if name == "dist_token" || name.hasPrefix("head_dist.") {
      return "it belongs to a distilled model, and the configuration says that this is none"
    }
    if name.hasSuffix(".attn.qkv.bias") && !features.hasQKVBias {
      return "the configuration says that queries, keys and values have no bias"
    }
    if let reason = reasonToRefusePrefix(of: name) { return reason }
    if let feature = Self.features.first(where: { name.contains($0.part) }) {
      return "the configuration says, by \(feature.key) or the architecture's name, that the "
        + "model has none"
    }
    let parts = name.split(separator: ".")
    if parts.count > 2, parts[0] == "blocks", let block = Int(parts[1]), block >= depth {
      return "the configuration says that the model has \(counted(depth, "block"))"
    }
    return "a vision transformer of this configuration has no such tensor"
  }
}

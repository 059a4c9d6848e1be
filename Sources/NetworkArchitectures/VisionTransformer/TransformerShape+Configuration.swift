import SparsityCore

extension TransformerShape: NetworkArchitecture {
  /// Whether timm means a ViT or DeiT by the name.
  package static func isFamily(ofArchitecture name: String) -> Bool {
    ["vit_", "deit_"].contains { name.hasPrefix($0) }
  }

  /// What timm may say of a ViT or DeiT that is computed here.
  package static let configurationRules = ConfigurationRules(
    harmlessValues: [
      "act": ["gelu_erf", "gelu"],
      "act_layer": ["gelu"],
      "class_token": [true],
      "crop_mode": ["center"],
      "dynamic_img_pad": [false],
      "dynamic_img_size": [false],
      "fc_norm": [false],
      "final_norm": [true],
      "global_pool": ["token"],
      "no_embed_class": [false],
      "norm_layer": ["layernorm"],
      "pool": ["cls_token", "token"],
      "pos_embed": ["learn"],
      "pre_logits": [false],
      "pre_norm": [false],
      "qk_norm": [false],
      "reg_tokens": [0],
    ],
    unsupportedKeys: ["init_values", "representation_size", "block_fn"],
    knownArguments: [
      "architecture", "img_size", "patch_size", "in_chans", "embed_dim", "depth", "num_heads",
      "mlp_ratio", "qkv_bias", "num_classes", "ln_eps", "distilled", "num_tokens",
      "num_prefix_tokens", "drop_rate", "drop_path_rate", "attn_drop_rate", "proj_drop_rate",
      "pos_drop_rate", "patch_drop_rate", "weight_init",
    ],
    familyName: "a plain ViT")

  /// Reads timm's keys; what the configuration leaves out is that of its name.
  package init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault) {
    func size(_ key: String, _ fallback: Int?) throws(ConfigurationFault) -> Int {
      try configuration.size(key, fallback, architecture: architecture)
    }
    let width = try size("embed_dim", named?.width)
    guard Self.widthRange.contains(width) else {
      throw .invalidSizes(.outOfRange(name: "width", value: width, allowed: Self.widthRange))
    }
    let ratio =
      try configuration.number(["mlp_ratio"])
      ?? named.map { Double($0.hiddenWidth) / Double($0.width) } ?? 4
    let hiddenWidth = (Double(width) * ratio).rounded(.towardZero)
    guard ratio > 0, (0..<1e9).contains(hiddenWidth) else {
      throw .invalidValue(key: "mlp_ratio", value: "\(ratio)", expected: "a number above 0")
    }
    let outer = try configuration.outerSizes(
      named: named?.outerSizes, architecture: architecture)
    let depth = try size("depth", named?.depth)
    let heads = try size("num_heads", named?.heads)
    let isDistilled = try Self.isDistilled(configuration, named: named, architecture)
    let hasQKVBias = try configuration.truth(["qkv_bias"]) ?? named?.hasQKVBias ?? true
    let epsilon =
      try configuration.number(["ln_eps"]).map { Float($0) } ?? named?.layerNormEpsilon ?? 1e-6
    do throws(ArchitectureError) {
      try self.init(
        imageSize: outer.imageSize, patchSize: outer.patchSize, channels: outer.channels,
        width: width,
        depth: depth, heads: heads, hiddenWidth: Int(hiddenWidth), classes: outer.classes,
        isDistilled: isDistilled, hasQKVBias: hasQKVBias, layerNormEpsilon: epsilon)
    } catch {
      throw .invalidSizes(error)
    }
  }

  private var outerSizes: OuterSizes {
    OuterSizes(
      imageSize: imageSize, patchSize: patchSize, channels: channels, classes: classes)
  }

  /// Whether a distillation token exists: by its own key, the head's names or the model's name.
  private static func isDistilled(
    _ configuration: some ConfigurationReader, named: Self?, _ architecture: String
  ) throws(ConfigurationFault) -> Bool {
    if let stated = try configuration.truth(["distilled"]) { return stated }
    let keys = ["num_tokens", "num_prefix_tokens"]
    let expected = "1 (class token) or 2 (class and distillation token)"
    if let tokens = try configuration.integer(keys, in: 1...2, expected: expected) {
      return tokens == 2
    }
    if let heads = try configuration.texts(["classifier"]) { return heads.contains("head_dist") }
    return named?.isDistilled ?? architecture.contains("_distilled")
  }
}

extension TransformerShape {
  /// Parts of tensor names that tell which feature of a model is not supported.
  private static let unsupportedFeatures: [(part: String, reason: String)] = [
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

  /// Returns the feature that a tensor belongs to, or what contradicts the configuration.
  package func reasonToRefuse(unknownTensor name: String) -> String {
    if let feature = Self.unsupportedFeatures.first(where: { name.contains($0.part) }) {
      return feature.reason
    }
    if name == "dist_token" || name.hasPrefix("head_dist.") {
      return "it belongs to a distilled model, and the configuration says that this is none"
    }
    if name.hasSuffix(".attn.qkv.bias") && !hasQKVBias {
      return "the configuration says that queries, keys and values have no bias"
    }
    if let reason = reasonToRefusePrefix(of: name) { return reason }
    let parts = name.split(separator: ".")
    if parts.count > 2, parts[0] == "blocks", let block = Int(parts[1]), block >= depth {
      return "the configuration says that the model has \(counted(depth, "block"))"
    }
    return "a vision transformer of this configuration has no such tensor"
  }
}

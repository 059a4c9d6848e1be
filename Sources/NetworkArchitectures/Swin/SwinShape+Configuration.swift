import SparsityCore

extension SwinShape: NetworkArchitecture {
  /// Whether timm means a Swin transformer of the first version by the name.
  package static func isFamily(ofArchitecture name: String) -> Bool { name.hasPrefix("swin_") }

  /// What timm may say of a Swin transformer that is computed here.
  package static let configurationRules = ConfigurationRules(
    harmlessValues: [
      "act_layer": ["gelu"],
      "always_partition": [false],
      "ape": [false],
      "crop_mode": ["center"],
      "dynamic_mask": [false],
      "global_pool": ["avg"],
      "norm_layer": ["layernorm"],
      "patch_norm": [true],
      "pool": ["avg"],
      "qkv_bias": [true],
      "strict_img_size": [true],
    ],
    unsupportedKeys: ["head_dim", "window_ratio"],
    knownArguments: [
      "architecture", "img_size", "patch_size", "in_chans", "embed_dim", "depths", "num_heads",
      "window_size", "mlp_ratio", "num_classes", "drop_rate", "drop_path_rate", "attn_drop_rate",
      "proj_drop_rate", "weight_init",
    ],
    familyName: "a plain Swin transformer")

  /// Reads timm's keys; what the configuration leaves out is that of its name.
  package init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault) {
    func size(_ key: String, _ fallback: Int?) throws(ConfigurationFault) -> Int {
      try configuration.size(key, fallback, architecture: architecture)
    }
    let ratio = try configuration.number(["mlp_ratio"]) ?? Double(named?.hiddenRatio ?? 4)
    guard let hiddenRatio = Int(exactly: ratio) else {
      throw .invalidValue(key: "mlp_ratio", value: "\(ratio)", expected: "a whole number")
    }
    let outer = try configuration.outerSizes(
      named: named?.outerSizes, architecture: architecture)
    let width = try size("embed_dim", named?.embeddingWidth)
    let depths = try configuration.sizes("depths", named?.depths, architecture: architecture)
    let heads = try configuration.sizes("num_heads", named?.heads, architecture: architecture)
    let windowSize = try size("window_size", named?.windowSize)
    do throws(ArchitectureError) {
      try self.init(
        imageSize: outer.imageSize, patchSize: outer.patchSize, channels: outer.channels,
        embeddingWidth: width,
        depths: depths, heads: heads, windowSize: windowSize, hiddenRatio: hiddenRatio,
        classes: outer.classes)
    } catch {
      throw .invalidSizes(error)
    }
  }

  private var outerSizes: OuterSizes {
    OuterSizes(
      imageSize: imageSize, patchSize: patchSize, channels: channels, classes: classes)
  }

  /// Returns the prefix that is in the way, or that there is no such tensor.
  package func reasonToRefuse(unknownTensor name: String) -> String {
    reasonToRefusePrefix(of: name) ?? "a Swin transformer of this configuration has no such tensor"
  }
}

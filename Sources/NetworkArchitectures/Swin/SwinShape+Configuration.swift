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
      "dynamic_img_size": [false, true],
      "dynamic_mask": [false, true],
      "global_pool": ["avg"],
      "norm_layer": ["layernorm"],
      "patch_norm": [true],
      "pool": ["avg"],
      "strict_img_size": [true, false],
    ],
    unsupportedKeys: ["head_dim", "window_ratio"],
    knownArguments: [
      "architecture", "img_size", "patch_size", "in_chans", "embed_dim", "depths", "num_heads",
      "window_size", "mlp_ratio", "qkv_bias", "num_classes", "drop_rate", "drop_path_rate",
      "attn_drop_rate",
      "proj_drop_rate", "weight_init",
    ],
    familyName: "a plain Swin transformer")

  /// Reads timm's keys; what the configuration leaves out is that of its name.
  package init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault) {
    let hiddenRatio = try configuration.number(["mlp_ratio"]) ?? named?.hiddenRatio ?? 4
    guard hiddenRatio > 0, hiddenRatio < 1_000 else {
      throw .invalidValue(
        key: "mlp_ratio", value: "\(hiddenRatio)", expected: "a number above 0 and below 1000")
    }
    let outer = try configuration.outerSizes(
      named: named?.outerSizes, architecture: architecture)
    let width = try configuration.size(
      ["embed_dim"], named?.embeddingWidth, architecture: architecture)
    let depths = try configuration.sizes("depths", named?.depths, architecture: architecture)
    let heads = try configuration.sizes("num_heads", named?.heads, architecture: architecture)
    let windowSizes = try Self.windowSizes(
      configuration, stages: depths.count, named: named, architecture)
    let hasQKVBias = try configuration.truth(["qkv_bias"]) ?? named?.hasQKVBias ?? true
    do throws(ArchitectureError) {
      try self.init(
        imageSize: outer.imageSize, patchSize: outer.patchSize,
        channels: outer.channels, embeddingWidth: width, depths: depths, heads: heads,
        windowSizes: windowSizes, hiddenRatio: hiddenRatio, hasQKVBias: hasQKVBias,
        classes: outer.classes)
    } catch {
      throw .invalidSizes(error)
    }
  }

  /// The size of each stage's windows: a number or a pair of height and width for all, or a number
  /// for each.
  private static func windowSizes(
    _ configuration: some ConfigurationReader, stages: Int, named: Self?, _ architecture: String
  ) throws(ConfigurationFault) -> [GridSize] {
    // A number of stages that no shape has is refused with the other sizes.
    let count = min(stages, 64)
    if let list = try? configuration.integers(["window_size"]), list.count > 2 {
      return list.map { GridSize(side: $0) }
    }
    if let size = try configuration.grid(["window_size"]) {
      return Array(repeating: size, count: count)
    }
    guard let named else {
      _ = try configuration.size(["window_size"], nil, architecture: architecture)
      return []
    }
    let isUniform = Set(named.windowSizes).count == 1
    return isUniform ? Array(repeating: named.windowSize, count: count) : named.windowSizes
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

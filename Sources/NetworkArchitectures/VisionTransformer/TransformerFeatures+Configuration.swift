extension TransformerFeatures {
  /// Reads what a configuration says beside sizes; what it leaves out is that of its name.
  ///
  /// - Parameters:
  ///   - known: The architecture that the configuration names, if it is known.
  ///   - architecture: The name, for messages.
  init(
    configuration: some ConfigurationReader, known: TransformerName?, architecture: String
  ) throws(ConfigurationFault) {
    func truth(_ key: String, _ fallback: Bool) throws(ConfigurationFault) -> Bool {
      try configuration.truth([key]) ?? fallback
    }
    self = known?.features ?? TransformerFeatures()
    isDistilled = try Self.isDistilled(configuration, known: known, architecture)
    registers = try configuration.integer(["reg_tokens"]) ?? registers
    hasPreNorm = try truth("pre_norm", hasPreNorm)
    hasQKVBias = try truth("qkv_bias", hasQKVBias)
    hasProjectionBias = try truth("proj_bias", hasProjectionBias)
    hasQueryKeyNorm = try truth("qk_norm", hasQueryKeyNorm)
    poolsExtraTokens = try truth("pool_include_prefix", poolsExtraTokens)
    // timm makes LayerScale of any value but null and zero.
    if try configuration.number(["init_values"]) != nil {
      hasLayerScale = configuration.isStated(["init_values"])
    }
    try readPositions(configuration)
    try readActivation(configuration)
    try readPooling(configuration, known: known, architecture)
    hasClassToken = try Self.hasClassToken(configuration, known: known)
    try readEpsilon(configuration)
  }

  private mutating func readPositions(
    _ configuration: some ConfigurationReader
  ) throws(ConfigurationFault) {
    if let patchesOnly = try configuration.truth(["no_embed_class"]) {
      positions = patchesOnly ? .patches : .all
    }
    switch try configuration.text(["pos_embed"]) {
    case nil, "learn"?: break
    case ""?, "none"?: positions = .none
    case let other?:
      throw .invalidValue(
        key: "pos_embed", value: "\"\(other)\"", expected: "\"learn\", \"none\" or \"\"")
    }
  }

  /// Names of activation functions, in timm, transformers and this package's own files.
  private static let activationNames: [String: PerceptronActivation] = [
    "gelu": .gelu, "gelu_erf": .gelu, "gelu_python": .gelu, "gelu_tanh": .geluTanh,
    "gelu_new": .geluTanh, "gelu_fast": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
    "quick_gelu": .quickGELU, "silu": .silu, "swish": .silu, "relu": .relu,
  ]

  private mutating func readActivation(
    _ configuration: some ConfigurationReader
  ) throws(ConfigurationFault) {
    var found: PerceptronActivation?
    for key in ["act_layer", "hidden_act", "act"] {
      guard let name = try configuration.text([key]) else { continue }
      guard let function = Self.activationNames[name.lowercased()] else {
        throw .invalidValue(
          key: key, value: "\"\(name)\"",
          expected: "gelu, gelu_tanh, quick_gelu, silu or relu; nothing else is supported")
      }
      guard found == nil || found == function else {
        throw .invalidValue(
          key: key, value: "\"\(name)\"", expected: "the function that another key names")
      }
      found = function
    }
    activation = found ?? activation
  }

  /// Reads how tokens are pooled, and with it where the last norm stands.
  private mutating func readPooling(
    _ configuration: some ConfigurationReader, known: TransformerName?, _ architecture: String
  ) throws(ConfigurationFault) {
    let name = try configuration.text(["global_pool", "pool"])
    switch name {
    case "map"?, "prr"?: throw Self.attentionPooling(architecture)
    case nil:
      guard known?.hasAttentionPooling != true else { throw Self.attentionPooling(architecture) }
    case "cls_token"?: pooling = .token
    case let name?:
      guard let stated = TokenPooling(rawValue: name) else {
        throw .invalidValue(
          key: "global_pool", value: "\"\(name)\"",
          expected: "token, avg, max or avgmax; nothing else is supported")
      }
      // timm's default follows the pooling, unless the architecture says where the norm stands.
      if finalNorm != .none, known == nil || (stated == .token) != (pooling == .token) {
        finalNorm = stated == .token ? .beforePooling : .afterPooling
      }
      pooling = stated
    }
    if let isLast = try configuration.truth(["fc_norm"]), finalNorm != .none {
      finalNorm = isLast ? .afterPooling : .beforePooling
    }
    if let isThere = try configuration.truth(["final_norm"]) {
      if !isThere {
        finalNorm = .none
      } else if finalNorm == .none {
        let isLast = try configuration.truth(["fc_norm"]) ?? (pooling != .token)
        finalNorm = isLast ? .afterPooling : .beforePooling
      }
    }
  }

  private static func attentionPooling(_ architecture: String) -> ConfigurationFault {
    .unsupported(
      architecture: architecture, reason: "its head pools tokens by attention (global_pool: map)")
  }

  /// The constant of norms: stated, or timm's own where the norm is named without one.
  private mutating func readEpsilon(
    _ configuration: some ConfigurationReader
  ) throws(ConfigurationFault) {
    if let stated = try configuration.number(["ln_eps", "layer_norm_eps"]) {
      layerNormEpsilon = Float(stated)
    } else if try configuration.text(["norm_layer"]) != nil {
      layerNormEpsilon = 1e-6
    }
  }

  /// Whether a class token exists.
  private static func hasClassToken(
    _ configuration: some ConfigurationReader, known: TransformerName?
  ) throws(ConfigurationFault) -> Bool {
    try configuration.truth(["class_token"]) ?? known?.features.hasClassToken ?? true
  }

  /// Whether a distillation token exists: by its own key, the head's names or the model's name.
  private static func isDistilled(
    _ configuration: some ConfigurationReader, known: TransformerName?, _ architecture: String
  ) throws(ConfigurationFault) -> Bool {
    if let stated = try configuration.truth(["distilled"]) { return stated }
    let keys = ["num_tokens", "num_prefix_tokens"]
    let expected = "1 (class token) or 2 (class and distillation token)"
    if known == nil, !configuration.isStated(["reg_tokens", "class_token"]),
      let tokens = try configuration.integer(keys, in: 1...2, expected: expected)
    {
      return tokens == 2
    }
    if let heads = try configuration.texts(["classifier"]) { return heads.contains("head_dist") }
    return known?.features.isDistilled ?? architecture.contains("_distilled")
  }
}

import SparsityCore

/// Typed access to the keys of a model configuration, wherever its form keeps them.
///
/// A key is looked for in `model_args`, at the top, and in `pretrained_cfg`, in this order. Wrong
/// types and values of keys that matter are errors; keys that do not change the computation, such
/// as licence or tag, are ignored.
struct ConfigurationKeys {
  private let path: String
  /// The objects to look in, each with the prefix that its keys have in messages.
  private let scopes: [(prefix: String, members: [String: JSONValue])]

  init(bytes: [UInt8], path: String) throws(ModelFileError) {
    self.path = path
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes)
    } catch {
      throw .invalidJSON(path: path, fault: error)
    }
    guard case .object(let top) = value else {
      throw .invalidValue(
        path: path, key: "(whole file)", value: value.kind, expected: "an object")
    }
    var scopes = [(prefix: "", members: top)]
    for (key, position) in [("pretrained_cfg", 1), ("model_args", 0)] {
      switch top[key] {
      case nil, .null?: continue
      case .object(let members)?:
        scopes.insert((prefix: key + ".", members: members), at: position)
      case let other?:
        throw .invalidValue(path: path, key: key, value: other.excerpt, expected: "an object")
      }
    }
    self.scopes = scopes
  }

  /// The first of these keys that is there and not null, with its name for messages.
  private func find(_ keys: [String]) -> (name: String, value: JSONValue)? {
    for scope in scopes {
      for key in keys {
        if let value = scope.members[key], value != .null { return (scope.prefix + key, value) }
      }
    }
    return nil
  }

  private func invalid(_ found: (name: String, value: JSONValue), _ expected: String)
    -> ModelFileError
  {
    .invalidValue(
      path: path, key: found.name, value: found.value.excerpt, expected: expected)
  }

  func text(_ keys: [String]) throws(ModelFileError) -> String? {
    guard let found = find(keys) else { return nil }
    guard case .string(let text) = found.value else { throw invalid(found, "a string") }
    return text
  }

  func integer(_ keys: [String]) throws(ModelFileError) -> Int? {
    guard let found = find(keys) else { return nil }
    guard case .integer(let value) = found.value else { throw invalid(found, "an integer") }
    return value
  }

  func number(_ keys: [String]) throws(ModelFileError) -> Double? {
    guard let found = find(keys) else { return nil }
    guard let value = found.value.asDouble else { throw invalid(found, "a number") }
    return value
  }

  func truth(_ keys: [String]) throws(ModelFileError) -> Bool? {
    guard let found = find(keys) else { return nil }
    guard case .bool(let value) = found.value else { throw invalid(found, "true or false") }
    return value
  }
}

// MARK: - Sizes

extension ConfigurationKeys {
  /// Returns the sizes that the file states, the others from the shape of the model's name.
  func shape(named: TransformerShape?, architecture: String) throws(ModelFileError)
    -> TransformerShape
  {
    let input = try inputSize()
    let width = try size(["embed_dim"], named?.width, architecture)
    guard TransformerShape.widthRange.contains(width) else {
      throw .invalidShape(
        path: path,
        fault: .outOfRange(name: "width", value: width, allowed: TransformerShape.widthRange))
    }
    let ratio =
      try number(["mlp_ratio"]) ?? named.map { Double($0.hiddenWidth) / Double($0.width) } ?? 4
    let hiddenWidth = (Double(width) * ratio).rounded(.towardZero)
    guard ratio > 0, (0..<1e9).contains(hiddenWidth) else {
      throw .invalidValue(
        path: path, key: "mlp_ratio", value: "\(ratio)", expected: "a number above 0")
    }
    let imageSize = try size(["img_size"], input?.side ?? named?.imageSize, architecture)
    let patchSize = try size(["patch_size"], named?.patchSize, architecture)
    let channels = try size(["in_chans"], input?.channels ?? named?.channels, architecture)
    let depth = try size(["depth"], named?.depth, architecture)
    let heads = try size(["num_heads"], named?.heads, architecture)
    let classes = try size(["num_classes"], named?.classes, architecture)
    let isDistilled = try isDistilled(named: named, architecture: architecture)
    let hasQKVBias = try truth(["qkv_bias"]) ?? named?.hasQKVBias ?? true
    let epsilon = try number(["ln_eps"]).map { Float($0) } ?? named?.layerNormEpsilon ?? 1e-6
    do {
      return try TransformerShape(
        imageSize: imageSize, patchSize: patchSize, channels: channels, width: width,
        depth: depth, heads: heads, hiddenWidth: Int(hiddenWidth), classes: classes,
        isDistilled: isDistilled, hasQKVBias: hasQKVBias, layerNormEpsilon: epsilon)
    } catch {
      throw .invalidShape(path: path, fault: error)
    }
  }

  private func size(_ keys: [String], _ fallback: Int?, _ architecture: String)
    throws(ModelFileError) -> Int
  {
    if let value = try integer(keys) { return value }
    if let fallback { return fallback }
    let name = architecture.prefix(80)
    let reason = name.isEmpty ? "" : ", because the architecture \"\(name)\" is not known"
    throw .missingKey(path: path, key: keys[0], expected: "an integer\(reason)")
  }

  /// Reads timm's `input_size`: channels, height and width.
  private func inputSize() throws(ModelFileError) -> (channels: Int, side: Int)? {
    guard let found = find(["input_size"]) else { return nil }
    guard case .array(let values) = found.value, values.count == 3,
      case .integer(let channels) = values[0], case .integer(let height) = values[1],
      case .integer(let width) = values[2], height == width
    else { throw invalid(found, "[channels, side, side] of a square image") }
    return (channels, height)
  }

  /// Whether a distillation token exists: by its own key, the head's names or the model's name.
  private func isDistilled(named: TransformerShape?, architecture: String)
    throws(ModelFileError) -> Bool
  {
    if let stated = try truth(["distilled"]) { return stated }
    if let found = find(["num_tokens", "num_prefix_tokens"]) {
      guard case .integer(let tokens) = found.value, (1...2).contains(tokens) else {
        throw invalid(found, "1 (class token) or 2 (class and distillation token)")
      }
      return tokens == 2
    }
    if case .array(let heads)? = find(["classifier"])?.value {
      return heads.contains(.string("head_dist"))
    }
    return named?.isDistilled ?? architecture.contains("_distilled")
  }
}

// MARK: - Preprocessing

extension ConfigurationKeys {
  /// The means of channels that are read: in units of the full range, or of 0…255.
  static let meanRange: ClosedRange<Double> = -1000...1000
  /// The standard deviations of channels that are read; the normalised values stay far from
  /// overflow.
  static let deviationRange: ClosedRange<Double> = 1e-6...1000

  func channelValues(
    _ key: String, _ channels: Int, in range: ClosedRange<Double>
  ) throws(ModelFileError) -> [Float] {
    let expected =
      "\(channels) numbers in \(range.lowerBound)…\(range.upperBound), one a channel"
    guard let found = find([key]) else {
      throw .missingKey(path: path, key: key, expected: expected)
    }
    guard case .array(let elements) = found.value else { throw invalid(found, expected) }
    let values = elements.compactMap(\.asDouble)
    guard values.count == channels, elements.count == channels, values.allSatisfy(range.contains)
    else { throw invalid(found, expected) }
    return values.map { Float($0) }
  }

  func preprocessing(_ shape: TransformerShape) throws(ModelFileError) -> Preprocessing {
    if let found = find(["crop_mode"]), found.value != .string("center") {
      throw invalid(found, "\"center\", the only crop that is supported")
    }
    guard let name = try text(["interpolation"]) else {
      throw .missingKey(path: path, key: "interpolation", expected: "\"bicubic\" or \"bilinear\"")
    }
    guard let interpolation = Interpolation(rawValue: name) else {
      throw .invalidValue(
        path: path, key: "interpolation", value: "\"\(name)\"",
        expected: "\"bicubic\" or \"bilinear\"")
    }
    return Preprocessing(
      resize: try resize(imageSize: shape.imageSize), cropSize: shape.imageSize,
      interpolation: interpolation, channels: shape.channels)
  }

  /// The shorter side after resizing: `resize`, or the image size over `crop_pct` as in timm.
  private func resize(imageSize: Int) throws(ModelFileError) -> Int? {
    let sides = 1...65536
    let derived = try derivedResize(imageSize: imageSize, sides: sides)
    for scope in scopes {
      switch scope.members["resize"] {
      case nil: continue
      case .null?, .string("none")?: return nil
      case .integer(let side)? where sides.contains(side): return side
      case let other?:
        throw invalid(
          (scope.prefix + "resize", other), "an integer in 1…\(sides.upperBound), or \"none\"")
      }
    }
    guard let derived else {
      throw .missingKey(
        path: path, key: "crop_pct", expected: "a number above 0, at most 1; or the key \"resize\"")
    }
    return derived
  }

  /// The side that `crop_pct` means, if it is there; checked also where `resize` overrules it.
  private func derivedResize(
    imageSize: Int, sides: ClosedRange<Int>
  ) throws(ModelFileError) -> Int? {
    guard let found = find(["crop_pct"]) else { return nil }
    guard let fraction = found.value.asDouble, fraction > 0, fraction <= 1,
      Double(imageSize) / fraction <= Double(sides.upperBound)
    else { throw invalid(found, "a number above 0, at most 1") }
    return Int((Double(imageSize) / fraction).rounded(.down))
  }
}

// MARK: - What is not supported

extension ConfigurationKeys {
  /// The values that keep the computation the one we know, for keys that would change it.
  private static let harmlessValues: [String: [JSONValue]] = [
    "act": [.string("gelu_erf"), .string("gelu")],
    "act_layer": [.string("gelu")],
    "class_token": [.bool(true)],
    "crop_mode": [.string("center")],
    "dynamic_img_pad": [.bool(false)],
    "dynamic_img_size": [.bool(false)],
    "fc_norm": [.bool(false)],
    "final_norm": [.bool(true)],
    "global_pool": [.string("token")],
    "no_embed_class": [.bool(false)],
    "norm_layer": [.string("layernorm")],
    "pool": [.string("cls_token"), .string("token")],
    "pos_embed": [.string("learn")],
    "pre_logits": [.bool(false)],
    "pre_norm": [.bool(false)],
    "qk_norm": [.bool(false)],
    "reg_tokens": [.integer(0)],
  ]

  /// Keys that must be absent or null, because any value would change the computation.
  private static let unsupportedKeys = ["init_values", "representation_size", "block_fn"]

  /// The keys of `model_args` that are read or do not matter; any other may change the model.
  private static let readKeys: Set<String> = [
    "architecture", "img_size", "patch_size", "in_chans", "embed_dim", "depth", "num_heads",
    "mlp_ratio", "qkv_bias", "num_classes", "ln_eps", "distilled", "num_tokens",
    "num_prefix_tokens", "drop_rate", "drop_path_rate", "attn_drop_rate", "proj_drop_rate",
    "pos_drop_rate", "patch_drop_rate", "weight_init",
  ]

  /// Throws for a key whose value asks for a computation that is not built.
  func refuseUnsupportedFeatures() throws(ModelFileError) {
    for scope in scopes {
      for (key, value) in scope.members.sorted(by: { $0.key < $1.key }) where value != .null {
        if let harmless = Self.harmlessValues[key] {
          guard harmless.contains(value) else {
            let allowed = harmless.map(\.excerpt).joined(separator: " or ")
            throw invalid((scope.prefix + key, value), "\(allowed); nothing else is supported")
          }
        } else if Self.unsupportedKeys.contains(key) {
          throw invalid((scope.prefix + key, value), "no such key; it is not supported")
        } else if scope.prefix == "model_args.", !Self.readKeys.contains(key) {
          throw invalid((scope.prefix + key, value), "only keys of a plain ViT in model_args")
        }
      }
    }
  }
}

extension JSONValue {
  /// The value as a floating-point number, or `nil`.
  fileprivate var asDouble: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

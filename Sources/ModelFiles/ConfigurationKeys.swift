import NetworkArchitectures

/// Typed access to the keys of a model configuration, wherever its form keeps them.
///
/// A key is looked for in `model_args`, at the top, and in `pretrained_cfg`, in this order. Wrong
/// types and values of keys that matter are errors; keys that do not change the computation, such
/// as licence or tag, are ignored.
struct ConfigurationKeys {
  let path: String
  /// The objects to look in, each with the prefix that its keys have in messages.
  let scopes: [(prefix: String, members: [String: JSONValue])]

  init(bytes: [UInt8], path: String) throws(ModelFileError) {
    self.path = path
    let value: JSONValue
    do {
      value = try JSONParser.parse(bytes)
    } catch {
      throw .invalidJSON(path: path, fault: error)
    }
    guard case .object(let members) = value else {
      throw .invalidValue(
        path: path, key: "(whole file)", value: value.kind, expected: "an object")
    }
    let top = try TransformersConfiguration.translated(members, path: path)
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
  func find(_ keys: [String]) -> (name: String, value: JSONValue)? {
    for scope in scopes {
      for key in keys {
        if let value = scope.members[key], value != .null { return (scope.prefix + key, value) }
      }
    }
    return nil
  }

  func invalid(_ found: (name: String, value: JSONValue), _ expected: String)
    -> ModelFileError
  {
    .invalidValue(
      path: path, key: found.name, value: found.value.excerpt, expected: expected)
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

  func preprocessing(_ input: NetworkInput) throws(ModelFileError) -> Preprocessing {
    if let found = find(["crop_mode"]), found.value != .string("center") {
      throw invalid(found, "\"center\", the only crop that is supported")
    }
    guard let name = try reading({ () throws(ConfigurationFault) in try text(["interpolation"]) })
    else {
      throw .missingKey(path: path, key: "interpolation", expected: "\"bicubic\" or \"bilinear\"")
    }
    guard let interpolation = Interpolation(rawValue: name) else {
      throw .invalidValue(
        path: path, key: "interpolation", value: "\"\(name)\"",
        expected: "\"bicubic\" or \"bilinear\"")
    }
    // Configurations describe square images alone, see `inputSize`.
    let side = input.size.height
    return Preprocessing(
      resize: try resize(imageSize: side), cropSize: side,
      interpolation: interpolation, channels: input.channels)
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

extension JSONValue {
  /// The value as a floating-point number, or `nil`.
  var asDouble: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

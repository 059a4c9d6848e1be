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

  private init(path: String, scopes: [(prefix: String, members: [String: JSONValue])]) {
    self.path = path
    self.scopes = scopes
  }

  init(bytes: [UInt8], path: String) throws(ModelFileError) {
    self.path = path
    let value: JSONValue
    do {
      // Editors of Windows write a byte order mark, which is none of the text.
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
      value = try JSONParser.parse(text, allowsPythonNumbers: true)
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

  /// The same keys for images of another size, whatever the file says of theirs.
  func with(imageSize: GridSize) -> ConfigurationKeys {
    let size: JSONValue = .array([.integer(imageSize.height), .integer(imageSize.width)])
    return ConfigurationKeys(
      path: path, scopes: [(prefix: "", members: ["img_size": size])] + scopes)
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
    let crop = find(["crop_mode"])
    if let crop, ![.string("center"), .string("squash")].contains(crop.value) {
      throw invalid(crop, "\"center\" or \"squash\"; no other crop is supported")
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
    return Preprocessing(
      resizing: try resizing(input.size, isSquashed: crop?.value == .string("squash")),
      cropSize: input.size, interpolation: interpolation, channels: input.channels)
  }

  /// The size before the crop: `resize`, or the image's sides over `crop_pct` as in timm.
  private func resizing(
    _ size: GridSize, isSquashed: Bool
  ) throws(ModelFileError) -> ImageResizing {
    let sides = 1...65536
    let derived = try derivedSize(size, sides: sides)
    for scope in scopes {
      switch scope.members["resize"] {
      case nil: continue
      case .null?, .string("none")?: return .none
      case .integer(let side)? where sides.contains(side): return .shorterSide(side)
      case let other?:
        throw invalid(
          (scope.prefix + "resize", other), "an integer in 1…\(sides.upperBound), or \"none\"")
      }
    }
    // timm's own fraction, for a file that says that it does not know.
    let isOpen = scopes.contains { $0.members["crop_pct"] == .null }
    guard let size = derived ?? (isOpen ? scaled(size, by: 0.875) : nil) else {
      throw .missingKey(
        path: path, key: "crop_pct", expected: "a number above 0, at most 1; or the key \"resize\"")
    }
    if isSquashed { return .bothSides(size) }
    return size.isSquare ? .shorterSide(size.height) : .covering(size)
  }

  /// Returns sides divided by a fraction, rounded down.
  private func scaled(_ size: GridSize, by fraction: Double) -> GridSize {
    GridSize(
      height: Int((Double(size.height) / fraction).rounded(.down)),
      width: Int((Double(size.width) / fraction).rounded(.down)))
  }

  /// The size that `crop_pct` means, if it is there; checked also where `resize` overrules it.
  private func derivedSize(
    _ size: GridSize, sides: ClosedRange<Int>
  ) throws(ModelFileError) -> GridSize? {
    guard let found = find(["crop_pct"]) else { return nil }
    guard let fraction = found.value.asDouble, fraction > 0, fraction <= 1,
      Double(max(size.height, size.width)) / fraction <= Double(sides.upperBound)
    else { throw invalid(found, "a number above 0, at most 1") }
    return scaled(size, by: fraction)
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

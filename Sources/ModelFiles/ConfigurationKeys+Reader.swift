import NetworkArchitectures

extension ConfigurationKeys: ConfigurationReader {
  func text(_ keys: [String]) throws(ConfigurationFault) -> String? {
    guard let found = find(keys) else { return nil }
    guard case .string(let text) = found.value else { throw fault(found, "a string") }
    return text
  }

  func texts(_ keys: [String]) throws(ConfigurationFault) -> [String]? {
    guard case .array(let values)? = find(keys)?.value else { return nil }
    return values.compactMap { value in
      guard case .string(let text) = value else { return nil }
      return text
    }
  }

  func integer(_ keys: [String]) throws(ConfigurationFault) -> Int? {
    guard let found = find(keys) else { return nil }
    guard case .integer(let value) = found.value else { throw fault(found, "an integer") }
    return value
  }

  func integer(
    _ keys: [String], in range: ClosedRange<Int>, expected: String
  ) throws(ConfigurationFault) -> Int? {
    guard let found = find(keys) else { return nil }
    guard case .integer(let value) = found.value, range.contains(value) else {
      throw fault(found, expected)
    }
    return value
  }

  func integers(_ keys: [String]) throws(ConfigurationFault) -> [Int]? {
    guard let found = find(keys) else { return nil }
    guard case .array(let values) = found.value, !values.isEmpty else {
      throw fault(found, "a list of integers")
    }
    return try values.map { (value) throws(ConfigurationFault) in
      guard case .integer(let number) = value else { throw fault(found, "a list of integers") }
      return number
    }
  }

  func grid(_ keys: [String]) throws(ConfigurationFault) -> GridSize? {
    guard let found = find(keys) else { return nil }
    switch found.value {
    case .integer(let side): return GridSize(side: side)
    case .array(let values) where values.count == 2:
      guard case .integer(let height) = values[0], case .integer(let width) = values[1] else {
        throw fault(found, "an integer or a pair of integers, height and width")
      }
      return GridSize(height: height, width: width)
    default: throw fault(found, "an integer or a pair of integers, height and width")
    }
  }

  func isStated(_ keys: [String]) -> Bool {
    guard let value = find(keys)?.value else { return false }
    return value != .bool(false) && value.asDouble != 0
  }

  func number(_ keys: [String]) throws(ConfigurationFault) -> Double? {
    guard let found = find(keys) else { return nil }
    guard let value = found.value.asDouble else { throw fault(found, "a number") }
    return value
  }

  func truth(_ keys: [String]) throws(ConfigurationFault) -> Bool? {
    guard let found = find(keys) else { return nil }
    guard case .bool(let value) = found.value else { throw fault(found, "true or false") }
    return value
  }

  func inputSize() throws(ConfigurationFault) -> NetworkInput? {
    guard let found = find(["input_size"]) else { return nil }
    guard case .array(let values) = found.value, values.count == 3,
      case .integer(let channels) = values[0], case .integer(let height) = values[1],
      case .integer(let width) = values[2]
    else { throw fault(found, "[channels, height, width] of an image") }
    return NetworkInput(size: GridSize(height: height, width: width), channels: channels)
  }

  /// Throws for a key whose value asks for a computation that a family does not have, and for one
  /// that is not known.
  func check(_ rules: ConfigurationRules) throws(ConfigurationFault) {
    for scope in scopes {
      for (key, value) in scope.members.sorted(by: { $0.key < $1.key }) where value != .null {
        try check(key, value, in: scope.prefix, rules)
      }
      for keys in rules.synonyms {
        let present = keys.filter { (scope.members[$0] ?? .null) != .null }
        guard let first = present.first, let value = scope.members[first] else { continue }
        for other in present.dropFirst() where scope.members[other] != value {
          throw fault(
            (scope.prefix + other, scope.members[other] ?? .null),
            "\(value.excerpt), as \(first) says")
        }
      }
    }
  }

  private func check(
    _ key: String, _ value: JSONValue, in prefix: String, _ rules: ConfigurationRules
  ) throws(ConfigurationFault) {
    if let harmless = rules.harmlessValues[key]?.map(JSONValue.init) {
      guard harmless.contains(value) else {
        let allowed = harmless.map(\.excerpt).joined(separator: " or ")
        throw fault((prefix + key, value), "\(allowed); nothing else is supported")
      }
    } else if rules.unsupportedKeys.contains(key) {
      throw fault((prefix + key, value), "no such key; it is not supported")
    } else if !rules.knownArguments.contains(key), !ConfigurationRules.isMetadata(key) {
      throw fault(
        (prefix + key, value),
        prefix == "model_args."
          ? "only keys of \(rules.familyName) in model_args"
          : "no such key, which might change what \(rules.familyName) computes; remove it if it "
            + "does not")
    }
  }

  private func fault(
    _ found: (name: String, value: JSONValue), _ expected: String
  ) -> ConfigurationFault {
    .invalidValue(
      key: String(found.name.prefix(80)), value: found.value.excerpt, expected: expected)
  }
}

extension JSONValue {
  fileprivate init(_ value: ConfigurationRules.Value) {
    self =
      switch value {
      case .text(let text): .string(text)
      case .integer(let number): .integer(number)
      case .truth(let truth): .bool(truth)
      }
  }
}

extension ConfigurationKeys {
  /// Returns what `body` reads; what is wrong is said with the file's path.
  func reading<Value>(
    _ body: () throws(ConfigurationFault) -> Value
  ) throws(ModelFileError) -> Value {
    do throws(ConfigurationFault) {
      return try body()
    } catch {
      switch error {
      case .missingKey(let key, let expected):
        throw .missingKey(path: path, key: key, expected: expected)
      case .invalidValue(let key, let value, let expected):
        throw .invalidValue(path: path, key: key, value: value, expected: expected)
      case .unsupported(let architecture, let reason):
        throw .unsupportedArchitecture(path: path, name: architecture, reason: reason)
      case .invalidSizes(let fault):
        throw .invalidShape(path: path, fault: fault)
      }
    }
  }
}

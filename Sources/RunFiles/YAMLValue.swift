/// A value of a YAML file that knows its place, for errors that name line and column.
struct YAMLValue {
  let file: String
  /// The keys that lead here, as in `search.population`.
  let path: String
  let node: YAMLNode

  /// Reads the one document of a YAML text.
  static func document(_ text: String, file: String) throws(RunFileError) -> YAMLValue {
    YAMLValue(file: file, path: "", node: try YAMLParser.parse(text, file: file))
  }

  /// Returns an error at this value's place.
  func error(_ message: String) -> RunFileError {
    error(message, at: node.place)
  }

  private func error(_ message: String, at place: YAMLPlace) -> RunFileError {
    RunFileError(file: file, line: place.line, column: place.column, message: message)
  }

  /// Returns the values of a mapping, whose keys must all be among `keys`.
  func mapping(keys: [String]) throws(RunFileError) -> [String: YAMLValue] {
    guard case .mapping(let entries) = node.content else {
      throw error("\(name) must be a mapping with the keys \(keys.joined(separator: ", "))")
    }
    var values: [String: YAMLValue] = [:]
    for entry in entries {
      guard keys.contains(entry.key) else {
        throw error(
          "unknown key \"\(excerpt(entry.key))\"\(path.isEmpty ? "" : " in \(path)"); "
            + "known keys: \(keys.joined(separator: ", "))", at: entry.place)
      }
      values[entry.key] = child(entry.key, entry.value)
    }
    return values
  }

  /// Returns the keys of a mapping and their values, in order.
  func entries() throws(RunFileError) -> [(key: String, value: YAMLValue)] {
    guard case .mapping(let entries) = node.content else {
      throw error("\(name) must be a mapping")
    }
    return entries.map { ($0.key, child($0.key, $0.value)) }
  }

  private func child(_ key: String, _ value: YAMLNode) -> YAMLValue {
    YAMLValue(file: file, path: path.isEmpty ? key : "\(path).\(key)", node: value)
  }

  /// Returns the values of a sequence with at least one value.
  func sequence() throws(RunFileError) -> [YAMLValue] {
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      throw error("\(name) must be a list with at least one value, as in [a, b]")
    }
    return items.map { YAMLValue(file: file, path: path, node: $0) }
  }

  /// Returns the values of a sequence, which may be empty.
  func list() throws(RunFileError) -> [YAMLValue] {
    guard case .sequence(let items) = node.content else { throw error("\(name) must be a list") }
    return items.map { YAMLValue(file: file, path: path, node: $0) }
  }

  /// Whether the value is a list.
  var isSequence: Bool {
    guard case .sequence = node.content else { return false }
    return true
  }

  /// The text of a scalar, or `nil` for a list or a mapping.
  var scalar: String? {
    guard case .scalar(let text) = node.content else { return nil }
    return text
  }

  /// Returns the text of a scalar.
  func string() throws(RunFileError) -> String {
    guard let text = scalar, !text.isEmpty else { throw error("\(name) must be one value") }
    guard !text.utf8.contains(0) else {
      throw error("\(name) holds a character of code zero; remove it")
    }
    return text
  }

  /// Returns a whole number in `range`.
  func integer(in range: ClosedRange<Int>) throws(RunFileError) -> Int {
    let text = try string()
    guard let value = Int(text) else {
      throw error("\(name) is \"\(excerpt(text))\", not a whole number")
    }
    guard range.contains(value) else {
      throw error("\(name) is \(value); allowed is \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  /// Returns a 64-bit seed.
  func seed() throws(RunFileError) -> UInt64 {
    let text = try string()
    guard let value = UInt64(text) else {
      throw error("\(name) is \"\(excerpt(text))\"; a seed is a whole number from 0")
    }
    return value
  }

  /// Returns true or false.
  func boolean() throws(RunFileError) -> Bool {
    let text = try string()
    switch text {
    case "true": return true
    case "false": return false
    default: throw error("\(name) is \"\(excerpt(text))\"; write true or false")
    }
  }

  /// Returns the case of an enumeration that the text names.
  func choice<Value>(
    _ type: Value.Type
  ) throws(RunFileError) -> Value
  where Value: RawRepresentable<String> & CaseIterable {
    let text = try string()
    guard let value = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("\(name) is \"\(excerpt(text))\"; known are \(known)")
    }
    return value
  }

  /// The keys that lead here, for messages.
  var name: String { path.isEmpty ? "the file" : path }
}

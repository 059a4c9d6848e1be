import Yams

/// A value of a YAML file that knows its place, for errors that name line and column.
struct YAMLValue {
  let file: String
  /// The keys that lead here, as in `search.population`.
  let path: String
  let node: Node

  /// Reads the one document of a YAML text.
  static func document(_ text: String, file: String) throws(RunFileError) -> YAMLValue {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw syntaxError(error, file: file)
    }
    guard let node else { throw RunFileError(file: file, message: "the file is empty") }
    return YAMLValue(file: file, path: "", node: node)
  }

  private static func syntaxError(_ error: any Error, file: String) -> RunFileError {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      RunFileError(
        file: file, line: mark.line, column: mark.column, message: "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      RunFileError(
        file: file, line: context.mark.line, column: context.mark.column,
        message: "key given twice: \(duplicates.sorted().joined(separator: ", "))")
    default:
      RunFileError(file: file, message: "not valid YAML: \(error)")
    }
  }

  /// Returns an error at this value's place.
  func error(_ message: String) -> RunFileError {
    RunFileError(file: file, line: node.mark?.line, column: node.mark?.column, message: message)
  }

  /// Returns the values of a mapping, whose keys must all be among `keys`.
  func mapping(keys: [String]) throws(RunFileError) -> [String: YAMLValue] {
    guard case .mapping(let mapping) = node else {
      throw error("\(name) must be a mapping with the keys \(keys.joined(separator: ", "))")
    }
    var values: [String: YAMLValue] = [:]
    for (keyNode, valueNode) in mapping {
      let key = YAMLValue(file: file, path: path, node: keyNode)
      guard case .scalar(let scalar) = keyNode else { throw key.error("a key must be a word") }
      guard keys.contains(scalar.string) else {
        throw key.error(
          "unknown key \"\(scalar.string)\"\(path.isEmpty ? "" : " in \(path)"); "
            + "known keys: \(keys.joined(separator: ", "))")
      }
      let childPath = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
      values[scalar.string] = YAMLValue(file: file, path: childPath, node: valueNode)
    }
    return values
  }

  /// Returns the values of a sequence with at least one value.
  func sequence() throws(RunFileError) -> [YAMLValue] {
    guard case .sequence(let sequence) = node, !sequence.isEmpty else {
      throw error("\(name) must be a list with at least one value, as in [a, b]")
    }
    return sequence.map { YAMLValue(file: file, path: path, node: $0) }
  }

  /// Returns the text of a scalar.
  func string() throws(RunFileError) -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      throw error("\(name) must be one value")
    }
    return scalar.string
  }

  /// Returns a whole number in `range`.
  func integer(in range: ClosedRange<Int>) throws(RunFileError) -> Int {
    let text = try string()
    guard let value = Int(text) else { throw error("\(name) is \"\(text)\", not a whole number") }
    guard range.contains(value) else {
      throw error("\(name) is \(value); allowed is \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  /// Returns a 64-bit seed.
  func seed() throws(RunFileError) -> UInt64 {
    let text = try string()
    guard let value = UInt64(text) else {
      throw error("\(name) is \"\(text)\"; a seed is a whole number from 0")
    }
    return value
  }

  /// Returns true or false.
  func boolean() throws(RunFileError) -> Bool {
    let text = try string()
    switch text {
    case "true": return true
    case "false": return false
    default: throw error("\(name) is \"\(text)\"; write true or false")
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
      throw error("\(name) is \"\(text)\"; known are \(known)")
    }
    return value
  }

  private var name: String { path.isEmpty ? "the file" : path }
}

import SparsityCore

/// A JSON value whose integers stay exact and whose object keys are unique.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  /// The value's kind as text, as in "a string".
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value as JSON text for messages; long arrays and objects are shortened to their kind.
  package var excerpt: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): "\(value)"
    case .string(let value): JSONValue.quoted(String(value.prefix(80)))
    case .array(let values) where values.count <= 8:
      "[" + values.map(\.shallowExcerpt).joined(separator: ", ") + "]"
    case .array(let values): "an array of \(counted(values.count, "value"))"
    case .object(let members): "an object of \(counted(members.count, "member"))"
    }
  }

  private var shallowExcerpt: String {
    switch self {
    case .array, .object: kind
    default: excerpt
    }
  }

  /// The text as a JSON string literal.
  package static func quoted(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": literal += "\\\""
      case "\\": literal += "\\\\"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      case "\t": literal += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }
}

/// Why some bytes are not the JSON that is expected; offsets count bytes from the start.
package enum JSONFault: Error, Hashable, Sendable {
  case unexpectedEnd
  case unexpectedByte(UInt8, offset: Int)
  case invalidNumber(offset: Int)
  case invalidString(offset: Int)
  case duplicateKey(String, offset: Int)
  case tooDeep(depthMax: Int, offset: Int)
}

extension JSONFault: CustomStringConvertible {
  /// The fault as text.
  package var description: String {
    switch self {
    case .unexpectedEnd:
      "the JSON ends in the middle of a value"
    case .unexpectedByte(let byte, let offset) where (0x21...0x7E).contains(byte):
      "unexpected '\(Character(UnicodeScalar(byte)))' at byte \(offset) of the JSON"
    case .unexpectedByte(let byte, let offset):
      "unexpected byte \(byte) at byte \(offset) of the JSON"
    case .invalidNumber(let offset):
      "a number that cannot be read at byte \(offset) of the JSON"
    case .invalidString(let offset):
      "a string with a bad escape or bad UTF-8 at byte \(offset) of the JSON"
    case .duplicateKey(let key, let offset):
      "the key \(JSONValue.quoted(String(key.prefix(80)))) appears twice, again at byte "
        + "\(offset) of the JSON"
    case .tooDeep(let depthMax, let offset):
      "more than \(depthMax) nested values at byte \(offset) of the JSON"
    }
  }
}

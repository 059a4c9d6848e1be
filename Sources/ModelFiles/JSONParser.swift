/// Reads JSON (RFC 8259) strictly: one value, unique keys, valid UTF-8, bounded depth.
///
/// Foundation's readers keep one of two equal keys silently; in a header that names byte ranges
/// this would let two readers of a file see different tensors.
package struct JSONParser {
  /// The deepest nesting that is read; headers need 3 levels, configurations about 5.
  package static let depthMax = 32

  private let bytes: [UInt8]
  private var position = 0

  /// Whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python's `json` writes them.
  private let allowsPythonNumbers: Bool

  private init(bytes: [UInt8], allowsPythonNumbers: Bool) {
    self.bytes = bytes
    self.allowsPythonNumbers = allowsPythonNumbers
  }

  /// Returns the one value that `bytes` hold, white space around it allowed.
  ///
  /// - Parameter allowsPythonNumbers: Whether `NaN`, `Infinity` and `-Infinity` are read, which
  ///   Python writes and JSON does not have.
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package static func parse(
    _ bytes: [UInt8], allowsPythonNumbers: Bool = false
  ) throws(JSONFault) -> JSONValue {
    var parser = JSONParser(bytes: bytes, allowsPythonNumbers: allowsPythonNumbers)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.unexpected() }
    return value
  }

  private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    guard depth <= Self.depthMax else {
      throw .tooDeep(depthMax: Self.depthMax, offset: position)
    }
    skipSpace()
    guard let first = peek() else { throw .unexpectedEnd }
    switch first {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N") where allowsPythonNumbers: return try word("NaN", .number(.nan))
    case UInt8(ascii: "I") where allowsPythonNumbers:
      return try word("Infinity", .number(.infinity))
    case UInt8(ascii: "-") where allowsPythonNumbers && follows("-I"):
      return try word("-Infinity", .number(-.infinity))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw unexpected()
    }
  }

  private mutating func object(depth: Int) throws(JSONFault) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    position += 1
    skipSpace()
    if consume(UInt8(ascii: "}")) { return members }
    while true {
      skipSpace()
      let offset = position
      guard peek() == UInt8(ascii: "\"") else { throw unexpected() }
      let key = try string()
      skipSpace()
      guard consume(UInt8(ascii: ":")) else { throw unexpected() }
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: key) == nil else {
        throw .duplicateKey(key, offset: offset)
      }
      skipSpace()
      if consume(UInt8(ascii: "}")) { return members }
      guard consume(UInt8(ascii: ",")) else { throw unexpected() }
    }
  }

  private mutating func array(depth: Int) throws(JSONFault) -> [JSONValue] {
    var values: [JSONValue] = []
    position += 1
    skipSpace()
    if consume(UInt8(ascii: "]")) { return values }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if consume(UInt8(ascii: "]")) { return values }
      guard consume(UInt8(ascii: ",")) else { throw unexpected() }
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONFault)
    -> JSONValue
  {
    for byte in word.description.utf8 {
      guard consume(byte) else { throw unexpected() }
    }
    return value
  }

  private mutating func number() throws(JSONFault) -> JSONValue {
    let start = position
    var isInteger = true
    _ = consume(UInt8(ascii: "-"))
    if consume(UInt8(ascii: "0")) {
      if let next = peek(), Self.isDigit(next) { throw .invalidNumber(offset: start) }
    } else {
      guard skipDigits() else { throw .invalidNumber(offset: start) }
    }
    if consume(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() else { throw .invalidNumber(offset: start) }
    }
    if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
      isInteger = false
      if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
      guard skipDigits() else { throw .invalidNumber(offset: start) }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw .invalidNumber(offset: start) }
    return .number(value)
  }

  private mutating func string() throws(JSONFault) -> String {
    let start = position
    position += 1
    var units: [UInt8] = []
    while let byte = peek() {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw .invalidString(offset: start)
        }
        return text
      case UInt8(ascii: "\\"):
        try escape(into: &units, start: start)
      case 0..<0x20:
        throw .invalidString(offset: start)
      default:
        units.append(byte)
      }
    }
    throw .unexpectedEnd
  }

  private mutating func escape(into units: inout [UInt8], start: Int) throws(JSONFault) {
    guard let byte = peek() else { throw .unexpectedEnd }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"): units += String(try scalar(start: start)).utf8
    default: throw .invalidString(offset: start)
    }
  }

  /// Reads the scalar that four hexadecimal digits after `\u` name, or a surrogate pair.
  private mutating func scalar(start: Int) throws(JSONFault) -> Unicode.Scalar {
    var value = UInt32(try hexadecimalUnit(start: start))
    if (0xD800..<0xDC00).contains(value) {
      guard consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")) else {
        throw .invalidString(offset: start)
      }
      let low = UInt32(try hexadecimalUnit(start: start))
      guard (0xDC00..<0xE000).contains(low) else { throw .invalidString(offset: start) }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else { throw .invalidString(offset: start) }
    return scalar
  }

  private mutating func hexadecimalUnit(start: Int) throws(JSONFault) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek() else { throw .unexpectedEnd }
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw .invalidString(offset: start)
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private func follows(_ text: StaticString) -> Bool {
    bytes[position...].starts(with: text.description.utf8)
  }

  private func peek() -> UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  private mutating func consume(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  /// Skips digits; returns whether there was one.
  private mutating func skipDigits() -> Bool {
    let start = position
    while let byte = peek(), Self.isDigit(byte) { position += 1 }
    return position > start
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private func unexpected() -> JSONFault {
    guard let byte = peek() else { return .unexpectedEnd }
    return .unexpectedByte(byte, offset: position)
  }
}

/// Values by name, found by the name's bytes, or else by the one name that means the same text.
///
/// Unicode has several forms of one text: `é` is one code point or two. Where both forms are there,
/// they are two names; where only one is, a list may use the other.
struct NameTable<Value: Sendable>: Sendable {
  private var exact: [[UInt8]: Value] = [:]
  /// The names by text: keys are equal when Unicode says so.
  private var forms: [String: [String]] = [:]

  /// Whether there is no name.
  var isEmpty: Bool { exact.isEmpty }

  /// Sets the value of a name and returns the one that it had.
  mutating func update(_ name: String, to value: Value) -> Value? {
    let former = exact.updateValue(value, forKey: Array(name.utf8))
    if former == nil { forms[name, default: []].append(name) }
    return former
  }

  /// Returns the value of exactly this name.
  func value(exactly name: String) -> Value? { exact[Array(name.utf8)] }

  /// Returns the value of this name, or of the only one that means the same text.
  func value(meaning name: String) -> Value? {
    if let value = value(exactly: name) { return value }
    guard let forms = forms[name], forms.count == 1 else { return nil }
    return value(exactly: forms[0])
  }

  /// Whether another form of this name is there.
  func hasOtherForm(of name: String) -> Bool {
    forms[name]?.contains { !$0.utf8.elementsEqual(name.utf8) } ?? false
  }
}

/// Orders texts by their UTF-8 bytes, as Python sorts them.
func precedesAsBytes(_ first: String, _ second: String) -> Bool {
  first.utf8.lexicographicallyPrecedes(second.utf8)
}

/// Returns a name that is not UTF-8 with every byte that is no printable ASCII as `\xE9`.
func escaped(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789ABCDEF")
  return bytes.map { byte in
    (0x20..<0x7F).contains(byte)
      ? String(UnicodeScalar(byte)) : "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
  }.joined()
}

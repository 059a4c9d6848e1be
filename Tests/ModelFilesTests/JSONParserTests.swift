import ModelFiles
import Testing

struct JSONParserTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONParser.parse(Array(text.utf8))
  }

  @Test func `all kinds of values are read`() throws {
    let value = try parse(
      #" {"a": [1, -2.5e1, true, null], "b\u00e9\n": "\ud83d\ude00/\/", "c": {}, "d": []} "#)
    #expect(
      value
        == .object([
          "a": .array([.integer(1), .number(-25), .bool(true), .null]),
          "b\u{e9}\n": .string("\u{1F600}//"), "c": .object([:]), "d": .array([]),
        ]))
  }

  @Test func `integers stay exact and beyond 64 bits become numbers`() throws {
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("1.0") == .number(1))
  }

  @Test func `a key that appears twice is refused with its place`() {
    #expect(throws: JSONFault.duplicateKey("a", offset: 8)) { try parse(#"{"a": 1,"a": 2}"#) }
    // The same key, spelt with an escape.
    #expect(throws: JSONFault.duplicateKey("a", offset: 8)) { try parse(#"{"a": 1,"\u0061": 2}"#) }
  }

  @Test(arguments: [
    "", "{", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "-", "1.", "1e", ".5", "+1",
    "NaN", "Infinity", "1e999", "tru", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u12g4\"",
    "\"tab\there\"", "1 2", "'a'", "[1] // no",
  ])
  func `text that is no JSON is refused`(text: String) {
    #expect(throws: JSONFault.self) { try parse(text) }
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    #expect(throws: JSONFault.invalidString(offset: 0)) {
      try JSONParser.parse([0x22, 0xC3, 0x22])
    }
  }

  @Test func `nesting is bounded`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(JSONParser.depthMax))
    #expect(throws: JSONFault.self) { try parse(nested(JSONParser.depthMax + 2)) }
    #expect(throws: JSONFault.self) { try parse(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func `a quoted text is read back as it was`() throws {
    let text = "a\"b\\c\n\t\u{1}\u{1F600} é"
    #expect(try parse(JSONValue.quoted(text)) == .string(text))
  }
}

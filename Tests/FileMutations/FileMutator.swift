import SparsityCore

/// Changes valid files in the ways in which files go wrong, by chance or by intent.
///
/// The same seed gives the same changes on every machine.
public struct FileMutator {
  private var generator: SeededGenerator

  /// Creates the mutator of a seed.
  public init(seed: UInt64) {
    generator = SeededGenerator(seed: seed, stream: 41)
  }

  /// Returns a number from 0 up to, not including, `bound`.
  public mutating func number(below bound: Int) -> Int { generator.index(below: bound) }

  /// Returns one of some values.
  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[number(below: elements.count)]
  }

  /// Returns bytes with one change: a flipped bit, a cut, an insertion, a repetition, an extreme.
  public mutating func changed(_ bytes: [UInt8]) -> [UInt8] {
    guard !bytes.isEmpty else { return [UInt8(number(below: 256))] }
    var bytes = bytes
    let place = number(below: bytes.count)
    let end = min(bytes.count, place + 1 + number(below: 16))
    switch number(below: 8) {
    case 0: bytes[place] ^= 1 << UInt8(number(below: 8))
    case 1: bytes[place] = pick([0, 1, 0x20, 0x7F, 0x80, 0xFF])
    case 2: bytes = Array(bytes[..<place])
    case 3:
      let inserted = (0...number(below: 12)).map { _ in UInt8(number(below: 256)) }
      bytes.insert(contentsOf: inserted, at: place)
    case 4: bytes.removeSubrange(place..<end)
    case 5: bytes.insert(contentsOf: Array(bytes[place..<end]), at: number(below: bytes.count))
    case 6:
      let other = number(below: bytes.count)
      bytes.swapAt(place, other)
    default: bytes.replaceSubrange(place..<end, with: (place..<end).map { _ in 0xFF })
    }
    return bytes
  }

  /// Returns a text with one change: a word, number or mark replaced, repeated or left out, lines
  /// exchanged, or bytes changed.
  public mutating func changed(_ text: String) -> String {
    var tokens = Self.tokens(of: text)
    guard tokens.count > 1 else { return pick(Self.hostileTokens) }
    let place = number(below: tokens.count)
    let end = min(tokens.count, place + 1 + number(below: 12))
    switch number(below: 9) {
    case 0, 1: tokens[place] = pick(Self.hostileTokens)
    case 2: tokens[place] = pick(tokens)
    case 3:
      // A number, since these are what sizes are computed from.
      let numbers = tokens.indices.filter { tokens[$0].first?.isNumber == true }
      if let index = numbers.isEmpty ? nil : pick(numbers) { tokens[index] = pick(Self.numbers) }
    case 4: tokens.removeSubrange(place..<end)
    case 5: tokens.insert(contentsOf: Array(tokens[place..<end]), at: number(below: tokens.count))
    case 6: tokens.insert(pick(Self.hostileTokens), at: place)
    case 7:
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      lines.swapAt(number(below: lines.count), number(below: lines.count))
      return lines.joined(separator: "\n")
    default: return String(decoding: changed(Array(text.utf8)), as: UTF8.self)
    }
    return tokens.joined()
  }

  /// Returns a text with one to three changes.
  public mutating func damaged(_ text: String) -> String {
    var text = text
    for _ in 0...number(below: 3) { text = changed(text) }
    return text
  }

  /// Returns bytes with one to three changes.
  public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...number(below: 3) { bytes = changed(bytes) }
    return bytes
  }

  /// Numbers at the edges of what types hold.
  public static let numbers = [
    "0", "-0", "-1", "+1", "1.5", "65537", "2147483648", "4294967296", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "18446744073709551615", "1e308", "-1e308",
    "1e-308", "1e400", "1e-9223372036854775808", "1e9223372036854775807", "0.0000001", "1e18",
    "999999999999999999999999999999999999999999999999999999999999999999", "nan", "inf", "-inf",
  ]

  private static let hostileTokens =
    numbers + [
      "", "~", "null", "true", "*a", "&a", "<<", "'", "\"", "{", "}", "[", "]", ":", ": ", "- ",
      "? ", "|", ">", "%", "@", "`", "\t", "\0", "\u{7F}", "\u{FEFF}", "é", "e\u{301}", "\u{2028}",
      "\n", "\r\n", "#", "---\n", "\n...\n", "!!binary", "!", ",", "=", "+2:4", "02:4", "0:0",
      "2:99", "\\", "\\u0000", "\\ud800", String(repeating: "[", count: 200),
      String(repeating: "a", count: 3000),
    ]

  /// Returns the runs of letters and digits of a text, and what is between them.
  private static func tokens(of text: String) -> [String] {
    var tokens: [String] = []
    var wasWord = false
    for scalar in text.unicodeScalars {
      let isWord = scalar.properties.isAlphabetic || (48...57).contains(scalar.value)
      if isWord, wasWord {
        tokens[tokens.count - 1].unicodeScalars.append(scalar)
      } else {
        tokens.append(String(Character(scalar)))
      }
      wasWord = isWord
    }
    return tokens
  }
}

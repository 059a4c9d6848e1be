import SparsityCore

/// Changes bytes in the ways in which files go wrong, by chance or by intent.
struct ByteMutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed, stream: 12) }

  mutating func number(below bound: Int) -> Int { generator.index(below: bound) }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: generator.next()) }

  /// Returns the file with one to three changes; pieces may come from other files.
  ///
  /// - Parameter keepsSize: Whether no byte is added or removed, so that what follows stays where
  ///   it is.
  mutating func mutated(_ file: [UInt8], others: [[UInt8]], keepsSize: Bool = false) -> [UInt8] {
    var bytes = file
    for _ in 0...number(below: 3) {
      if keepsSize || number(below: 2) == 0 {
        overwrite(&bytes, others: others)
      } else {
        resize(&bytes)
      }
    }
    return bytes
  }

  /// Replaces one or two decimal digits, so that a text stays one but its numbers are others.
  mutating func changeDigits(_ bytes: inout [UInt8]) {
    let digits = bytes.indices.filter {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0])
    }
    guard !digits.isEmpty else { return }
    for _ in 0...number(below: 2) {
      bytes[digits[number(below: digits.count)]] = UInt8(ascii: "0") + UInt8(number(below: 10))
    }
  }

  private mutating func overwrite(_ bytes: inout [UInt8], others: [[UInt8]]) {
    guard !bytes.isEmpty else { return }
    let place = number(below: bytes.count)
    let length = min(1 + number(below: 8), bytes.count - place)
    switch number(below: 6) {
    case 0, 1: bytes[place] ^= 1 << number(below: 8)
    case 2: bytes[place] = byte()
    case 3: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][number(below: 6)]
    case 4: bytes.replaceSubrange(place..<place + length, with: repeatElement(0, count: length))
    default: splice(into: &bytes, at: place, length: length, others: others)
    }
  }

  /// Overwrites a piece with one of another file, or of this.
  private mutating func splice(
    into bytes: inout [UInt8], at place: Int, length: Int, others: [[UInt8]]
  ) {
    let source = others.isEmpty ? bytes : others[number(below: others.count)]
    let start = number(below: source.count)
    let piece = source[start..<min(start + length, source.count)]
    bytes.replaceSubrange(place..<place + piece.count, with: piece)
  }

  private mutating func resize(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes.append(byte()) }
    let place = number(below: bytes.count)
    let length = min(1 + number(below: 16), bytes.count - place)
    switch number(below: 4) {
    case 0: bytes.removeSubrange(place..<place + length)
    case 1: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
    case 2: bytes.insert(byte(), at: place)
    default: bytes.removeLast(number(below: bytes.count))
    }
  }
}

/// The SHA-256 of some bytes: the name under which content is cached, compared and verified.
package struct ContentHash: Hashable, Sendable {
  package static let size = 32

  /// The 32 bytes of the hash.
  package let bytes: [UInt8]

  /// Creates a hash from its bytes, or returns `nil` unless there are 32.
  package init?(bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == Self.size else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits, or returns `nil`.
  package init?(hexadecimal text: some StringProtocol) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 2 * Self.size, text.count == digits.count else { return nil }
    self.bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}

extension ContentHash: CustomStringConvertible {
  /// The hash as 64 hexadecimal digits.
  package var description: String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// The first 12 hexadecimal digits, enough for users.
  package var abbreviated: String { String(description.prefix(12)) }
}

extension ContentHash: Comparable {
  /// Orders hashes by their bytes.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
  }
}

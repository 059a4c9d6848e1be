/// A fixed number of bits, packed into bytes with bit 0 lowest: which images were correct.
package struct BitVector: Hashable, Sendable {
  /// The number of bits.
  package let count: Int
  /// The packed bits; unused high bits of the last byte are zero.
  package private(set) var bytes: [UInt8]

  /// Creates `count` zero bits.
  package init(count: Int) {
    precondition(count >= 0)
    self.count = count
    self.bytes = Array(repeating: 0, count: (count + 7) / 8)
  }

  /// Creates bits from their packed form, or returns `nil` if size or unused bits are wrong.
  package init?(bytes: [UInt8], count: Int) {
    guard count >= 0, bytes.count == (count + 7) / 8 else { return nil }
    if count % 8 != 0, let last = bytes.last, last >> UInt8(count % 8) != 0 { return nil }
    self.count = count
    self.bytes = bytes
  }

  /// The bit at `index`.
  package subscript(index: Int) -> Bool {
    get {
      precondition((0..<count).contains(index))
      return bytes[index / 8] >> UInt8(index % 8) & 1 == 1
    }
    set {
      precondition((0..<count).contains(index))
      let mask = UInt8(1) << UInt8(index % 8)
      bytes[index / 8] = newValue ? bytes[index / 8] | mask : bytes[index / 8] & ~mask
    }
  }

  /// The number of one bits.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package var populationCount: Int { bytes.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Returns the number of bits that are one here and zero in as many others.
  ///
  /// - Precondition: both have the same number of bits.
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package func populationCount(without other: BitVector) -> Int {
    precondition(count == other.count)
    return zip(bytes, other.bytes).reduce(0) { $0 + ($1.0 & ~$1.1).nonzeroBitCount }
  }
}

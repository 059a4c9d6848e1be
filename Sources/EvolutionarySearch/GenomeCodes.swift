/// A genome in 128 bits: its number in its space, or a fingerprint of it.
package struct GenomeCode: Hashable, Sendable {
  /// The upper half.
  package var high: UInt64
  /// The lower half.
  package var low: UInt64

  package init(high: UInt64 = 0, low: UInt64 = 0) {
    self.high = high
    self.low = low
  }

  /// A number that spreads evenly over all codes; not for use against adversaries.
  var spread: UInt64 {
    var bits = (high ^ 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 32) ^ low) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 29)
  }
}

extension GenomeCode: Comparable {
  /// Orders codes as numbers.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.high == rhs.high ? lhs.low < rhs.low : lhs.high < rhs.high
  }
}

/// Genome codes in the order in which they were added.
///
/// They lie in pieces of a fixed size of which only the last one changes. A copy shares all pieces
/// with its original, so a snapshot of millions of codes costs no more than one of a few.
package struct GenomeCodes: Hashable, Sendable {
  /// The codes of each piece but the last.
  private static let pieceSize = 1 << 14

  private var pieces: [[GenomeCode]] = []
  /// The number of codes.
  package private(set) var count = 0

  /// Creates an empty list.
  package init() {}

  /// The code at a place.
  package subscript(index: Int) -> GenomeCode {
    precondition((0..<count).contains(index))
    return pieces[index / Self.pieceSize][index % Self.pieceSize]
  }

  /// Adds a code behind the others.
  package mutating func append(_ code: GenomeCode) {
    if count.isMultiple(of: Self.pieceSize) { pieces.append([]) }
    pieces[pieces.count - 1].append(code)
    count += 1
  }

  /// Calls `body` with each code in order.
  package func forEach(_ body: (GenomeCode) -> Void) {
    for piece in pieces {
      for code in piece { body(code) }
    }
  }
}

/// A set of genome codes that keeps the order in which they were added.
struct GenomeCodeSet: Sendable {
  /// The codes in order.
  private(set) var codes = GenomeCodes()
  /// Open addressing: one more than the place of a code in ``codes``, or 0. Its size is a power of
  /// two and at least 4/3 of the number of codes.
  private var table: [UInt32] = Array(repeating: 0, count: 16)

  /// The most codes that places of 32 bits can tell apart.
  private static let countMax = Int(UInt32.max) - 1

  /// Creates an empty set.
  init() {}

  /// Creates the set of some codes, or returns `nil` if two are equal.
  init?(_ codes: GenomeCodes) {
    guard codes.count < Self.countMax else { return nil }
    self.codes = codes
    var size = table.count
    while codes.count * 4 > size * 3 { size *= 2 }
    guard rebuild(size: size) else { return nil }
  }

  /// The number of codes.
  var count: Int { codes.count }

  /// Whether a code was added.
  func contains(_ code: GenomeCode) -> Bool { table[slot(of: code)] != 0 }

  /// Adds a code; returns whether it is new.
  @discardableResult
  mutating func insert(_ code: GenomeCode) -> Bool {
    precondition(count < Self.countMax)
    if (count + 1) * 4 > table.count * 3 { grow() }
    let slot = slot(of: code)
    guard table[slot] == 0 else { return false }
    codes.append(code)
    table[slot] = UInt32(codes.count)
    return true
  }

  /// Returns where a code stands in the table, or the free place where it would.
  private func slot(of code: GenomeCode) -> Int {
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: code.spread) & mask
    while table[slot] != 0, codes[Int(table[slot]) - 1] != code { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    guard rebuild(size: table.count * 2) else { preconditionFailure("a code stands twice") }
  }

  /// Lays the table out anew; returns whether all codes are different.
  private mutating func rebuild(size: Int) -> Bool {
    var table = [UInt32](repeating: 0, count: size)
    let mask = size - 1
    var place: UInt32 = 0
    var isSound = true
    codes.forEach { code in
      var slot = Int(truncatingIfNeeded: code.spread) & mask
      while table[slot] != 0 {
        if codes[Int(table[slot]) - 1] == code { isSound = false }
        slot = (slot + 1) & mask
      }
      place += 1
      table[slot] = place
    }
    self.table = table
    return isSound
  }
}

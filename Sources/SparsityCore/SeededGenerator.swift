/// A seeded generator of random numbers: the same seed gives the same sequence everywhere.
///
/// SplitMix64 (Steele, Lea, Flood 2014); its state is one word, so streams are cheap to derive.
package struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    self.state = seed
  }

  /// Creates the generator of one of a seed's independent streams, such as a candidate's.
  package init(seed: UInt64, stream: UInt64) {
    var outer = SeededGenerator(seed: seed)
    var inner = SeededGenerator(seed: stream ^ 0xD1B5_4A32_D192_ED03)
    self.state = outer.next() ^ inner.next()
  }

  /// Returns the next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns a number in 0 ..< `bound`, uniformly (Lemire's method with rejection).
  package mutating func index(below bound: Int) -> Int {
    precondition(bound > 0)
    let range = UInt64(bound)
    let threshold = (0 &- range) % range
    while true {
      let product = next().multipliedFullWidth(by: range)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// Returns a number in 0 ..< 1 with 53 random bits.
  package mutating func unitInterval() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Returns the numbers 0 ..< `count` in random order (Fisher and Yates).
  ///
  /// - Complexity: O(`count`).
  package mutating func permutation(of count: Int) -> [Int] {
    precondition(count >= 0)
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, index(below: last + 1))
    }
    return order
  }
}

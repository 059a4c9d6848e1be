/// Logarithm and exponential made of sums, products and quotients alone: the same bits on every
/// machine, which the C library's do not promise, since it has variants for processors.
///
/// Both are right to about 1e-13, far beyond what measured shares are worth.
package enum ExactLogarithm {
  private static let logarithmOfTwo = 0.693_147_180_559_945_3
  /// The terms of the series; the last ones no longer change the sum.
  private static let termCount = 20

  /// Returns the natural logarithm of a positive number.
  package static func logarithm(_ value: Double) -> Double {
    precondition(value > 0 && value.isFinite)
    // In √½ … √2 the series of (m - 1) ÷ (m + 1) converges fast.
    var exponent = Double(value.exponent)
    var significand = value.significand
    if significand > 1.414_213_562_373_095 {
      significand /= 2
      exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var power = ratio
    var sum = 0.0
    for term in 0..<termCount {
      sum += power / Double(2 * term + 1)
      power *= square
    }
    return exponent * logarithmOfTwo + 2 * sum
  }

  /// Returns e to the power of a number, 0 below -700.
  package static func exponential(_ value: Double) -> Double {
    precondition(value < 700)
    guard value > -700 else { return 0 }
    let exponent = (value / logarithmOfTwo).rounded()
    let rest = value - exponent * logarithmOfTwo
    var sum = 1.0
    for term in stride(from: termCount, to: 0, by: -1) { sum = 1 + sum * rest / Double(term) }
    return Double(sign: .plus, exponent: Int(exponent), significand: 1) * sum
  }
}

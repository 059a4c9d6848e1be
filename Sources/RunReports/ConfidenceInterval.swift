/// An interval that holds the true value in 95 of 100 cases, however many images tell it.
///
/// It is about a candidate that was not chosen for what it has on the very images. Members of a
/// front were, so what they have on other images lies below the middle more often than above it.
package struct ConfidenceInterval: Codable, Hashable, Sendable {
  /// The end below.
  package var lower: Double
  /// The end above.
  package var upper: Double

  /// The value that a standard normal variable exceeds, in either direction, in 5 of 100 cases.
  private static let quantile = 1.959963984540054

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// Finds the interval of a probability of which `count` trials gave `hits`.
  ///
  /// With p = hits ÷ n and the normal quantile z,
  /// (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) ÷ (1 + z²/n): the score interval of Wilson,
  /// Probable inference, the law of succession, and statistical inference, J. Amer. Statist. Assoc.
  /// 22 (1927) 209–212.
  ///
  /// - Precondition: `0 ≤ hits ≤ count`, at least one trial.
  package init(ofProportion hits: Int, of count: Int) {
    precondition(count > 0)
    precondition((0...count).contains(hits))
    let (n, z) = (Double(count), Self.quantile)
    let p = Double(hits) / n
    let scale = 1 + z * z / n
    let middle = (p + z * z / (2 * n)) / scale
    let half = z / scale * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    // At the ends, where the formula gives 0 and 1, nothing of its rounding is left.
    lower = hits == 0 ? 0 : max(0, middle - half)
    upper = hits == count ? 1 : min(1, middle + half)
  }

  /// Finds the interval of the difference of two probabilities, first less second, of which the
  /// same `count` trials were made: `first` gave a hit only for the first, `second` only for the
  /// second, and all others the same for both.
  ///
  /// With p = (first + 1) ÷ (n + 2) and q = (second + 1) ÷ (n + 2),
  /// p − q ± z √((p + q − (p − q)²) ÷ (n + 2)): Wald's interval of a table to which one trial of
  /// either kind is added, Bonett and Price, Adjusted Wald confidence interval for a difference of
  /// binomial proportions based on paired data, J. Educ. Behav. Stat. 37 (2012) 479–488. Its middle
  /// is a little nearer to zero than the difference that was found.
  ///
  /// - Precondition: no negative number, `first + second ≤ count`, at least one trial.
  package init(ofDifference first: Int, _ second: Int, of count: Int) {
    precondition(count > 0)
    precondition(first >= 0 && second >= 0)
    precondition(first + second <= count)
    let n = Double(count + 2)
    let (p, q) = (Double(first + 1) / n, Double(second + 1) / n)
    let difference = p - q
    let half = Self.quantile * ((p + q - difference * difference) / n).squareRoot()
    lower = max(-1, difference - half)
    upper = min(1, difference + half)
  }
}

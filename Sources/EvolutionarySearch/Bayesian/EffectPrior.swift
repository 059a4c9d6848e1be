import SparsityCore

/// What is expected of effects before they are measured: that choices as far from the last of their
/// decision have effects of one size, which results as a whole tell, and that a decision that is
/// sensitive in one choice is so in the others.
struct EffectPrior: Sendable {
  /// The expected intercept and its standard deviation.
  private let intercept: (mean: Double, deviation: Double)
  /// The expected effect by the distance of the choice, from 1.
  private let means: [Double]
  /// The standard deviation of each.
  private let deviations: [Double]

  /// How much the effects of one decision go together.
  private static let correlation = 0.95
  /// The deviation of an effect from the mean of its kind, as a multiple of that mean.
  private static let relativeDeviation = 0.7

  /// Expects losses: effects that are not negative and grow with the distance.
  ///
  /// The mean of each distance follows from the results of whole genomes, by their numbers of
  /// choices at each distance.
  ///
  /// - Parameters:
  ///   - usual: what all decisions together lose at each distance as far as one may guess.
  ///   - intercept: how large the intercept may be.
  init(losses sums: EffectSums, layout: EffectLayout, usual: [Double], intercept: Double) {
    let kinds = usual.count
    let decisions = Double(max(1, layout.ranges.count))
    let guesses = [0] + usual.map { $0 / decisions }
    let deviations = [intercept] + guesses.dropFirst().map { 3 * $0 }
    // A ridge regression on the numbers of choices at each distance.
    var (matrix, right) = sums.grouped(by: layout.distances, count: kinds + 1)
    for kind in 0...kinds {
      let precision = 1 / (deviations[kind] * deviations[kind])
      matrix[kind * (kinds + 1) + kind] += precision
      right[kind] += precision * guesses[kind]
    }
    let found = SymmetricFactor(matrix, size: kinds + 1).solve(right)
    var means: [Double] = []
    for kind in 1..<kinds + 1 {
      var mean = max(found[kind], guesses[kind] / 2)
      if let before = means.last { mean = min(max(mean, before * 1.2), before * 12) }
      means.append(mean)
    }
    self.intercept = (0, intercept)
    self.means = means
    self.deviations = means.map { $0 * Self.relativeDeviation }
  }

  /// Expects amounts: effects of either sign, whose sum is as large as a typical value.
  init(amountsLike typical: Double, layout: EffectLayout) {
    let kinds = layout.distances.max() ?? 0
    let size = max(abs(typical), 1e-12)
    intercept = (size, size)
    means = Array(repeating: 0, count: kinds)
    deviations = Array(repeating: size / Double(max(1, layout.ranges.count)), count: kinds)
  }

  /// The elements of the inverse of a correlation matrix of a size: on and beside its diagonal.
  private static func inverse(size: Int) -> (diagonal: Double, other: Double) {
    let rest = 1 - correlation
    let shared = correlation / (rest * (rest + Double(size) * correlation))
    return (1 / rest - shared, -shared)
  }

  /// Adds what is expected to the upper half of what was measured.
  func add(to matrix: inout [Double], _ right: inout [Double], layout: EffectLayout) {
    let own = 1 / (intercept.deviation * intercept.deviation)
    matrix[0] += own
    right[0] += own * intercept.mean
    for range in layout.ranges where !range.isEmpty {
      let (diagonal, other) = Self.inverse(size: range.count)
      for first in range {
        for second in range {
          let scale = deviation(first, layout) * deviation(second, layout)
          let element = (first == second ? diagonal : other) / scale
          if second >= first { matrix[first * layout.count + second] += element }
          right[first] += element * means[layout.distances[second] - 1]
        }
      }
    }
  }

  private func deviation(_ effect: Int, _ layout: EffectLayout) -> Double {
    deviations[layout.distances[effect] - 1]
  }

  /// Returns the logarithm of the determinant of what ``add(to:_:layout:)`` adds.
  func logarithmOfDeterminant(_ layout: EffectLayout) -> Double {
    var sum = -2 * ExactLogarithm.logarithm(intercept.deviation)
    for range in layout.ranges where !range.isEmpty {
      let rest = 1 - Self.correlation
      let count = Double(range.count)
      sum -= (count - 1) * ExactLogarithm.logarithm(rest)
      sum -= ExactLogarithm.logarithm(rest + count * Self.correlation)
      for effect in range { sum -= 2 * ExactLogarithm.logarithm(deviation(effect, layout)) }
    }
    return sum
  }

  /// Returns how far effects are from what is expected, squared, in units of what may be expected.
  func squaredDistance(of effects: [Double], layout: EffectLayout) -> Double {
    let first = (effects[0] - intercept.mean) / intercept.deviation
    var sum = first * first
    for range in layout.ranges where !range.isEmpty {
      let (diagonal, other) = Self.inverse(size: range.count)
      let scaled = range.map { effect in
        (effects[effect] - means[layout.distances[effect] - 1]) / deviation(effect, layout)
      }
      let total = scaled.reduce(0, +)
      // The off-diagonal elements are all the same.
      sum += other * total * total
      for value in scaled { sum += (diagonal - other) * value * value }
    }
    return sum
  }
}

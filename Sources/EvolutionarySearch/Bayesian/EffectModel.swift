import SparsityCore

/// Bayesian linear regression: an intercept and an effect for each choice, with a normal prior.
struct EffectModel: Sendable {
  /// What is known of the effects.
  let mean: [Double]
  /// The logarithm of how likely the results were before they were known, but for a constant.
  let evidence: Double
  private let factor: SymmetricFactor

  /// A result: the effects that it has, their sum with noise, and the variance of the noise.
  struct Result: Sendable {
    let effects: [Int]
    let sum: Double
    let variance: Double
  }

  /// Learns from results.
  ///
  /// - Complexity: O(*r* · *g*² + *n*³) for *r* results of *g* decisions and *n* effects.
  init(_ results: [Result], layout: EffectLayout, prior: (EffectSums) -> EffectPrior) {
    let sums = EffectSums(results, size: layout.count)
    let prior = prior(sums)
    var matrix = sums.precision
    var right = sums.weighted
    prior.add(to: &matrix, &right, layout: layout)
    factor = SymmetricFactor(matrix, size: layout.count)
    let mean = factor.solve(right)
    self.mean = mean
    // log of the determinants, of what was expected and what was found, and the squared misfits.
    var evidence = prior.logarithmOfDeterminant(layout) / 2 - factor.logarithmOfDeterminant / 2
    for result in results {
      let misfit = result.effects.reduce(result.sum) { $0 - mean[$1] }
      evidence -=
        misfit * misfit / result.variance / 2 + ExactLogarithm.logarithm(result.variance) / 2
    }
    self.evidence = evidence - prior.squaredDistance(of: mean, layout: layout) / 2
  }

  /// Returns effects that may be the true ones.
  ///
  /// - Parameter temperature: how far they are from the most likely ones: 1 for as far as is known.
  func draw(temperature: Double, using generator: inout SeededGenerator) -> [Double] {
    let noise = factor.solveUpper(mean.map { _ in temperature * generator.nearlyNormal() })
    return zip(mean, noise).map { $0 + $1 }
  }
}

/// What results say of effects, summed up.
struct EffectSums: Sendable {
  /// Products of effects, weighted by the precision of results; only elements from the diagonal on.
  private(set) var precision: [Double]
  /// Sums of results, weighted alike.
  private(set) var weighted: [Double]
  let size: Int

  init(_ results: [EffectModel.Result], size: Int) {
    var precision = [Double](repeating: 0, count: size * size)
    var weighted = [Double](repeating: 0, count: size)
    for result in results {
      let weight = 1 / result.variance
      for (place, first) in result.effects.enumerated() {
        weighted[first] += weight * result.sum
        // Effects rise, so this is the upper half.
        for second in result.effects[place...] { precision[first * size + second] += weight }
      }
    }
    self.precision = precision
    self.weighted = weighted
    self.size = size
  }

  /// Returns the sums by kinds of effects.
  func grouped(by kinds: [Int], count: Int) -> (matrix: [Double], right: [Double]) {
    var matrix = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count)
    for first in 0..<size {
      right[kinds[first]] += weighted[first]
      for second in first..<size {
        let value = precision[first * size + second]
        guard value != 0 else { continue }
        matrix[kinds[first] * count + kinds[second]] += value
        if first != second { matrix[kinds[second] * count + kinds[first]] += value }
      }
    }
    return (matrix, right)
  }
}

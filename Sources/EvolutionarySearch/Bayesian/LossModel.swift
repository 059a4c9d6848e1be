import SparsityCore

/// What candidates lose by each choice, learned from their mean losses or, without any, from how
/// many images are right; and what losses mean for how many are right.
package struct LossModel: Sendable {
  private let model: EffectModel
  private let scale: LossScale
  private let layout: EffectLayout
  /// The coefficients of the logarithm of the share that is right: 1, loss, and loss squared, above
  /// the origin of the scale.
  private let coefficients: [Double]

  /// A candidate that was measured.
  package struct Evidence: Sendable {
    /// The effects of its compact genome.
    let effects: [Int]
    /// The share of images that are right, and the images.
    let share: Double
    let imageCount: Int
    /// The mean loss; `nil` if none was measured, or nothing beyond what is right.
    let meanLoss: Double?
    /// By which share of a loss it may be wrong although each effect is right.
    var doubt = LossModel.misfit
    /// How many times as much noise it has as its images tell.
    var noiseFactor = 1.0

    package init(effects: [Int], share: Double, imageCount: Int, meanLoss: Double?) {
      self.effects = effects
      self.share = share
      self.imageCount = imageCount
      self.meanLoss = meanLoss
    }
  }

  /// The variance of an image's loss for each nat that is lost, and what it is at least: measured
  /// on single and paired layers of DeiT-Tiny.
  private static let lossNoise = (perNat: 1.2, least: 0.005)
  /// The share of a loss by which a sum of effects is wrong although each effect is right.
  fileprivate static let misfit = 0.02
  /// What is lost at the smallest and at the greatest distance as far as one may guess, in nats.
  private static let usualLosses = (least: 0.006, greatest: 0.3)
  /// The intercept above the origin may be so large.
  private static let usualIntercept = 0.03

  /// Learns from what was measured, with a root of a degree.
  ///
  /// - Precondition: there is something.
  package init(_ evidence: [Evidence], layout: EffectLayout, degree: Double) {
    precondition(!evidence.isEmpty)
    let usesLosses = evidence.allSatisfy { $0.meanLoss != nil }
    func loss(_ candidate: Evidence) -> Double {
      (usesLosses ? candidate.meanLoss : nil) ?? Self.negativeLogarithm(candidate)
    }
    let least = evidence.map(loss).min() ?? 0
    let scale = LossScale(least: least, degree: degree)
    let results = evidence.map { candidate in
      let loss = loss(candidate)
      let lost = max(0, loss - scale.origin)
      let noise =
        usesLosses
        ? (Self.lossNoise.perNat * lost + Self.lossNoise.least) / Double(candidate.imageCount)
        : Self.noise(candidate)
      let slope = scale.slope(at: loss)
      let misfit = candidate.doubt * lost
      return EffectModel.Result(
        effects: candidate.effects, sum: scale.sum(of: loss),
        variance: (noise + misfit * misfit) * slope * slope * candidate.noiseFactor + 1e-9)
    }
    let kinds = layout.distances.max() ?? 0
    let (first, last) = Self.usualLosses
    let usual = (0..<kinds).map { kind in
      let place = kinds > 1 ? Double(kind) / Double(kinds - 1) : 0.5
      let ratio = ExactLogarithm.logarithm(last / first)
      return scale.sum(of: scale.origin + first * ExactLogarithm.exponential(ratio * place))
    }
    self.scale = scale
    self.layout = layout
    model = EffectModel(results, layout: layout) { sums in
      EffectPrior(
        losses: sums, layout: layout, usual: usual,
        intercept: scale.sum(of: scale.origin + Self.usualIntercept))
    }
    coefficients =
      usesLosses
      ? Self.coefficients(evidence.map { ($0, loss($0) - scale.origin) })
      : [scale.origin, 1, 0]
    // On another scale densities are others, too.
    evidenceOfDegree =
      model.evidence
      + evidence.reduce(0) { $0 + ExactLogarithm.logarithm(scale.slope(at: loss($1))) }
  }

  /// How likely the results were with this degree, as a logarithm.
  let evidenceOfDegree: Double

  /// Returns the degree of the root with which results are likeliest.
  package static func degree(of evidence: [Evidence], layout: EffectLayout) -> Double {
    let found = LossScale.degrees.map { degree in
      (degree, LossModel(evidence, layout: layout, degree: degree).evidenceOfDegree)
    }
    return found.max { $0.1 < $1.1 }?.0 ?? 1
  }

  /// The share that is right as a loss; half an image stands for none.
  private static func negativeLogarithm(_ candidate: Evidence) -> Double {
    let least = 0.5 / Double(candidate.imageCount)
    return -ExactLogarithm.logarithm(min(1, max(candidate.share, least)))
  }

  /// The variance of that loss.
  private static func noise(_ candidate: Evidence) -> Double {
    let images = Double(candidate.imageCount)
    let share = min(1, max(candidate.share, 0.5 / images))
    return (1 - share + 0.5 / images) / (share * images)
  }

  /// Fits the logarithm of the share that is right to losses: nearly a line where little is lost.
  private static func coefficients(_ found: [(Evidence, lost: Double)]) -> [Double] {
    var matrix = [Double](repeating: 0, count: 9)
    var right = [Double](repeating: 0, count: 3)
    // As DeiT-Tiny has it, as far as nothing else is known.
    for (place, (usual, deviation)) in [(0.2, 0.5), (0.25, 0.2), (0.05, 0.05)].enumerated() {
      matrix[4 * place] += 1 / (deviation * deviation)
      right[place] += usual / (deviation * deviation)
    }
    for (candidate, lost) in found {
      let terms = [1, lost, lost * lost]
      let target = negativeLogarithm(candidate)
      let weight = 1 / (noise(candidate) + misfit * misfit * target * target)
      for (first, term) in terms.enumerated() {
        right[first] += weight * term * target
        for (second, other) in terms.enumerated() {
          matrix[3 * first + second] += weight * term * other
        }
      }
    }
    let solution = SymmetricFactor(matrix, size: 3).solve(right)
    return [solution[0], max(0, solution[1]), max(0, solution[2])]
  }

  /// A draw of what each choice loses.
  package struct Sample: Sendable {
    fileprivate let intercept: Double
    /// What each choice of each decision adds, on the scale where losses add up.
    package let table: [[Double]]
    fileprivate let scale: LossScale
    fileprivate let coefficients: [Double]

    /// Returns the share of images that are right, negated, of a compact genome.
    package func objective(of genome: Genome) -> Double {
      var sum = intercept
      for (row, gene) in zip(table, genome.genes) { sum += row[Int(gene)] }
      let lost = max(0, scale.loss(of: sum) - scale.origin)
      let exponent = coefficients[0] + lost * (coefficients[1] + lost * coefficients[2])
      return -ExactLogarithm.exponential(-min(699, max(0, exponent)))
    }
  }

  /// Draws what may be lost: nothing negative, and no less than by a choice nearer to the last.
  package func sample(temperature: Double, using generator: inout SeededGenerator) -> Sample {
    let effects = model.draw(temperature: temperature, using: &generator)
    let table = layout.ranges.indices.map { decision in
      var row = layout.choices(of: decision, in: effects)
      for choice in row.indices.dropLast().reversed() {
        row[choice] = max(row[choice], row[choice + 1])
      }
      return row
    }
    return Sample(
      intercept: effects[0], table: table, scale: scale, coefficients: coefficients)
  }
}

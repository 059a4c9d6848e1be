import SparsityCore

/// ELSA's adaptive sampler: it begins with dense choices and ends with sparse ones, and prefers
/// choices whose candidates were accurate.
struct ElsaSampling: Sendable {
  private let space: ChoiceSpace
  /// The draws of one schedule.
  private let drawCount: Int

  /// The failures after which the schedule goes on.
  static let triesMax = 6
  /// What a choice counts that was never made, in units of the greatest accuracy seen and for the
  /// densest one: ELSA begins with 1000 · N/M percent.
  private static let optimism = 10.0

  /// Creates the sampler of a search.
  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    drawCount = max(2, settings.samplingCount)
  }

  /// Returns how much draw *t* prefers sparse choices: -1 in the first third, 1 in the last fifth,
  /// and in between a line.
  func exponent(ofDraw number: Int) -> Double {
    // Behind its end the schedule begins anew in the middle.
    let half = drawCount / 2
    let draw = number < drawCount ? number : half + (number - drawCount) % (drawCount - half)
    let patience = Double(drawCount) / 3
    let fixed = Double(drawCount) / 5
    let position = Double(draw)
    if position < patience { return -1 }
    if position >= Double(drawCount) - fixed { return 1 }
    let length = Double(drawCount) - patience - fixed - 1
    return min(1, -1 + 2 * (position - patience) / max(1, length))
  }

  /// Returns a new feasible genome, or `nil` after a bounded number of tries.
  ///
  /// - Parameter accuracies: the least and the greatest that was measured.
  func genome(
    _ statistics: ChoiceStatistics, accuracies: ClosedRange<Double>?,
    _ context: inout ProposalContext
  ) -> Genome? {
    for attempt in 0..<Self.triesMax {
      let exponent = exponent(ofDraw: context.number + attempt)
      var genes: [UInt8] = []
      for (gene, count) in space.choiceCounts.enumerated() {
        let weights = (0..<count).map { choice in
          statistics.isKept[gene][choice]
            ? weight(gene, choice, of: count, statistics, accuracies, exponent) : 0
        }
        genes.append(UInt8(context.generator.index(weights: weights)))
      }
      let genome = space.expand(Genome(genes: genes))
      if !context.isKnown(genome), context.costs.violation(genome) <= 0 { return genome }
    }
    return nil
  }

  /// Returns (1 ÷ density)ᵉ · mean accuracy.
  private func weight(
    _ gene: Int, _ choice: Int, of count: Int, _ statistics: ChoiceStatistics,
    _ accuracies: ClosedRange<Double>?, _ exponent: Double
  ) -> Double {
    // The protocol knows no patterns: choice l of n stands for a density of (l + 1) ÷ n.
    let density = Double(choice + 1) / Double(count)
    let preference = ExactLogarithm.exponential(
      -exponent * ExactLogarithm.logarithm(density))
    guard let accuracies, statistics.visits[gene][choice] > 0 else {
      return preference * Self.optimism * density
    }
    let range = accuracies.upperBound - accuracies.lowerBound
    guard range > 0 else { return preference }
    let share = (statistics.means[gene][choice] - accuracies.lowerBound) / range
    return preference * max(share, 1e-3)
  }
}

import SparsityCore

/// What each choice adds to a measured amount: the seconds behind a rate, joules, or anything.
struct AmountModel: Sendable {
  private let model: EffectModel
  private let layout: EffectLayout
  /// Whether the objective is a rate, negated, whose inverse is the amount.
  private let isRate: Bool

  /// The relative noise of a measured amount, and of the assumption that choices add up.
  private static let spread = 0.03
  /// The least amount that is told from nothing.
  private static let least = 1e-12

  /// Learns from objectives; those that are maximised, and so negative, are rates.
  ///
  /// - Precondition: there is something.
  init(_ results: [(effects: [Int], objective: Double)], layout: EffectLayout) {
    precondition(!results.isEmpty)
    let isRate = results.allSatisfy { $0.objective < 0 }
    let amounts = results.map { isRate ? -1 / $0.objective : $0.objective }
    let mean = amounts.reduce(0) { $0 + abs($1) } / Double(amounts.count)
    let typical = max(mean, Self.least)
    self.isRate = isRate
    self.layout = layout
    model = EffectModel(
      zip(results, amounts).map { result, amount in
        let deviation = Self.spread * max(abs(amount), typical)
        return EffectModel.Result(
          effects: result.effects, sum: amount, variance: deviation * deviation)
      }, layout: layout
    ) { _ in EffectPrior(amountsLike: typical, layout: layout) }
  }

  /// A draw of what each choice adds.
  struct Sample: Sendable {
    fileprivate let intercept: Double
    /// What each choice of each decision adds to the amount.
    let table: [[Double]]
    fileprivate let isRate: Bool

    /// Returns the objective of a compact genome.
    func objective(of genome: Genome) -> Double {
      var sum = intercept
      for (row, gene) in zip(table, genome.genes) { sum += row[Int(gene)] }
      return isRate ? -1 / max(sum, 1e-100) : sum
    }
  }

  /// Draws what may be added.
  func sample(temperature: Double, using generator: inout SeededGenerator) -> Sample {
    let effects = model.draw(temperature: temperature, using: &generator)
    return Sample(
      intercept: effects[0],
      table: layout.ranges.indices.map { layout.choices(of: $0, in: effects) }, isRate: isRate)
  }
}

import SparsityCore

/// One draw of what the measured objectives may be like, beside the exact ones.
struct Draw: Sendable {
  /// What is drawn of a measured objective.
  enum Measured: Sendable {
    case losses(LossModel.Sample)
    case amounts(AmountModel.Sample)

    /// What each choice of each decision adds.
    var table: [[Double]] {
      switch self {
      case .losses(let sample): sample.table
      case .amounts(let sample): sample.table
      }
    }

    /// Returns the objective of a compact genome.
    func objective(of genome: Genome) -> Double {
      switch self {
      case .losses(let sample): sample.objective(of: genome)
      case .amounts(let sample): sample.objective(of: genome)
      }
    }
  }

  private let exact: ExactTables
  /// By objective; `nil` for exact ones.
  private let measured: [Measured?]

  init(exact: ExactTables, objectives: [Measured?]) {
    self.exact = exact
    measured = objectives
  }

  /// Whether an objective is drawn.
  func isMeasured(_ objective: Int) -> Bool { measured[objective] != nil }

  /// Returns the objectives of a genome, minimised.
  func objectives(of compact: Genome, whole: Genome, _ costs: ExactCosts) -> [Double] {
    let exact = costs.objectives(whole)
    return measured.enumerated().map { objective, measured in
      if let measured { return measured.objective(of: compact) }
      guard let value = exact[objective] else {
        preconditionFailure("an objective is neither exact nor measured")
      }
      return value
    }
  }

  /// Returns the paths from what is best in the first measured objective to what costs least in
  /// the others: one for a single other objective, else one for each and some for mixtures.
  func paths(
    mixtureCount: Int, using generator: inout SeededGenerator
  ) -> [TradeOffPath] {
    let main = measured.firstIndex { $0 != nil } ?? 0
    let losses = table(of: main)
    let others = measured.indices.filter { $0 != main }.map { normalized(table(of: $0)) }
    guard others.count > 1 else {
      return others.map { TradeOffPath(losses: losses, costs: $0) }
    }
    var mixtures = others.indices.map { own in others.indices.map { $0 == own ? 1.0 : 0 } }
    for _ in 0..<mixtureCount { mixtures.append(others.map { _ in generator.unitInterval() }) }
    return mixtures.map { weights in
      let costs = losses.indices.map { decision in
        losses[decision].indices.map { choice in
          zip(weights, others).reduce(0) { $0 + $1.0 * $1.1[decision][choice] }
        }
      }
      return TradeOffPath(losses: losses, costs: costs)
    }
  }

  private func table(of objective: Int) -> [[Double]] {
    guard let table = measured[objective]?.table ?? exact.tables[objective] else {
      preconditionFailure("an objective is neither exact nor measured")
    }
    return table
  }

  /// Returns a table with the sum of the greatest changes as its unit.
  private func normalized(_ table: [[Double]]) -> [[Double]] {
    let span = table.reduce(0) { $0 + ($1.max() ?? 0) - ($1.min() ?? 0) }
    return span > 0 ? table.map { $0.map { $0 / span } } : table
  }
}

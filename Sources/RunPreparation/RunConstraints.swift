import AcceleratorModel
import SparsityCore
import TextReports

/// The bounds that a run puts on the cost of its candidates.
package struct RunConstraints: Sendable {
  /// The bounds on what is known beforehand.
  private let computed: [CostConstraint]
  /// The bounds on what is measured; their limits are absolute.
  private let measured: [CostConstraint]
  private let dense: Cost

  /// Creates the bounds of a run whose dense model costs `dense`.
  ///
  /// - Parameter quantities: what is measured instead of computed.
  package init(
    _ constraints: [CostConstraint], dense: Cost, measured quantities: CostQuantities = []
  ) {
    func isMeasured(_ constraint: CostConstraint) -> Bool {
      !quantities.isDisjoint(with: CostQuantities(of: constraint.objective))
    }
    computed = constraints.filter { !isMeasured($0) }
    measured = constraints.filter(isMeasured)
    self.dense = dense
  }

  /// Returns the largest violation of a bound on measured costs; ≤ 0 meets them all.
  ///
  /// - Parameter batch: the images of a batch on the accelerator.
  package func violation(of costs: MeasuredCosts, batch: Int) -> Double {
    measured.map { constraint in
      guard let value = costs.value(of: constraint.objective, batch: batch) else {
        return Double.infinity
      }
      return constraint.violation(of: value, dense: .nan)
    }.max() ?? 0
  }

  /// Returns the largest violation of a bound on computed costs; ≤ 0 meets them all.
  package func violation(of cost: Cost) -> Double {
    computed.map { constraint in
      guard let value = cost.value(of: constraint.objective),
        let denseValue = dense.value(of: constraint.objective)
      else { return Double.infinity }
      return constraint.violation(of: value, dense: denseValue)
    }.max() ?? 0
  }

  /// Returns what reports call the accelerator of an objective.
  private static func source(of objective: Objective, in costs: GenomeCosts) -> String {
    let named = costs.all.first { $0.name == objective.accelerator } ?? costs
    return named.source
  }

  /// Returns what a cost is in the terms of a constraint.
  private static func text(of constraint: CostConstraint, met cost: Cost, dense: Cost) -> String {
    let value = cost.value(of: constraint.objective) ?? .nan
    switch constraint.limit {
    case .relativeToDense:
      let factor = value / (dense.value(of: constraint.objective) ?? .nan)
      return "\(NumberFormat.short(factor)) × dense"
    case .absolute: return NumberFormat.short(value)
    }
  }

  /// Throws if the profile does not model a bounded or improved quantity, or if no genome of the
  /// space can meet a bound.
  ///
  /// - Parameter objectives: what is improved and not measured.
  package func check(feasibleIn costs: GenomeCosts, objectives: [Objective]) throws {
    let named = objectives.filter { $0 != .accuracy } + computed.map(\.objective)
    for objective in named where dense.value(of: objective) == nil {
      throw ExplainedError(
        "the accelerator \(Self.source(of: objective, in: costs)) does not model "
          + objective.quantity.rawValue,
        nextStep:
          "add the section \(objective.quantity.rawValue) to its profile, or choose another",
        isWrongUsage: true)
    }
    let bounds = costs.bounds
    for constraint in computed {
      let single = RunConstraints([constraint], dense: dense)
      let extremes = [bounds.least, bounds.greatest]
      guard
        let nearest = extremes.min(by: { single.violation(of: $0) < single.violation(of: $1) }),
        single.violation(of: nearest) > 0
      else { continue }
      throw ExplainedError(
        "no genome can meet the constraint \(constraint); the nearest has "
          + Self.text(of: constraint, met: nearest, dense: dense),
        nextStep: "loosen it, or add sparser patterns", isWrongUsage: true)
    }
  }
}

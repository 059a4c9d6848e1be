import AcceleratorModel
import SparsityCore
import TextReports

/// The bounds that a run puts on the cost of its candidates.
package struct RunConstraints: Sendable {
  private let constraints: [CostConstraint]
  private let dense: Cost

  /// Creates the bounds of a run whose dense model costs `dense`.
  package init(_ constraints: [CostConstraint], dense: Cost) {
    self.constraints = constraints
    self.dense = dense
  }

  /// Returns the largest violation of any bound; ≤ 0 meets them all.
  package func violation(of cost: Cost) -> Double {
    constraints.map { constraint in
      guard let value = cost.value(of: constraint.objective),
        let denseValue = dense.value(of: constraint.objective)
      else { return Double.infinity }
      return constraint.violation(of: value, dense: denseValue)
    }.max() ?? 0
  }

  /// Throws if the profile does not model a bounded or improved quantity, or if no genome of the
  /// space can meet a bound.
  package func check(feasibleIn costs: CostModel, objectives: [Objective]) throws {
    let named = objectives.filter { $0 != .accuracy } + constraints.map(\.objective)
    for objective in named where dense.value(of: objective) == nil {
      throw ExplainedError(
        "the accelerator \(costs.profile.name) does not model \(objective.rawValue)",
        nextStep: "add the section \(objective.rawValue) to its profile, or choose another",
        isWrongUsage: true)
    }
    let bounds = costs.costBounds
    for constraint in constraints {
      let single = RunConstraints([constraint], dense: dense)
      let extremes = [bounds.least, bounds.greatest].map(single.violation)
      guard extremes.contains(where: { $0 <= 0 }) else {
        throw ExplainedError(
          "no genome can meet the constraint \(constraint)",
          nextStep: "loosen it, or add sparser patterns", isWrongUsage: true)
      }
    }
  }
}

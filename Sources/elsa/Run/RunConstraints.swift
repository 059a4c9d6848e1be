import AcceleratorModel
import SparsityCore

/// The bounds that a run puts on the cost of its candidates.
struct RunConstraints: Sendable {
  private let constraints: [CostConstraint]
  private let dense: Cost

  /// Creates the bounds of a run whose dense model costs `dense`.
  init(_ constraints: [CostConstraint], dense: Cost) {
    self.constraints = constraints
    self.dense = dense
  }

  /// Returns the largest violation of any bound; ≤ 0 meets them all.
  func violation(of cost: Cost) -> Double {
    constraints.map { constraint in
      guard let value = cost.value(of: constraint.objective),
        let denseValue = dense.value(of: constraint.objective)
      else { return Double.infinity }
      return constraint.violation(of: value, dense: denseValue)
    }.max() ?? 0
  }

  /// Throws if even the cheapest genomes of the space violate a bound.
  func check(feasibleIn costs: CostModel) throws {
    let layerCount = costs.space.layers.count
    for constraint in constraints {
      let single = RunConstraints([constraint], dense: dense)
      let extremes = [0, costs.space.patterns.count - 1].map { level in
        single.violation(of: costs.cost(of: Genome(uniform: level, layerCount: layerCount)))
      }
      guard extremes.contains(where: { $0 <= 0 }) else {
        throw CommandFailure(
          "no genome can meet the constraint \(constraint)",
          nextStep: "loosen it, or add sparser patterns")
      }
    }
  }
}

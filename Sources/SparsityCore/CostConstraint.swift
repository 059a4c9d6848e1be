/// A bound on a candidate's exact cost, known before any image is evaluated.
package struct CostConstraint: Hashable, Sendable {
  /// Which side of the limit is allowed.
  package enum Bound: String, Hashable, Sendable {
    case atMost
    case atLeast
  }

  /// What the limit is measured in.
  package enum Limit: Hashable, Sendable {
    /// A multiple of the dense model's value.
    case relativeToDense(Double)
    /// A value in the objective's own unit.
    case absolute(Double)
  }

  /// The bounded quantity; never the accuracy, which is no cost.
  package let objective: Objective
  /// The allowed side.
  package let bound: Bound
  package let limit: Limit

  /// Creates a bound on a cost.
  package init(objective: Objective, bound: Bound, limit: Limit) {
    precondition(objective != .accuracy)
    self.objective = objective
    self.bound = bound
    self.limit = limit
  }

  /// Returns how far `value` lies on the wrong side, relative to the limit; ≤ 0 is feasible.
  package func violation(of value: Double, dense: Double) -> Double {
    let limit =
      switch limit {
      case .relativeToDense(let factor): factor * dense
      case .absolute(let value): value
      }
    let excess = bound == .atMost ? value - limit : limit - value
    return excess / max(abs(limit), .leastNormalMagnitude)
  }
}

extension CostConstraint: CustomStringConvertible {
  /// The bound as text, as in `macs at most 0.5 × dense`.
  package var description: String {
    let side = bound == .atMost ? "at most" : "at least"
    return switch limit {
    case .relativeToDense(let factor): "\(objective.rawValue) \(side) \(factor) × dense"
    case .absolute(let value): "\(objective.rawValue) \(side) \(value)"
    }
  }
}

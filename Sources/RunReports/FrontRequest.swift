import AcceleratorModel
import RunFiles
import SparsityCore
import TextReports

/// What a user wants of a member of a front.
package struct FrontRequest: Hashable, Sendable {
  /// One thing that is wanted.
  package enum Bound: Hashable, Sendable {
    /// A fraction of the search set, classified correctly.
    case accuracyAtLeast(Double)
    /// How much lower the accuracy may be than the dense model's, as a fraction of the search set.
    case accuracyLossAtMost(Double)
    /// A bound on a cost.
    case cost(CostConstraint)
  }

  /// All that is wanted.
  package var bounds: [Bound]

  package init(_ bounds: [Bound]) { self.bounds = bounds }

  /// How far beyond a limit what is computed in floating point may lie, relative to the limit.
  static let tolerance = 1e-9

  /// Whether an objective is bounded, or one that follows from the same quantity.
  func bounds(_ objective: Objective) -> Bool {
    bounds.contains { bound in
      switch bound {
      case .accuracyAtLeast, .accuracyLossAtMost: objective == .accuracy
      case .cost(let constraint):
        CostQuantities(of: constraint.objective) == CostQuantities(of: objective)
          && constraint.objective.accelerator == objective.accelerator
      }
    }
  }

  /// Returns how far a member is from meeting a bound, relative to it; ≤ 0 meets it.
  ///
  /// - Throws: ``TextReports/ExplainedError`` if the run does not know what the bound is about.
  static func violation(
    of bound: Bound, by point: FrontReport.Point, in front: FrontReport
  ) throws -> Double {
    switch bound {
    case .accuracyAtLeast(let least): return (least - point.accuracy) / least
    case .accuracyLossAtMost(let loss):
      guard let dense = front.dense else {
        throw ExplainedError(
          "the run has not evaluated the dense model, so losses of accuracy are not known",
          nextStep: "use --accuracy-at-least; a run whose constraints dense does not meet never "
            + "evaluates it")
      }
      guard let lost = point.accuracyLoss else { return .infinity }
      return (lost - loss) / max(dense.accuracy - loss, .leastNormalMagnitude)
    case .cost(let constraint):
      let name = constraint.objective.rawValue
      let named = front.accelerators?.map(\.name) ?? []
      if !named.isEmpty, constraint.objective.quantity.dependsOnAccelerator,
        !named.contains(constraint.objective.accelerator ?? "")
      {
        throw ExplainedError(
          "\(name) is not that of one of the run's accelerators",
          nextStep: "name one behind the limit, as in 2.5x@\(named[0]); there are "
            + named.joined(separator: ", "), isWrongUsage: true)
      }
      guard let value = point.value(of: constraint.objective) else {
        throw ExplainedError(
          "nothing is known of \(name) in this run",
          nextStep: "ask for what the columns of elsa front --csv have", isWrongUsage: true)
      }
      guard case .relativeToDense = constraint.limit else {
        return constraint.violation(of: value, dense: .nan)
      }
      guard let dense = front.denseValue(of: constraint.objective) else {
        throw ExplainedError(
          "\(name) is measured, so nothing is known of dense",
          nextStep: "give a limit without x", isWrongUsage: true)
      }
      return constraint.violation(of: value, dense: dense)
    }
  }
}

extension FrontRequest.Bound: CustomStringConvertible {
  /// The bound as text, as in `throughput at least 2.5 × dense`.
  package var description: String {
    switch self {
    case .accuracyAtLeast(let least): "accuracy at least \(NumberFormat.percent(least))"
    case .accuracyLossAtMost(let loss):
      "accuracy at most \(NumberFormat.short(loss * 100)) points below dense"
    case .cost(let constraint): constraint.description
    }
  }
}

extension FrontReport.Costs {
  /// Returns the natural value of a quantity, or `nil` if it is not known.
  func value(of quantity: Quantity) -> Double? {
    switch quantity {
    case .throughput: throughput
    case .latency: latencySeconds
    case .energy: energyJoulesPerImage
    case .weightBytes: weightBytes.map(Double.init)
    case .accuracy, .macs: nil
    }
  }
}

extension FrontReport.Point {
  /// Returns the natural value of an objective, or `nil` if it is not known.
  func value(of objective: Objective) -> Double? {
    if let accelerator = objective.accelerator {
      return accelerators?[accelerator]?.value(of: objective.quantity)
    }
    return switch objective.quantity {
    case .accuracy: accuracy
    case .throughput: throughput
    case .latency: latencySeconds
    case .energy: energyJoulesPerImage
    case .weightBytes: weightBytes.map(Double.init)
    case .macs: macs.map(Double.init)
    }
  }
}

extension FrontReport {
  /// Returns what the dense model costs, or `nil` if it is not known.
  func denseValue(of objective: Objective) -> Double? {
    if let accelerator = objective.accelerator {
      let named = accelerators?.first { $0.name == accelerator }
      return named?.dense.value(of: objective.quantity)
    }
    return switch objective.quantity {
    case .accuracy: dense?.accuracy
    case .throughput: denseThroughput
    case .latency: denseLatencySeconds
    case .energy: denseEnergyJoulesPerImage
    case .weightBytes: denseWeightBytes.map(Double.init)
    case .macs: denseMacs.map(Double.init)
    }
  }
}

import AcceleratorModel
import RunFiles
import SparsityCore

/// The reference point up to which hypervolume is measured; it is fixed before a search starts.
///
/// Where the run file of a new run names none it is half of the images right, and what the dense
/// model costs: who is no faster than dense, or wrong more often than not, is of no use to anybody
/// and adds nothing. Nothing of it is measured, so the hypervolumes that a run reports as it goes
/// on can be compared with each other and with those of every other run of the model on the
/// accelerator, whatever they have evaluated. A model that is right on fewer images itself needs a
/// point of its own.
///
/// The run's own file names the point, so that its hypervolume stays what it is with every version
/// of the program. Where that names none, an older program has begun the run: nothing counted then
/// for what is maximised, and 1.1 times the dense model's value for what is minimised.
package struct ReferencePoint {
  /// The accuracy of the point unless the run file names one.
  package static let usualAccuracy = 0.5

  /// What the run file says.
  private let given: [Objective: CostConstraint.Limit]
  /// Up to which values measured objectives count, by the constraints of the run file.
  private let limit: (Objective) -> Double?

  /// Creates the usual point of a new run with such objectives.
  package init(usualFor objectives: [Objective]) {
    given = Dictionary(uniqueKeysWithValues: objectives.map { ($0, Self.usual(of: $0)) })
    limit = { _ in nil }
  }

  /// Creates the point of a run from what its own file says.
  package init(_ runFile: RunFile) {
    given = runFile.referencePoint
    limit = runFile.measuredLimit
  }

  private static func usual(of objective: Objective) -> CostConstraint.Limit {
    objective == .accuracy ? .absolute(usualAccuracy) : .relativeToDense(1)
  }

  /// Returns the run file of a new run with the usual point where it names none; not of what is
  /// measured, of which nothing is known.
  package static func completing(_ runFile: RunFile) -> RunFile {
    var completed = runFile
    for objective in runFile.objectives where completed.referencePoint[objective] == nil {
      let isMeasured =
        objective != .accuracy
        && runFile.measured?.quantities.isSuperset(of: CostQuantities(of: objective)) ?? false
      if !isMeasured { completed.referencePoint[objective] = usual(of: objective) }
    }
    return completed
  }

  /// Returns the point in minimised objectives; of what is measured and has no limit, nothing.
  package func minimized(of objectives: [Objective], dense: Cost) -> [Double] {
    objectives.map { objective in
      let denseValue = dense.value(of: objective)
      let value: Double? =
        switch given[objective] {
        case .absolute(let value): value
        case .relativeToDense(let factor): denseValue.map { factor * $0 }
        case nil where objective.isMaximized: 0
        case nil: denseValue.map { 1.1 * $0 } ?? limit(objective)
        }
      return objective.minimized(value ?? 0)
    }
  }
}

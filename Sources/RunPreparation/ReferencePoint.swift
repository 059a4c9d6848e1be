import AcceleratorModel
import RunFiles
import SparsityCore

/// The reference point up to which hypervolume is measured; it is fixed before a search starts.
///
/// Where the run file names none it is half of the images right, and what the dense model costs:
/// who is no faster than dense, or wrong more often than not, is of no use to anybody and adds
/// nothing.
/// Nothing of it is measured, so the hypervolumes that a run reports as it goes on can be compared
/// with each other and with those of every other run of the model on the accelerator, whatever they
/// have evaluated. A model that is right on fewer images itself needs a point of its own.
package struct ReferencePoint {
  /// The accuracy of the point unless the run file names one.
  package static let usualAccuracy = 0.5

  /// What the run file says.
  private let given: [Objective: CostConstraint.Limit]
  /// Up to which values measured objectives count, by the constraints of the run file.
  private let limit: (Objective) -> Double?

  /// Creates the point of a run whose file says nothing.
  package init() {
    given = [:]
    limit = { _ in nil }
  }

  /// Creates the point of a run.
  package init(_ runFile: RunFile) {
    given = runFile.referencePoint
    limit = runFile.measuredLimit
  }

  /// Returns the point in minimised objectives; of what is measured and has no limit, nothing.
  package func minimized(of objectives: [Objective], dense: Cost) -> [Double] {
    objectives.map { objective in
      let value: Double? =
        switch given[objective] {
        case .absolute(let value): value
        case .relativeToDense(let factor): dense.value(of: objective).map { factor * $0 }
        case nil where objective == .accuracy: Self.usualAccuracy
        case nil: dense.value(of: objective) ?? limit(objective)
        }
      return objective.minimized(value ?? 0)
    }
  }
}

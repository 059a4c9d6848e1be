import AcceleratorModel
import SparsityCore

/// The reference point up to which hypervolume is measured; it is fixed before a search starts.
package enum ReferencePoint {
  /// Returns the point in minimised objectives: nothing for what is maximised, 1.1 times the dense
  /// model's value for what is minimised, and its limit for what is minimised and measured.
  package static func minimized(
    of objectives: [Objective], dense: Cost, limit: (Objective) -> Double? = { _ in nil }
  ) -> [Double] {
    objectives.map { objective in
      objective.isMaximized
        ? 0 : dense.value(of: objective).map { 1.1 * $0 } ?? limit(objective) ?? 0
    }
  }
}

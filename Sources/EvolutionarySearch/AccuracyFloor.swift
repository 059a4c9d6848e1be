import SparsityCore

/// The accuracy below which candidates are infeasible: a constraint that is known to be met only
/// once a candidate is measured.
package enum AccuracyFloor: Hashable, Sendable {
  /// A share of the images.
  case atLeast(Double)
  /// So much less than a genome has, which is measured first whatever constraints it does not meet.
  case lossAtMost(Double, against: Genome)

  /// The genome that others are compared with.
  package var reference: Genome? {
    if case .lossAtMost(_, let reference) = self { reference } else { nil }
  }

  /// Sums of shares are rounded: an accuracy that is no further below a floor meets it.
  private static let tolerance = 1e-9

  /// Returns the share of the images that candidates need; `nil` as long as it is not known.
  ///
  /// - Parameter reference: what ``reference`` has, once it is measured.
  package func share(reference: Double?) -> Double? {
    switch self {
    case .atLeast(let share): share
    case .lossAtMost(let loss, _): reference.map { $0 - loss }
    }
  }

  /// Returns how far an accuracy is below a floor, relative to the floor; 0 or less meets it.
  package static func violation(of accuracy: Double, floor: Double) -> Double {
    let below = floor - accuracy
    guard abs(below) > tolerance else { return 0 }
    return below / max(abs(floor), tolerance)
  }
}

extension SearchSettings {
  /// Returns the accuracy that a candidate was measured to have, if others are compared with it.
  func referenceAccuracy(_ id: CandidateID, _ objectives: [Double]) -> Double? {
    guard reference != nil, id == CandidateID(0), let accuracy else { return nil }
    return min(1, max(0, -objectives[accuracy.place]))
  }
}

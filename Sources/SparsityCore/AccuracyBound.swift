/// The accuracy that candidates need, as fractions of the images; it is met or not once it is
/// measured.
package enum AccuracyBound: Hashable, Sendable {
  /// So much at least.
  case atLeast(Double)
  /// So many percentage points less than the dense model at most.
  case lossAtMost(points: Double)
}

extension AccuracyBound: CustomStringConvertible {
  /// The bound as text, as in `accuracy at most 3.0 points below dense`.
  package var description: String {
    switch self {
    case .atLeast(let share): "accuracy at least \(share)"
    case .lossAtMost(let points): "accuracy at most \(points) points below dense"
    }
  }
}

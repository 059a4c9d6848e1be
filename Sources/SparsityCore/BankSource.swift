/// Where the weights of a run's bank come from.
package enum BankSource: Hashable, Sendable {
  /// Anyone who has the model derives them in an instant; the hash says of which model and how.
  case derived(ContentHash)
  /// They were calibrated once and lie in a file whose weights have this hash.
  case stored(ContentHash)
  /// There are none: the run has no model.
  case none

  /// The identity of the weights.
  package var content: ContentHash? {
    switch self {
    case .derived(let content), .stored(let content): content
    case .none: nil
    }
  }

  /// Whether a file is needed besides the model.
  package var isStored: Bool {
    switch self {
    case .derived, .none: false
    case .stored: true
    }
  }
}

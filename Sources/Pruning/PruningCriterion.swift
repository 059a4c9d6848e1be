/// How the weights to keep are chosen within a group.
public enum PruningCriterion: String, CaseIterable, Hashable, Sendable {
  /// The weights with the largest absolute values; equals keep the lower index.
  case magnitude
}

/// How the weights to keep are chosen within a group.
public enum PruningCriterion: String, CaseIterable, Hashable, Sendable {
  /// The weights with the largest absolute values; equals are chosen as by PyTorch's `topk`.
  case magnitude
}

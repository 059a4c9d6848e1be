/// Where a checkpoint keeps the values of one of a network's tensors.
package enum TensorSource: Hashable, Sendable {
  /// A tensor of the checkpoint, as it is.
  case stored(String)
  /// Tensors one below the other: queries, keys and values that other libraries keep apart.
  case stacked([String])
  /// Weights that a mask multiplies, as `torch.nn.utils.prune` keeps them.
  case masked(weights: String, mask: String)
  /// Weights that `elsa prune --compressed` wrote: the name that `.values` and `.indices` follow.
  case compressed(String)

  /// The names in the checkpoint that the values are read from.
  package var names: [String] {
    switch self {
    case .stored(let name): [name]
    case .stacked(let names): names
    case .masked(let weights, let mask): [weights, mask]
    case .compressed(let name): ["\(name).values", "\(name).indices"]
    }
  }

  /// The names under which the tensor is written again, so that who reads the checkpoint can read
  /// the new one: those of the parts, of equal height, or `name` itself.
  package func writtenNames(for name: String) -> [String] {
    if case .stacked(let names) = self { return names }
    if case .stored(let stored) = self, TransformersNames.isOwn(stored) { return [stored] }
    return [name]
  }
}

/// What is known of a tensor of a checkpoint before its values are read.
package struct StoredTensor: Hashable, Sendable {
  /// The name, without the prefix of a wrapper.
  package let name: String
  /// Whether its numbers are fractions, as all weights are.
  package let isFloatingPoint: Bool

  /// Describes a tensor.
  package init(name: String, isFloatingPoint: Bool) {
    self.name = name
    self.isFloatingPoint = isFloatingPoint
  }
}

import SparsityCore

/// A network as a value: what it is made of and what it computes, without its weights.
///
/// Everything that depends on an architecture but the forward pass itself is derived from this:
/// which tensors a checkpoint holds, what an accelerator runs, in which order layers are
/// calibrated, what a search decides about.
package struct Network: Hashable, Sendable {
  /// The images that it takes.
  package let input: NetworkInput
  /// The classes that its head tells apart.
  package let classes: Int
  /// The tensors of its checkpoint in timm's names, in network order.
  package let tensors: [TensorDescription]
  /// The steps of the forward pass of one image, in the order in which they run.
  package let operations: [NetworkOperation]
  /// The blocks, in network order.
  package let blocks: [NetworkBlock]
  /// The linear layers whose weights may be pruned, in network order: those of ``blocks``.
  package let prunableLayers: [PrunableLayer]

  /// The parameters that no product multiplies by: biases, norms, positions, tokens.
  package var otherParameters: Int {
    let inProducts = operations.reduce(0) { sum, operation in
      guard case .linear(let linear) = operation.work else { return sum }
      return sum + linear.inputs * linear.outputs
    }
    return tensors.reduce(0) { $0 + $1.count } - inProducts
  }

  /// Returns the place of a prunable layer in network order by its name in timm.
  ///
  /// - Complexity: O(*n*), where *n* is the number of prunable layers.
  package func layer(named name: String) -> Int? {
    prunableLayers.firstIndex { $0.name == name }
  }
}

/// The images that a network takes.
package struct NetworkInput: Hashable, Sendable {
  /// The size of the image, in pixels.
  package let size: GridSize
  /// The colour channels: 1 or 3.
  package let channels: Int

  package init(size: GridSize, channels: Int) {
    self.size = size
    self.channels = channels
  }

  /// Creates the input of square images.
  package init(side: Int, channels: Int) {
    self.init(size: GridSize(side: side), channels: channels)
  }

  /// The values of one image: height × width × channels.
  package var valueCount: Int { size.count * channels }
}

/// The name and the shape of a checkpoint's tensor.
package struct TensorDescription: Hashable, Sendable {
  /// The name in timm.
  package let name: String
  /// The size of each dimension, outermost first.
  package let shape: [Int]

  package init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  /// The numbers of the tensor.
  package var count: Int { shape.reduce(1, *) }
}

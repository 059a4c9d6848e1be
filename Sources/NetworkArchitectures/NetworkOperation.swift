/// One step of a network's forward pass over one image.
package struct NetworkOperation: Hashable, Sendable {
  /// The step's name: timm's for layers with weights, `….scores` and `….context` for attention.
  package let name: String
  /// What it computes.
  package let work: NetworkWork
  /// The place in network order of the prunable layer that it is, if it is one.
  package let prunableLayer: Int?
  /// The multiply-accumulates that the ELSA paper counts for the step with dense weights
  /// (arXiv 2409.09708); zero for what it leaves out.
  package let paperMacs: Int128
}

/// What a step computes for one image.
package enum NetworkWork: Hashable, Sendable {
  /// A linear layer.
  case linear(LinearWork)
  /// A product of two activations, `count` times.
  case activationProduct(rows: Int, inputs: Int, outputs: Int, count: Int)
  /// Functions of each element, one after another; a tensor has the product of `sizes` elements.
  case elementwise([VectorFunction], sizes: [Int])
}

/// The sizes of a linear layer on one image.
package struct LinearWork: Hashable, Sendable {
  /// The rows that it is applied to: the tokens of one image that reach it.
  package let rows: Int
  /// The input features.
  package let inputs: Int
  /// The output features.
  package let outputs: Int
}

/// What a step that is no matrix product does with each element.
package enum VectorFunction: String, CaseIterable, Hashable, Sendable {
  /// The sum of two tensors.
  case add
  /// Layer normalisation.
  case layerNorm
  /// Softmax over a row of attention scores.
  case softmax
  /// The activation function of the perceptron.
  case gelu
  /// The bias that is added to a product.
  case bias
  /// The conversion of partial sums to the next layer's inputs.
  case requantize
  /// Rolling and partitioning of windows, or gathering of patches.
  case move
}

/// A linear layer whose weights may take any N:M pattern of the search space.
package struct PrunableLayer: Hashable, Sendable {
  /// The layer's name in timm, without `.weight`.
  package let name: String
  /// The input features, K; groups of a pattern run along them.
  package let inputs: Int
  /// The output features.
  package let outputs: Int

  /// Creates a layer of `outputs` × `inputs` weights.
  package init(name: String, inputs: Int, outputs: Int) {
    precondition(inputs > 0)
    precondition(outputs > 0)
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
  }
}

import SparsityCore

/// One matrix product: (tokens × inputs) · (inputs × outputs).
package struct MatrixProduct: Hashable, Sendable {
  /// The rows of the left matrix, M: batch × tokens.
  package let tokens: Int
  /// The inner size that patterns run along, K.
  package let inputs: Int
  /// The columns of the right matrix, N.
  package let outputs: Int

  /// Creates a product from its three sizes.
  package init(tokens: Int, inputs: Int, outputs: Int) {
    precondition(tokens > 0)
    precondition(inputs > 0)
    precondition(outputs > 0)
    self.tokens = tokens
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Returns the multiply-accumulates with the weights that `pattern` keeps.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  package func macs(keeping pattern: NMPattern) throws(AcceleratorError) -> Int64 {
    try checkedProduct(
      tokens, pattern.keptCount(ofInputs: inputs), outputs, of: "the multiply-accumulates")
  }
}

extension MatrixProduct: CustomStringConvertible {
  /// The sizes as M×K×N.
  package var description: String { "\(tokens)×\(inputs)×\(outputs)" }
}

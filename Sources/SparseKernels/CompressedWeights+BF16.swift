import SparsityCore

extension CompressedWeights {
  /// Returns the weights with every value rounded to bf16.
  ///
  /// - Complexity: O(kept weights).
  package func rounded() -> CompressedWeights {
    CompressedWeights(
      outputs: outputs, inputs: inputs, pattern: pattern, values: values.map(\.roundedToBF16),
      columns: columns)
  }
}

/// The weights and the bias of a linear layer; weights are (outputs × inputs), row-major.
package struct LinearParameters: Sendable {
  /// The output features.
  package let outputs: Int
  /// The input features.
  package let inputs: Int
  /// The weights, one row for each output.
  package let weights: [Float]
  /// One number for each output, or `nil`.
  package let bias: [Float]?
}

/// The scale and the shift of a LayerNorm.
package struct NormParameters: Sendable {
  /// One factor for each feature.
  package let weights: [Float]
  /// One summand for each feature.
  package let bias: [Float]
}

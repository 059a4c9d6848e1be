/// The weights and the bias of a linear layer; weights are (outputs × inputs), row-major.
public struct LinearParameters: Sendable {
  /// The output features.
  public let outputs: Int
  /// The input features.
  public let inputs: Int
  /// The weights, one row for each output.
  public let weights: [Float]
  /// One number for each output, or `nil`.
  public let bias: [Float]?
}

/// The scale and the shift of a LayerNorm.
public struct NormParameters: Sendable {
  /// One factor for each feature.
  public let weights: [Float]
  /// One summand for each feature.
  public let bias: [Float]
}

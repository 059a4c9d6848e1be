import SparsityCore

/// What one linear layer computes with: seeded random numbers of its sizes.
struct LayerOperands {
  /// The rows of the activations.
  let tokens: Int
  /// The input features.
  let inputs: Int
  /// The output features.
  let outputs: Int
  /// The activations, tokens × inputs.
  let activations: [Float]
  /// The weights, outputs × inputs.
  let weights: [Float]
  /// One number for each output.
  let bias: [Float]

  /// Draws the operands of a layer.
  init(layer: PrunableLayer, tokens: Int, using generator: inout SeededGenerator) {
    precondition(tokens > 0)
    self.tokens = tokens
    inputs = layer.inputs
    outputs = layer.outputs
    activations = generator.floats(count: tokens * inputs, magnitudeMax: 1)
    weights = generator.floats(count: outputs * inputs, magnitudeMax: 0.05)
    bias = generator.floats(count: outputs, magnitudeMax: 0.05)
  }
}

extension SeededGenerator {
  /// Returns numbers in ±`magnitudeMax`, uniformly.
  mutating func floats(count: Int, magnitudeMax: Float) -> [Float] {
    (0..<count).map { _ in (Float(next() >> 40) * 0x1p-23 - 1) * magnitudeMax }
  }
}

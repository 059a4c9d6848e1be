import Evaluation
import NetworkArchitectures
import SparsityCore

extension InferenceNumerics {
  /// The precision of a run whose file names none, if its workers can.
  static let usualPrecision = Precision.bf16

  /// The tokens of a forward pass: enough to fill the kernels, few enough to stay in the caches.
  private static let tokensPerForwardPass = 800

  /// Returns the arithmetic that this machine computes a model in.
  ///
  /// Small models take more images into a forward pass, so that products do not become tiny, unless
  /// `forwardBatch` says how many.
  package static func best(
    for network: Network, precision: Precision, instructionSet: InstructionSet? = nil,
    forwardBatch: Int? = nil
  ) -> InferenceNumerics {
    // Where stages have fewer and fewer tokens, a pass takes the first ones in parts.
    let tokens = network.blocks.map(\.tokens).min() ?? 1
    let batch =
      forwardBatch ?? min(max(1, tokensPerForwardPass / tokens), forwardBatchRange.upperBound)
    return InferenceNumerics(
      precision: precision, instructionSet: instructionSet ?? .detected, forwardBatch: batch)
  }
}

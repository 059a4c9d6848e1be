import Evaluation
import NetworkArchitectures
import SparsityCore

extension Numerics {
  /// The precision of a run whose file names none, if its workers can.
  static let usualPrecision = Precision.bf16

  /// Returns the most that a run may compute in: what its run file says, else the best there is.
  static func most(
    for network: Network, precision: Precision?, instructionSet: InstructionSet?
  ) -> Numerics {
    best(
      for: network, precision: precision ?? usualPrecision,
      instructionSet: instructionSet ?? InstructionSet.allCases.max())
  }

  /// The tokens of a forward pass: enough to fill the kernels, few enough to stay in the caches.
  private static let tokensPerForwardPass = 800

  /// Returns the arithmetic that this machine computes a model in.
  ///
  /// Small models take more images into a forward pass, so that products do not become tiny, unless
  /// `forwardBatch` says how many.
  static func best(
    for network: Network, precision: Precision, instructionSet: InstructionSet? = nil,
    forwardBatch: Int? = nil
  ) -> Numerics {
    let tokens = network.blocks.map(\.tokens).max() ?? 1
    let batch =
      forwardBatch ?? min(max(1, tokensPerForwardPass / tokens), Numerics.forwardBatchMax)
    let best = Numerics.detected(precision: precision, forwardBatch: batch)
    return Numerics(
      precision: precision, kernelTable: best.kernelTable,
      instructionSet: instructionSet ?? best.instructionSet, forwardBatch: batch)
  }
}

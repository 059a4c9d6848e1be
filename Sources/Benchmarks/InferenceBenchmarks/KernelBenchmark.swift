import Evaluation
import LinearAlgebra
import SparseKernels
import SparsityCore

/// Measures sparse products against dense ones, on the calling thread.
package struct KernelBenchmark {
  /// The number format.
  package let precision: Precision
  /// The variant of the sparse kernels; oneDNN is held to the same instructions.
  package let variant: KernelVariant
  /// The rows of the activations.
  package let tokens: Int
  private let alternation: Alternation

  /// Applies precision and instructions to this process and its calling thread.
  ///
  /// - Parameter repetitions: How many measurements a median is taken of.
  /// - Throws: ``Evaluation/EvaluationError`` if this machine or version cannot compute so.
  package init(
    precision: Precision, variant: KernelVariant, tokens: Int, repetitions: Int
  ) throws(EvaluationError) {
    precondition(tokens > 0)
    try InferenceNumerics(precision: precision, instructionSet: variant.instructionSet).apply()
    limitThreadsToCaller()
    self.precision = precision
    self.variant = variant
    self.tokens = tokens
    self.alternation = Alternation(repetitions: repetitions, secondsMin: 0.02)
  }

  /// Measures a layer in some patterns: each of them, the dense product and the peak in turns.
  package func measure(_ layer: PrunableLayer, patterns: [NMPattern]) -> [KernelMeasurement] {
    var generator = SeededGenerator(seed: 1)
    let operands = LayerOperands(layer: layer, tokens: tokens, using: &generator)
    let peak = MultiplyAddPeak(precision: precision, instructionSet: variant.instructionSet)
    let format = DenseFormat(for: precision, instructionSet: variant.instructionSet)
    var dense = DenseLayerProduct(operands, format: format)
    var sides = [side { peak.run() }, side { dense.run() }]
    for pattern in patterns {
      var sparse = SparseLayerProduct(
        operands, pattern: pattern, precision: precision, variant: variant)
      sides.append(side { sparse.run() })
    }
    let seconds = alternation.medianSeconds(of: sides)
    return patterns.enumerated().map { index, pattern in
      KernelMeasurement(
        tokens: tokens, inputs: layer.inputs, outputs: layer.outputs, precision: precision,
        pattern: pattern, variant: variant, seconds: seconds[2 + index], denseSeconds: seconds[1],
        peakMultiplyAddsPerSecond: peak.multiplyAddsPerRun / seconds[0])
    }
  }

  /// Returns work as one side of an alternation, timed by what this thread computes.
  private func side(_ work: @escaping () -> Void) -> Alternation.Side {
    { runs in
      BenchmarkClock.threadTime.seconds(of: {
        for _ in 0..<runs { work() }
      })
    }
  }
}

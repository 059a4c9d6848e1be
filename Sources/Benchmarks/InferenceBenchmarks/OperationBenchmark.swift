import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// What was measured of one operation on one image.
package struct OperationMeasurement: Hashable, Sendable {
  package let operation: RowOperation
  /// The number format.
  package let precision: Precision
  package let variant: KernelVariant
  /// The median time of one block of one image.
  package let seconds: Double
  /// The results of one block of one image.
  package let values: Int
  /// The multiply-adds of the products over those that the core could have done, in 0…1; `nil`
  /// where there is no product.
  package let shareOfPeak: Double?

  /// The time of one result.
  package var nanosecondsPerValue: Double { 1e9 * seconds / Double(values) }
}

/// Measures what a forward pass does beside products with weights, on the calling thread.
package struct OperationBenchmark {
  /// The number format.
  package let precision: Precision
  package let variant: KernelVariant
  private let alternation: Alternation

  /// - Parameter repetitions: How many measurements a median is taken of.
  /// - Precondition: the variant is supported.
  package init(precision: Precision, variant: KernelVariant, repetitions: Int) {
    precondition(variant.isSupported)
    self.precision = precision
    self.variant = variant
    alternation = Alternation(repetitions: repetitions, secondsMin: 0.02)
  }

  /// Measures every operation of a block: each of them and the peak in turns.
  package func measure(_ block: NetworkBlock) -> [OperationMeasurement] {
    let peak = MultiplyAddPeak(precision: precision, instructionSet: variant.instructionSet)
    let sides = RowOperation.allCases.map { side(of: $0, block: block) }
    let seconds = alternation.medianSeconds(of: [timed { peak.run() }] + sides)
    let peakMultiplyAddsPerSecond = peak.multiplyAddsPerRun / seconds[0]
    return RowOperation.allCases.enumerated().map { index, operation in
      let time = seconds[1 + index]
      let multiplyAdds = operation.multiplyAdds(of: block)
      return OperationMeasurement(
        operation: operation, precision: precision, variant: variant, seconds: time,
        values: operation.valueCount(of: block),
        shareOfPeak: multiplyAdds == 0
          ? nil : Double(multiplyAdds) / time / peakMultiplyAddsPerSecond)
    }
  }

  private func side(of operation: RowOperation, block: NetworkBlock) -> Alternation.Side {
    switch precision {
    case .f32:
      var work = FloatOperation(operation, block: block, variant: variant)
      return timed { work.run() }
    case .bf16:
      var work = BF16Operation(operation, block: block, variant: variant)
      return timed { work.run() }
    }
  }

  /// Returns work as one side of an alternation, timed by what this thread computes.
  private func timed(_ work: @escaping () -> Void) -> Alternation.Side {
    { runs in
      BenchmarkClock.threadTime.seconds(of: {
        for _ in 0..<runs { work() }
      })
    }
  }
}

import SparseKernels
import SparsityCore

/// What was measured of one layer in one pattern, beside the dense product of the same precision.
package struct KernelMeasurement: Hashable, Sendable {
  /// The rows of the activations, M of the product.
  package let tokens: Int
  /// The input features, K of the product.
  package let inputs: Int
  /// The output features, N of the product.
  package let outputs: Int
  /// The number format.
  package let precision: Precision
  /// The pattern of the weights.
  package let pattern: NMPattern
  package let variant: KernelVariant
  /// The median time of the sparse product.
  package let seconds: Double
  /// The median time of the dense product.
  package let denseSeconds: Double
  /// The most multiply-adds a second that this core does.
  package let peakMultiplyAddsPerSecond: Double

  /// Gathers what was measured.
  package init(
    tokens: Int, inputs: Int, outputs: Int, precision: Precision, pattern: NMPattern,
    variant: KernelVariant, seconds: Double, denseSeconds: Double,
    peakMultiplyAddsPerSecond: Double
  ) {
    precondition(seconds > 0 && denseSeconds > 0 && peakMultiplyAddsPerSecond > 0)
    self.tokens = tokens
    self.inputs = inputs
    self.outputs = outputs
    self.precision = precision
    self.pattern = pattern
    self.variant = variant
    self.seconds = seconds
    self.denseSeconds = denseSeconds
    self.peakMultiplyAddsPerSecond = peakMultiplyAddsPerSecond
  }

  /// The billions of operations a second that a dense product would need for the same time: 2·m·k·n
  /// over the time of the sparse product.
  package var gflops: Double { 2e-9 * denseMultiplyAdds / seconds }

  /// The billions of operations a second of the dense product.
  package var denseGflops: Double { 2e-9 * denseMultiplyAdds / denseSeconds }

  /// How many times as fast as the dense product the sparse one is.
  package var ratioToDense: Double { denseSeconds / seconds }

  /// The multiply-adds that were executed over those that the core could have, in 0…1.
  package var shareOfPeak: Double {
    let executed = Double(tokens * outputs * pattern.keptCount(ofInputs: inputs))
    return executed / seconds / peakMultiplyAddsPerSecond
  }

  /// What a forward pass uses for such a layer: a sparse kernel, or the dense product where the
  /// table of ``SparseKernels/ProductForm`` says that it is faster.
  package var usedForm: ProductForm {
    .best(for: pattern, precision: precision, variant: variant)
  }

  private var denseMultiplyAdds: Double { Double(tokens * inputs * outputs) }
}

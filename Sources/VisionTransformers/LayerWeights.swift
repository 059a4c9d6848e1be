import LinearAlgebra
import SparseKernels

/// The weights that one prunable layer runs with in a forward pass.
package enum LayerWeights: Sendable {
  /// The checkpoint's own weights.
  case dense
  /// Other weights of the same layer, zeros in place, multiplied as a dense matrix.
  case replaced(DenseWeights)
  /// Weights in an N:M pattern, multiplied one by one.
  case columns(CompressedWeights)
  /// Weights in an N:M pattern, in bf16 and multiplied two by two.
  case pairs(PairWeights)
}

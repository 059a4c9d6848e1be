import SparseKernels

/// The weights that one prunable layer runs with in a forward pass.
public enum LayerWeights: Sendable {
  /// The checkpoint's own weights.
  case dense
  /// Other weights of the same layer, zeros in place, multiplied as a dense matrix.
  case replaced([Float])
  /// Weights in an N:M pattern, multiplied by the sparse kernels.
  case compressed(CompressedWeights)
}

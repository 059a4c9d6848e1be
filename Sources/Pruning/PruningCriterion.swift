/// How the weights to keep are chosen within a group, and what becomes of them.
package enum PruningCriterion: String, CaseIterable, Hashable, Sendable {
  /// The weights with the largest absolute values; equals are chosen as by PyTorch's `topk`.
  case magnitude
  /// The weights whose absolute value times the norm of their input is largest.
  case wanda
  /// SparseGPT: chosen and updated by the inverse Hessian of the layer's output error.
  case sparsegpt
  /// The mask by alternating directions, the weights by least squares, layer after layer, each
  /// fitted behind the pruned layers before it.
  case reconstruction

  /// Whether calibration images are needed.
  package var needsCalibration: Bool { self != .magnitude }

  /// Whether a layer's statistics are measured behind pruned layers rather than dense ones.
  package var isSequential: Bool { self == .reconstruction }
}

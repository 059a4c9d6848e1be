import SparsityCore

/// A criterion with the statistics of one layer, ready to prune it to any pattern.
package enum CalibratedPruning: Sendable {
  case wanda(InputStatistics)
  /// SparseGPT, with its factored Hessian.
  case sparsegpt(SparseGPT)
  /// Reconstruction, with its decomposed moments.
  case reconstruction(Reconstruction)

  /// Prepares a criterion for a layer.
  ///
  /// - Throws: ``PruningError/cannotCalibrate(layer:)`` if the statistics are not finite, or so
  ///   large that they cannot be decomposed.
  /// - Precondition: the criterion needs calibration.
  /// - Complexity: O(inputs³).
  package init(
    _ criterion: PruningCriterion, layer: PrunableLayer, statistics: InputStatistics
  ) throws(PruningError) {
    precondition(statistics.inputs == layer.inputs)
    guard statistics.isFinite else { throw .cannotCalibrate(layer: layer.name) }
    switch criterion {
    case .magnitude: preconditionFailure("magnitude needs no statistics")
    case .wanda: self = .wanda(statistics)
    case .sparsegpt:
      guard let method = SparseGPT(statistics: statistics) else {
        throw .cannotCalibrate(layer: layer.name)
      }
      self = .sparsegpt(method)
    case .reconstruction:
      guard let method = Reconstruction(statistics: statistics) else {
        throw .cannotCalibrate(layer: layer.name)
      }
      self = .reconstruction(method)
    }
  }

  /// Prunes some or all outputs of the layer.
  package func prune(_ weights: LayerMatrix, pattern: NMPattern) -> LayerMatrix {
    switch self {
    case .wanda(let statistics):
      let mask = wandaMask(weights: weights, statistics: statistics, pattern: pattern)
      return weights.masked(by: mask)
    case .sparsegpt(let method):
      return method.prune(weights, pattern: pattern).weights
    case .reconstruction(let method):
      return method.prune(weights, pattern: pattern)
    }
  }
}

import LinearAlgebra
import SparsityCore

/// Prunes a layer so that its outputs come closest to those of its targets: the mask by alternating
/// directions, the survivors by exact least squares.
///
/// With x the inputs, t their targets and W the weights, pruned weights Ŵ are to minimise the mean
/// of ‖W·t − Ŵ·x‖², with a ridge that draws Ŵ to W. The mask comes from the alternating direction
/// method of multipliers (ADMM, as in Meng et al., "ALPS", arXiv 2406.07831), on inputs scaled to
/// mean square one. All patterns of a layer share its decomposition.
package struct Reconstruction: Sendable {
  /// The inputs of the layer.
  package let inputs: Int
  /// The mean of t·xᵀ plus the ridge, by which weights become what a fit aims at.
  private let aims: [Double]
  /// The equations of the kept weights.
  private let equations: LeastSquares
  /// The root mean square of each input, with the ridge.
  private let scales: [Double]
  /// The eigenvalues of the scaled moments.
  private let eigenvalues: [Float]
  /// Their eigenvectors, one a row.
  private let eigenvectors: [Float]

  /// The usual ridge, a share of the inputs' mean square.
  package static let usualRidge = 0.01

  /// Decomposes the moments of a layer's inputs, or returns `nil` if that fails: numbers that are
  /// not finite, or too large.
  ///
  /// - Complexity: O(`inputs`³).
  package init?(statistics: InputStatistics, ridge: Double = usualRidge) {
    let inputs = statistics.inputs
    var moments = statistics.secondMoments()
    var aims = statistics.targetMoments()
    let trace = (0..<inputs).reduce(0) { $0 + moments[$1 * (inputs + 1)] }
    // Inputs that are always zero, all of them: any weights give the same outputs.
    let added = ridge * (trace > 0 ? trace / Double(inputs) : 1)
    for input in 0..<inputs {
      moments[input * (inputs + 1)] += added
      aims[input * (inputs + 1)] += added
    }
    guard let equations = LeastSquares(moments: moments, inputs: inputs) else { return nil }
    let scales = (0..<inputs).map { moments[$0 * (inputs + 1)].squareRoot() }
    for row in 0..<inputs {
      for column in 0..<inputs { moments[row * inputs + column] /= scales[row] * scales[column] }
    }
    guard let eigen = SymmetricEigen(of: moments.span, order: inputs) else { return nil }
    self.inputs = inputs
    self.aims = aims
    self.equations = equations
    self.scales = scales
    self.eigenvalues = eigen.values.map { Float(max($0, 0)) }
    self.eigenvectors = eigen.vectors.map(Float.init)
  }

  /// Returns which weights to keep.
  ///
  /// - Complexity: O(iterations · weights · `inputs`).
  package func mask(of weights: LayerMatrix, pattern: NMPattern) -> [Bool] {
    AlternatingDirections(
      weights: weights, aims: self.aims(of: weights), scales: scales, eigenvalues: eigenvalues,
      eigenvectors: eigenvectors, pattern: pattern
    ).run()
  }

  /// Returns the pruned weights.
  ///
  /// Outputs do not depend on each other but for the steps that the search for their masks takes.
  ///
  /// - Complexity: O(iterations · weights · `inputs`) for the mask, and for each output
  ///   O(min(kept, dropped)³) for the weights.
  package func prune(_ weights: LayerMatrix, pattern: NMPattern) -> LayerMatrix {
    fit(weights, mask: mask(of: weights, pattern: pattern))
  }

  /// Returns the weights of a given mask that come closest to the targets' outputs.
  package func fit(_ weights: LayerMatrix, mask: [Bool]) -> LayerMatrix {
    equations.fit(weights, aims: aims(of: weights), mask: mask)
  }

  /// Returns W·(mean of t·xᵀ), with the ridge.
  private func aims(of weights: LayerMatrix) -> [Double] {
    precondition(weights.inputs == inputs)
    return weights.times(aims)
  }
}

/// Returns the share of a layer's output energy that pruning loses: the squared error of the
/// outputs over their squares, without the bias.
///
/// - Complexity: O(weights · inputs).
package func outputError(
  of pruned: LayerMatrix, original: LayerMatrix, statistics: InputStatistics
) -> Double {
  precondition(pruned.values.count == original.values.count)
  precondition(statistics.inputs == original.inputs)
  let moments = statistics.secondMoments()
  let difference = LayerMatrix(
    outputs: original.outputs, inputs: original.inputs,
    values: zip(original.values, pruned.values).map { $0 - $1 })
  let energies = [difference, original].map { rows in
    zip(rows.values, rows.times(moments)).reduce(0) { $0 + $1.0 * $1.1 }
  }
  return energies[1] > 0 ? max(0, energies[0]) / energies[1] : 0
}

import LinearAlgebra
import SparsityCore

/// Prunes a layer so that its outputs change least: a mask by alternating directions, and the
/// survivors by exact least squares.
///
/// With H the mean of x·xᵀ over the inputs and W the weights, pruned weights Ŵ cost
/// tr((W − Ŵ)·H·(W − Ŵ)ᵀ). The mask comes from the alternating direction method of multipliers
/// (ADMM, as in Meng et al., "ALPS", arXiv 2406.07831), on inputs scaled to mean square one. All
/// patterns of a layer share its decomposition.
public struct Reconstruction: Sendable {
  /// The inputs of the layer.
  public let inputs: Int
  /// The equations of the kept weights.
  private let refit: LeastSquares
  /// The root mean square of each input, damped.
  private let scales: [Double]
  /// The eigenvalues of the damped and scaled moments.
  private let eigenvalues: [Float]
  /// Its eigenvectors, one a row.
  private let eigenvectors: [Float]

  /// The share of the mean square that is added to every square while the mask is chosen.
  private static let maskDamping = 0.01
  /// The share of the mean square that is added to every square in the least squares.
  private static let refitDamping = 1e-4

  /// Decomposes the moments of a layer's inputs, or returns `nil` if that fails: numbers that are
  /// not finite, or too large.
  ///
  /// - Complexity: O(`inputs`³).
  public init?(statistics: InputStatistics) {
    let inputs = statistics.inputs
    let moments = statistics.secondMoments()
    let trace = (0..<inputs).reduce(0) { $0 + moments[$1 * (inputs + 1)] }
    // Inputs that are always zero, all of them: any weights give the same outputs.
    let meanSquare = trace > 0 ? trace / Double(inputs) : 1
    var scaled = moments
    for input in 0..<inputs { scaled[input * (inputs + 1)] += Self.maskDamping * meanSquare }
    let scales = (0..<inputs).map { scaled[$0 * (inputs + 1)].squareRoot() }
    for row in 0..<inputs {
      for column in 0..<inputs { scaled[row * inputs + column] /= scales[row] * scales[column] }
    }
    guard
      let eigen = SymmetricEigen(of: scaled.span, order: inputs),
      let refit = LeastSquares(
        moments: moments, inputs: inputs, damping: Self.refitDamping * meanSquare)
    else { return nil }
    self.inputs = inputs
    self.refit = refit
    self.scales = scales
    self.eigenvalues = eigen.values.map { Float(max($0, 0)) }
    self.eigenvectors = eigen.vectors.map(Float.init)
  }

  /// Returns which weights to keep.
  ///
  /// - Complexity: O(iterations · weights · `inputs`).
  public func mask(of weights: LayerMatrix, pattern: NMPattern) -> [Bool] {
    precondition(weights.inputs == inputs)
    return AlternatingDirections(
      weights: weights, scales: scales, eigenvalues: eigenvalues, eigenvectors: eigenvectors,
      pattern: pattern
    ).run()
  }

  /// Returns the pruned weights.
  ///
  /// - Complexity: O(iterations · weights · `inputs`) for the mask, and for each output
  ///   O(min(kept, dropped)³) for the weights.
  public func prune(_ weights: LayerMatrix, pattern: NMPattern) -> LayerMatrix {
    refit.fit(weights, mask: mask(of: weights, pattern: pattern))
  }

  /// Returns the weights of a given mask that change the outputs least.
  public func refit(_ weights: LayerMatrix, mask: [Bool]) -> LayerMatrix {
    refit.fit(weights, mask: mask)
  }
}

/// Returns the share of a layer's output energy that pruning loses: the squared error of the
/// outputs over their squares, without the bias.
///
/// - Complexity: O(weights · inputs).
public func outputError(
  of pruned: LayerMatrix, original: LayerMatrix, statistics: InputStatistics
) -> Double {
  precondition(pruned.values.count == original.values.count)
  precondition(statistics.inputs == original.inputs)
  let moments = statistics.secondMoments()
  let difference = zip(original.values, pruned.values).map { $0 - $1 }
  let loss = quadratic(difference, moments: moments, inputs: original.inputs)
  let energy = quadratic(original.values, moments: moments, inputs: original.inputs)
  guard energy > 0 else { return 0 }
  return loss / energy
}

/// Returns tr(A·M·Aᵀ) for row-major A.
private func quadratic(_ rows: [Double], moments: [Double], inputs: Int) -> Double {
  let outputs = rows.count / inputs
  var products = [Double](repeating: 0, count: rows.count)
  var target = products.mutableSpan
  multiply(
    rows.span, moments.span,
    sizes: ProductSizes(rows: outputs, inner: inputs, columns: inputs), into: &target)
  return max(0, zip(rows, products).reduce(0) { $0 + $1.0 * $1.1 })
}

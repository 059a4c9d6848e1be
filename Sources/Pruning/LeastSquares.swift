import LinearAlgebra

/// Fits the weights that a mask keeps to the outputs of the unpruned layer, exactly, row by row.
///
/// Minimises (w − ŵ)·H·(w − ŵ)ᵀ over the ŵ that are zero outside the mask. Where less is kept than
/// dropped, the normal equations of the kept weights are solved; elsewhere those of the dropped
/// ones, with the inverse of H: ŵ = w − λ·(H⁻¹)ₚ with (H⁻¹)ₚₚ·λ = wₚ.
struct LeastSquares: Sendable {
  private let inputs: Int
  private let damped: [Double]
  private let inverse: [Double]

  /// Inverts the moments with `damping` on its diagonal, or returns `nil` if it is not positive
  /// definite even so.
  init?(moments: [Double], inputs: Int, damping: Double) {
    precondition(moments.count == inputs * inputs)
    var damped = moments
    for input in 0..<inputs { damped[input * (inputs + 1)] += damping }
    guard let factor = CholeskyFactor(of: damped.span, order: inputs) else { return nil }
    self.inputs = inputs
    self.damped = damped
    self.inverse = factor.inverse()
  }

  /// Returns the fitted weights; those that the mask drops are zero.
  ///
  /// - Complexity: O(min(kept, dropped)³ + `inputs` · kept) for each row.
  func fit(_ weights: LayerMatrix, mask: [Bool]) -> LayerMatrix {
    precondition(weights.inputs == inputs)
    precondition(mask.count == weights.values.count)
    var targets = [Double](repeating: 0, count: weights.values.count)
    var target = targets.mutableSpan
    multiply(
      weights.values.span, damped.span,
      sizes: ProductSizes(rows: weights.outputs, inner: inputs, columns: inputs), into: &target)
    var fitted = weights.masked(by: mask)
    for start in stride(from: 0, to: weights.values.count, by: inputs) {
      let kept = (0..<inputs).filter { mask[start + $0] }
      let dropped = (0..<inputs).filter { !mask[start + $0] }
      guard !kept.isEmpty, !dropped.isEmpty else { continue }
      if kept.count <= dropped.count {
        guard let values = solve(damped, at: kept, for: kept.map { targets[start + $0] }) else {
          continue
        }
        for (place, value) in zip(kept, values) { fitted.values[start + place] = value }
      } else {
        let own = dropped.map { weights.values[start + $0] }
        guard let pulls = solve(inverse, at: dropped, for: own) else { continue }
        for place in kept {
          let change = zip(dropped, pulls).reduce(0) {
            $0 + inverse[$1.0 * inputs + place] * $1.1
          }
          fitted.values[start + place] = weights.values[start + place] - change
        }
      }
    }
    return fitted
  }

  /// Solves the equations of a submatrix; `nil` where rounding has made it singular, and the
  /// weights stay as they were.
  private func solve(_ matrix: [Double], at places: [Int], for right: [Double]) -> [Double]? {
    let count = places.count
    var part = [Double](repeating: 0, count: count * count)
    var target = part.mutableSpan
    let source = matrix.span
    let indices = places.span
    for row in 0..<count {
      let start = indices[row] * inputs
      for column in row..<count { target[row * count + column] = source[start + indices[column]] }
    }
    guard let factor = CholeskyFactor(of: part.span, order: count) else { return nil }
    var solution = right
    factor.solve(&solution)
    return solution
  }
}

import LinearAlgebra

/// Fits the weights that a mask keeps, exactly, row by row.
///
/// Minimises ŵ·H·ŵᵀ − 2·a·ŵᵀ over the ŵ that are zero outside the mask, for H the moments of the
/// inputs and a the row's aims. Where less is kept than dropped, the equations of the kept weights
/// are solved; elsewhere those of the dropped ones, from the unmasked optimum f = a·H⁻¹:
/// ŵ = f − λ·(H⁻¹)ₚ with (H⁻¹)ₚₚ·λ = fₚ.
struct LeastSquares: Sendable {
  private let inputs: Int
  private let moments: [Double]
  private let factor: CholeskyFactor
  private let inverse: [Double]

  /// Inverts the moments, or returns `nil` if they are not positive definite.
  init?(moments: [Double], inputs: Int) {
    precondition(moments.count == inputs * inputs)
    guard let factor = CholeskyFactor(of: moments.span, order: inputs) else { return nil }
    self.inputs = inputs
    self.moments = moments
    self.factor = factor
    self.inverse = factor.inverse()
  }

  /// Returns the fitted weights; those that the mask drops are zero.
  ///
  /// - Complexity: O(min(kept, dropped)³ + `inputs` · kept) for each row.
  func fit(_ weights: LayerMatrix, aims: [Double], mask: [Bool]) -> LayerMatrix {
    precondition(weights.inputs == inputs)
    precondition(aims.count == weights.values.count)
    precondition(mask.count == weights.values.count)
    var free = aims
    factor.solve(&free)
    var fitted = weights.masked(by: mask)
    for start in stride(from: 0, to: weights.values.count, by: inputs) {
      let kept = (0..<inputs).filter { mask[start + $0] }
      let dropped = (0..<inputs).filter { !mask[start + $0] }
      if kept.count <= dropped.count {
        guard !kept.isEmpty else { continue }
        guard let values = solve(moments, at: kept, for: kept.map { aims[start + $0] }) else {
          continue
        }
        for (place, value) in zip(kept, values) { fitted.values[start + place] = value }
      } else {
        let own = dropped.map { free[start + $0] }
        guard let pulls = solve(inverse, at: dropped, for: own) else { continue }
        let inverse = inverse.span
        for place in kept {
          var change = 0.0
          for index in dropped.indices {
            change += inverse[dropped[index] * inputs + place] * pulls[index]
          }
          fitted.values[start + place] = free[start + place] - change
        }
      }
    }
    return fitted
  }

  /// Solves the equations of a submatrix; `nil` where rounding has made it singular, and the
  /// weights stay as they were.
  private func solve(_ matrix: [Double], at indices: [Int], for right: [Double]) -> [Double]? {
    let count = indices.count
    guard count > 0 else { return [] }
    var part = [Double](repeating: 0, count: count * count)
    var target = part.mutableSpan
    let source = matrix.span
    let span = indices.span
    for row in 0..<count {
      let start = span[row] * inputs
      for column in row..<count { target[row * count + column] = source[start + span[column]] }
    }
    guard let factor = CholeskyFactor(of: part.span, order: count) else { return nil }
    var solution = right
    factor.solve(&solution)
    return solution
  }
}

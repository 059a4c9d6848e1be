import LinearAlgebra
import SparsityCore

/// Prunes with the inverse Hessian of the layer's output error: mask and update of the survivors.
///
/// Frantar and Alistarh, "SparseGPT", arXiv 2301.00774. The Hessian is 2/rows · Σ x·xᵀ, damped by
/// a share of its mean diagonal. Columns are gone through from left to right; at the start of each
/// group the mask is chosen, and the error of a pruned weight moves on to the columns behind it.
package struct SparseGPT: Sendable {
  /// The inputs of the layer.
  package let inputs: Int
  /// The upper Cholesky factor of the inverse Hessian, row-major.
  private let factor: [Double]
  /// Inputs that are zero in every row; their weights do not matter and are set to zero.
  private let dead: [Bool]

  /// The usual damping, a share of the Hessian's mean diagonal.
  package static let usualDamping = 0.01

  /// Factors the Hessian of a layer, or returns `nil` if it is not positive definite when damped.
  ///
  /// - Complexity: O(`inputs`³).
  package init?(statistics: InputStatistics, damping: Double = usualDamping) {
    let inputs = statistics.inputs
    var hessian = statistics.secondMoments(scale: 2)
    var dead = [Bool](repeating: false, count: inputs)
    for input in 0..<inputs where hessian[input * inputs + input] == 0 {
      dead[input] = true
      hessian[input * inputs + input] = 1
    }
    let diagonal = (0..<inputs).reduce(0) { $0 + hessian[$1 * inputs + $1] } / Double(inputs)
    for input in 0..<inputs { hessian[input * inputs + input] += damping * diagonal }
    guard
      let inverse = CholeskyFactor(of: hessian.span, order: inputs)?.inverse(),
      let factor = CholeskyFactor(of: inverse.span, order: inputs)
    else { return nil }
    self.inputs = inputs
    self.factor = factor.upper
    self.dead = dead
  }

  /// Returns the pruned weights and which of them are kept.
  ///
  /// - Complexity: O(weights · `inputs`).
  package func prune(
    _ weights: LayerMatrix, pattern: NMPattern
  ) -> (weights: LayerMatrix, mask: [Bool]) {
    precondition(weights.inputs == inputs)
    var rows = weights.values
    var mask = [Bool](repeating: false, count: rows.count)
    var target = rows.mutableSpan
    var marks = mask.mutableSpan
    for row in 0..<weights.outputs {
      let start = row * inputs
      for input in 0..<inputs where dead[input] { target[start + input] = 0 }
      for column in 0..<inputs {
        if column.isMultiple(of: pattern.groupSize) {
          choose(target.span, at: start, from: column, pattern: pattern, marks: &marks)
        }
        guard !marks[start + column] else { continue }
        spread(&target, at: start, from: column)
      }
    }
    return (LayerMatrix(outputs: weights.outputs, inputs: inputs, values: rows), mask)
  }

  /// Marks the kept weights of the group that begins at a column.
  private func choose(
    _ rows: borrowing Span<Double>, at start: Int, from column: Int, pattern: NMPattern,
    marks: inout MutableSpan<Bool>
  ) {
    let width = min(pattern.groupSize, inputs - column)
    var scores = [Double](repeating: 0, count: width)
    for place in 0..<width {
      let ratio = rows[start + column + place] / factor[(column + place) * (inputs + 1)]
      scores[place] = ratio * ratio
    }
    var own = [Bool](repeating: false, count: width)
    var ownMarks = own.mutableSpan
    highestInGroups(scores.span, inputs: width, pattern: pattern, into: &ownMarks)
    for place in 0..<width { marks[start + column + place] = own[place] }
  }

  /// Sets a weight to zero and lets the weights behind it make up for it.
  private func spread(_ rows: inout MutableSpan<Double>, at start: Int, from column: Int) {
    let factor = factor.span
    let error = rows[start + column] / factor[column * (inputs + 1)]
    for later in column + 1..<max(inputs, column + 1) {
      rows[start + later] -= error * factor[column * inputs + later]
    }
    rows[start + column] = 0
  }
}

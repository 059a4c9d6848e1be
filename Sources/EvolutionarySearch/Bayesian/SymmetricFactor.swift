import SparsityCore

/// The factor *U* of a positive definite matrix *A* = *U*ᵀ *U*.
///
/// Every element is computed in one order without fused operations, so its bits are the same on
/// every machine.
package struct SymmetricFactor: Sendable {
  /// The rows of *U*, of which only the elements from the diagonal on count.
  private var rows: [Double]
  let size: Int

  /// The share of a diagonal element that is left at least.
  private static let leastShare = 1e-12

  /// Factors the matrix whose rows are given; only the elements from the diagonal on are read.
  ///
  /// - Precondition: all elements are finite, and it is positive definite but for rounding.
  /// - Complexity: O(*n*³).
  package init(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    var rows = matrix
    for pivot in 0..<size {
      let start = pivot * size
      // What is left of the diagonal may be rounded away; then nothing more is known here.
      let least = max(matrix[start + pivot] * Self.leastShare, .leastNormalMagnitude)
      let diagonal = max(rows[start + pivot], least)
      let scale = 1 / diagonal.squareRoot()
      for column in pivot..<size { rows[start + column] *= scale }
      for row in pivot + 1..<max(size, pivot + 1) {
        let factor = rows[start + row]
        guard factor != 0 else { continue }
        let target = row * size
        for column in row..<size { rows[target + column] -= factor * rows[start + column] }
      }
    }
    self.rows = rows
    self.size = size
  }

  /// The logarithm of the determinant of *A*.
  package var logarithmOfDeterminant: Double {
    (0..<size).reduce(0) { $0 + 2 * ExactLogarithm.logarithm(rows[$1 * size + $1]) }
  }

  /// Returns *x* with *A* *x* = `right`.
  package func solve(_ right: [Double]) -> [Double] {
    var values = right
    for row in 0..<size {
      values[row] /= rows[row * size + row]
      let value = values[row]
      for column in row + 1..<max(size, row + 1) {
        values[column] -= rows[row * size + column] * value
      }
    }
    return solveUpper(values)
  }

  /// Returns *x* with *U* *x* = `right`: of independent standard normal numbers, those whose
  /// covariance is the inverse of *A*.
  func solveUpper(_ right: [Double]) -> [Double] {
    var values = right
    for row in stride(from: size - 1, through: 0, by: -1) {
      var value = values[row]
      for column in row + 1..<max(size, row + 1) {
        value -= rows[row * size + column] * values[column]
      }
      values[row] = value / rows[row * size + row]
    }
    return values
  }
}

extension SeededGenerator {
  /// Returns a number of mean 0 and variance 1 that is nearly normal: the sum of twelve uniform
  /// ones less six. It needs no function whose bits depend on the machine.
  mutating func nearlyNormal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += unitInterval() }
    return sum
  }
}

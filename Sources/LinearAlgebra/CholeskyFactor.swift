import CLAPACK

/// The Cholesky factor of a symmetric, positive definite matrix A = Uᵀ·U, in double precision.
package struct CholeskyFactor: Sendable {
  /// The rows of the matrix.
  package let order: Int
  /// The factor U, row-major; what lies below its diagonal is zero.
  package let upper: [Double]

  /// Factors a row-major matrix, of which the upper triangle is read.
  ///
  /// Returns `nil` if the matrix is not positive definite to the precision of the numbers, or holds
  /// one that is not finite.
  ///
  /// - Complexity: O(`order`³).
  package init?(of matrix: Span<Double>, order: Int) {
    precondition(order > 0)
    precondition(matrix.count == order * order)
    prepareOpenBLAS()
    var factor = [Double](repeating: 0, count: matrix.count)
    var target = factor.mutableSpan
    for row in 0..<order {
      for place in row * order + row..<(row + 1) * order {
        guard matrix[place].isFinite else { return nil }
        target[place] = matrix[place]
      }
    }
    // LAPACK counts columns first: our upper triangle is its lower one.
    let size = blasCount(order)
    let status = unsafe LAPACKE_dpotrf(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), size, &factor, size)
    precondition(status >= 0, "LAPACK refused the arguments of dpotrf")
    guard status == 0 else { return nil }
    self.order = order
    self.upper = factor
  }

  /// Solves A·x = b for each row b of `rightSides` in place.
  ///
  /// - Precondition: `rightSides` holds whole rows of ``order`` numbers.
  /// - Complexity: O(`order`²) for each row.
  package func solve(_ rightSides: inout [Double]) {
    precondition(rightSides.count.isMultiple(of: order))
    guard !rightSides.isEmpty else { return }
    let size = blasCount(order)
    let status = unsafe LAPACKE_dpotrs(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), size, blasCount(rightSides.count / order), upper,
      size, &rightSides, size)
    precondition(status == 0, "LAPACK refused the arguments of dpotrs")
  }

  /// Returns A⁻¹, row-major and complete.
  ///
  /// - Complexity: O(`order`³).
  package func inverse() -> [Double] {
    var inverse = upper
    let size = blasCount(order)
    let status = unsafe LAPACKE_dpotri(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), size, &inverse, size)
    precondition(status == 0, "the factor has a zero on its diagonal")
    var target = inverse.mutableSpan
    for row in 0..<order {
      for column in 0..<row { target[row * order + column] = target[column * order + row] }
    }
    return inverse
  }
}

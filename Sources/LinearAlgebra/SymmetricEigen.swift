import CLAPACK

/// The eigenvalues and eigenvectors of a symmetric matrix, in double precision.
package struct SymmetricEigen: Sendable {
  /// The eigenvalues, ascending.
  package let values: [Double]
  /// The eigenvectors: row i is the vector of unit length that belongs to value i.
  package let vectors: [Double]

  /// Decomposes a row-major matrix, of which the upper triangle is read.
  ///
  /// Returns `nil` if the matrix holds a number that is not finite.
  ///
  /// - Complexity: O(`order`³).
  package init?(of matrix: Span<Double>, order: Int) {
    precondition(order > 0)
    precondition(matrix.count == order * order)
    prepareOpenBLAS()
    var vectors = [Double](repeating: 0, count: matrix.count)
    var target = vectors.mutableSpan
    for index in matrix.indices {
      guard matrix[index].isFinite else { return nil }
      target[index] = matrix[index]
    }
    var values = [Double](repeating: 0, count: order)
    // LAPACK counts columns first: our upper triangle is its lower one, its columns our rows.
    let size = blasCount(order)
    let status = unsafe LAPACKE_dsyevd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")), size, &vectors, size,
      &values)
    guard status == 0 else { return nil }
    self.values = values
    self.vectors = vectors
  }
}

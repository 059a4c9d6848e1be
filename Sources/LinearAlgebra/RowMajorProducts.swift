import CLAPACK

/// Which of the two operands of a product is read transposed.
package enum TransposedOperand: Sendable {
  /// C = A·B.
  case none
  /// C = A·Bᵀ.
  case second
  /// C = Aᵀ·B.
  case first
}

/// The sizes of a product C = A·B of row-major matrices, after transposition.
package struct ProductSizes: Hashable, Sendable {
  /// The rows of A and C.
  package let rows: Int
  /// The columns of A and rows of B.
  package let inner: Int
  /// The columns of B and C.
  package let columns: Int

  package init(rows: Int, inner: Int, columns: Int) {
    precondition(rows > 0 && inner > 0 && columns > 0)
    self.rows = rows
    self.inner = inner
    self.columns = columns
  }
}

/// Computes C = A·B, or adds it to C, in double precision and in the calling thread.
///
/// - Complexity: O(rows · inner · columns).
package func multiply(
  _ a: Span<Double>, _ b: Span<Double>, sizes: ProductSizes, transposed: TransposedOperand = .none,
  adds: Bool = false, into c: inout MutableSpan<Double>
) {
  check(a.count, b.count, c.count, sizes)
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeMutableBufferPointer { c in
        unsafe cblas_dgemm(
          CblasRowMajor, transposed == .first ? CblasTrans : CblasNoTrans,
          transposed == .second ? CblasTrans : CblasNoTrans, blasCount(sizes.rows),
          blasCount(sizes.columns), blasCount(sizes.inner), 1, a.baseAddress,
          blasCount(transposed == .first ? sizes.rows : sizes.inner), b.baseAddress,
          blasCount(transposed == .second ? sizes.inner : sizes.columns), adds ? 1 : 0,
          c.baseAddress, blasCount(sizes.columns))
      }
    }
  }
}

/// Computes C = A·B, or adds it to C, in single precision and in the calling thread.
///
/// - Complexity: O(rows · inner · columns).
package func multiply(
  _ a: Span<Float>, _ b: Span<Float>, sizes: ProductSizes, transposed: TransposedOperand = .none,
  adds: Bool = false, into c: inout MutableSpan<Float>
) {
  check(a.count, b.count, c.count, sizes)
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeMutableBufferPointer { c in
        unsafe cblas_sgemm(
          CblasRowMajor, transposed == .first ? CblasTrans : CblasNoTrans,
          transposed == .second ? CblasTrans : CblasNoTrans, blasCount(sizes.rows),
          blasCount(sizes.columns), blasCount(sizes.inner), 1, a.baseAddress,
          blasCount(transposed == .first ? sizes.rows : sizes.inner), b.baseAddress,
          blasCount(transposed == .second ? sizes.inner : sizes.columns), adds ? 1 : 0,
          c.baseAddress, blasCount(sizes.columns))
      }
    }
  }
}

/// Traps unless the operands have the counts that the sizes say.
private func check(_ a: Int, _ b: Int, _ c: Int, _ sizes: ProductSizes) {
  precondition(a == sizes.rows * sizes.inner)
  precondition(b == sizes.inner * sizes.columns)
  precondition(c == sizes.rows * sizes.columns)
  prepareOpenBLAS()
}

/// Adds Xᵀ·X to the upper triangle of a (`width` × `width`) matrix; X is `rows` × `width`.
///
/// - Complexity: O(rows · `width`²).
package func addGram(
  of x: Span<Double>, width: Int, to gram: inout MutableSpan<Double>
) {
  precondition(width > 0)
  precondition(x.count.isMultiple(of: width))
  precondition(gram.count == width * width)
  guard x.count > 0 else { return }
  prepareOpenBLAS()
  unsafe x.withUnsafeBufferPointer { x in
    unsafe gram.withUnsafeMutableBufferPointer { gram in
      unsafe cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasTrans, blasCount(width), blasCount(x.count / width), 1,
        x.baseAddress, blasCount(width), 1, gram.baseAddress, blasCount(width))
    }
  }
}

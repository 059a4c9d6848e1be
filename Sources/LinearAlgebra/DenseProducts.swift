import COneDNN

/// Computes a dense layer: y = x · Wᵀ + bias.
///
/// All three matrices are row-major: `weights` (W) is `outputs` × `inputs` as in timm, `x` is
/// `tokens` × `inputs`, `y` is `tokens` × `outputs`. The bias has one value per output.
///
/// - Precondition: sizes are positive and every span has exactly the count they give.
/// - Complexity: O(`tokens` · `inputs` · `outputs`).
package func multiplyDense(
  weights: Span<Float>, outputs: Int, inputs: Int, by x: Span<Float>, tokens: Int,
  bias: Span<Float>?, into y: inout MutableSpan<Float>
) {
  precondition(outputs > 0 && inputs > 0 && tokens > 0)
  precondition(weights.count == outputs * inputs)
  precondition(x.count == tokens * inputs)
  precondition(y.count == tokens * outputs)
  if let bias {
    precondition(bias.count == outputs)
    fillRows(of: &y, with: bias)
  }
  multiplyMatrices(
    x, MatrixLayout(leadingDimension: inputs),
    weights, MatrixLayout(leadingDimension: inputs, isTransposed: true),
    rows: tokens, columns: outputs, inner: inputs, beta: bias == nil ? 0 : 1,
    into: &y, MatrixLayout(leadingDimension: outputs))
}

/// Makes every row of `y` a copy of `row`; the count of `y` is a multiple of the row's.
private func fillRows(of y: inout MutableSpan<Float>, with row: Span<Float>) {
  unsafe row.withUnsafeBufferPointer { row in
    unsafe y.withUnsafeMutableBufferPointer { y in
      guard let source = row.baseAddress, let start = y.baseAddress else { return }
      for index in stride(from: 0, to: y.count, by: row.count) {
        unsafe (start + index).update(from: source, count: row.count)
      }
    }
  }
}

/// Computes C = alpha · A · B + beta · C over windows of three buffers.
///
/// A is `rows` × `inner`, B `inner` × `columns` and C `rows` × `columns`, after the transposes
/// that the layouts of A and B ask for. With a `beta` of zero, C is not read.
///
/// - Precondition: sizes are positive, the windows lie within their buffers, and C is not
///   transposed.
/// - Complexity: O(`rows` · `columns` · `inner`).
package func multiplyMatrices(
  _ a: Span<Float>, _ aLayout: MatrixLayout, _ b: Span<Float>, _ bLayout: MatrixLayout,
  rows: Int, columns: Int, inner: Int, alpha: Float = 1, beta: Float = 0,
  into c: inout MutableSpan<Float>, _ cLayout: MatrixLayout
) {
  precondition(rows > 0 && columns > 0 && inner > 0)
  precondition(!cLayout.isTransposed)
  requireWindow(aLayout, rows: rows, columns: inner, count: a.count)
  requireWindow(bLayout, rows: inner, columns: columns, count: b.count)
  requireWindow(cLayout, rows: rows, columns: columns, count: c.count)
  let status = unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeMutableBufferPointer { c -> dnnl_status_t in
        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else {
          preconditionFailure("windows are not empty")
        }
        return unsafe dnnl_sgemm(
          letter(aLayout), letter(bLayout),
          dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner), alpha,
          a + aLayout.offset, dnnl_dim_t(aLayout.leadingDimension),
          b + bLayout.offset, dnnl_dim_t(bLayout.leadingDimension), beta,
          c + cLayout.offset, dnnl_dim_t(cLayout.leadingDimension))
      }
    }
  }
  precondition(status == dnnl_success, "oneDNN refused a product or ran out of memory")
}

/// Traps unless a window of `rows` × `columns` lies within a buffer of `count` elements.
private func requireWindow(_ layout: MatrixLayout, rows: Int, columns: Int, count: Int) {
  guard let end = layout.end(rows: rows, columns: columns) else {
    preconditionFailure("rows of \(rows) × \(columns) overlap or overflow in \(layout)")
  }
  precondition(end <= count)
}

/// Returns BLAS's letter for a matrix that is taken as it is or transposed.
private func letter(_ layout: MatrixLayout) -> CChar {
  layout.isTransposed ? CChar(UInt8(ascii: "T")) : CChar(UInt8(ascii: "N"))
}

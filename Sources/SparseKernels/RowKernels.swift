import CSparseKernels

/// Normalises each row: y = (x − mean) / √(variance + epsilon) · scale + shift.
///
/// - Precondition: `x` and `y` have `rows` · `width` values, `scale` and `shift` have `width`.
/// - Complexity: O(`rows` · `width`).
package func layerNorm(
  _ x: Span<Float>, rows: Int, width: Int, scale: Span<Float>, shift: Span<Float>,
  epsilon: Float, into y: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(rows > 0 && width > 0)
  precondition(x.count == rows * width)
  precondition(y.count == rows * width)
  precondition(scale.count == width)
  precondition(shift.count == width)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.f32_layer_norm
  unsafe withStart(of: x) { x in
    unsafe withStart(of: scale) { scale in
      unsafe withStart(of: shift) { shift in
        unsafe withStart(of: &y) { y in
          unsafe kernel(x, rows, width, scale, shift, epsilon, y)
        }
      }
    }
  }
}

/// Replaces each row v by the softmax of v · scale; rows are `stride` values apart.
///
/// - Precondition: `scale` is positive; the rows lie within `values` without overlap.
/// - Complexity: O(`rows` · `width`).
package func softmaxRows(
  _ values: inout MutableSpan<Float>, rows: Int, width: Int, stride: Int, scale: Float,
  variant: KernelVariant
) {
  precondition(rows > 0 && width > 0)
  precondition(stride >= width)
  precondition((rows - 1) * stride + width <= values.count)
  precondition(scale > 0)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.f32_softmax
  unsafe withStart(of: &values) { values in
    unsafe kernel(values, rows, width, stride, scale)
  }
}

/// Replaces each value v by v / 2 · (1 + erf(v / √2)).
///
/// The error function is within 1e-6 of the true one. A result does not depend on its place.
///
/// - Complexity: O(*n*), where *n* is the number of values.
package func gelu(_ values: inout MutableSpan<Float>, variant: KernelVariant) {
  precondition(variant.isSupported)
  let count = values.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.f32_gelu
  unsafe withStart(of: &values) { values in
    unsafe kernel(values, count)
  }
}

/// Replaces each value v by v · σ(v · (linear + cubic · v²)), with the logistic function σ.
///
/// - Precondition: neither factor is negative.
/// - Complexity: O(*n*), where *n* is the number of values.
package func sigmoidGate(
  _ values: inout MutableSpan<Float>, linear: Float, cubic: Float, variant: KernelVariant
) {
  precondition(linear >= 0 && cubic >= 0)
  precondition(variant.isSupported)
  let count = values.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.f32_sigmoid_gate
  unsafe withStart(of: &values) { values in
    unsafe kernel(values, count, linear, cubic)
  }
}

/// Adds `x` to `y`, value by value.
///
/// - Precondition: both have the same count.
/// - Complexity: O(*n*), where *n* is the number of values.
package func add(_ x: Span<Float>, to y: inout MutableSpan<Float>, variant: KernelVariant) {
  precondition(x.count == y.count)
  precondition(variant.isSupported)
  let count = x.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.f32_add
  unsafe withStart(of: x) { x in
    unsafe withStart(of: &y) { y in
      unsafe kernel(x, count, y)
    }
  }
}

/// Adds `bias` to each of the rows of `y`.
///
/// - Precondition: `y` has `rows` times as many values as `bias`.
/// - Complexity: O(*n*), where *n* is the number of values of `y`.
package func addBias(
  _ bias: Span<Float>, toRowsOf y: inout MutableSpan<Float>, rows: Int, variant: KernelVariant
) {
  precondition(rows > 0)
  precondition(!bias.isEmpty)
  precondition(y.count == rows * bias.count)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.f32_add_bias
  let width = bias.count
  unsafe withStart(of: bias) { bias in
    unsafe withStart(of: &y) { y in
      unsafe kernel(bias, rows, width, y)
    }
  }
}

import CSparseKernels
import SparsityCore

/// Rounds `x` to bf16: to the nearest, ties to even.
///
/// As with the processors' own instruction, what is smaller than any normal number becomes a zero
/// of its sign, and a NaN becomes a quiet one. All variants give the same bits.
///
/// - Precondition: both have the same count.
/// - Complexity: O(*n*), where *n* is the number of values.
package func narrow(_ x: Span<Float>, into y: inout MutableSpan<BF16>, variant: KernelVariant) {
  precondition(x.count == y.count)
  precondition(variant.isSupported)
  let count = x.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.bf16_narrow
  unsafe withNumbers(of: x) { x in
    unsafe withNumbers(of: &y) { y in
      unsafe kernel(x, count, y)
    }
  }
}

/// Widens bf16 numbers to fp32, exactly.
///
/// - Precondition: both have the same count.
/// - Complexity: O(*n*), where *n* is the number of values.
package func widen(_ x: Span<BF16>, into y: inout MutableSpan<Float>, variant: KernelVariant) {
  precondition(x.count == y.count)
  precondition(variant.isSupported)
  let count = x.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.bf16_widen
  unsafe withNumbers(of: x) { x in
    unsafe withNumbers(of: &y) { y in
      unsafe kernel(x, count, y)
    }
  }
}

/// Normalises each row to y = (x − mean) / √(variance + epsilon) · scale + shift, rounded to bf16.
///
/// Everything before the rounding is fp32, the same as without it.
///
/// - Precondition: `x` and `y` have `rows` · `width` values, `scale` and `shift` have `width`.
/// - Complexity: O(`rows` · `width`).
package func layerNorm(
  _ x: Span<Float>, rows: Int, width: Int, scale: Span<Float>, shift: Span<Float>,
  epsilon: Float, into y: inout MutableSpan<BF16>, variant: KernelVariant
) {
  precondition(rows > 0 && width > 0)
  precondition(x.count == rows * width)
  precondition(y.count == rows * width)
  precondition(scale.count == width)
  precondition(shift.count == width)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.bf16_layer_norm
  unsafe withNumbers(of: x) { x in
    unsafe withStart(of: scale) { scale in
      unsafe withStart(of: shift) { shift in
        unsafe withNumbers(of: &y) { y in
          unsafe kernel(x, rows, width, scale, shift, epsilon, y)
        }
      }
    }
  }
}

/// Replaces each bf16 value v by v / 2 · (1 + erf(v / √2)), computed in fp32 and rounded.
///
/// - Complexity: O(*n*), where *n* is the number of values.
package func gelu(_ values: inout MutableSpan<BF16>, variant: KernelVariant) {
  precondition(variant.isSupported)
  let count = values.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.bf16_gelu
  unsafe withNumbers(of: &values) { values in
    unsafe kernel(values, count)
  }
}

/// Replaces each bf16 value v by v · σ(v · (linear + cubic · v²)), computed in fp32 and rounded.
///
/// - Precondition: neither factor is negative.
/// - Complexity: O(*n*), where *n* is the number of values.
package func sigmoidGate(
  _ values: inout MutableSpan<BF16>, linear: Float, cubic: Float, variant: KernelVariant
) {
  precondition(linear >= 0 && cubic >= 0)
  precondition(variant.isSupported)
  let count = values.count
  guard count > 0 else { return }
  let kernel = unsafe variant.kernels.pointee.bf16_sigmoid_gate
  unsafe withNumbers(of: &values) { values in
    unsafe kernel(values, count, linear, cubic)
  }
}

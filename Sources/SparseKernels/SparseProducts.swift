import CSparseKernels

/// Returns the floats of scratch that ``multiply(_:by:tokens:bias:into:scratch:variant:)`` needs.
public func scratchCount(outputs: Int, inputs: Int) -> Int {
  precondition(outputs > 0 && inputs > 0)
  return csk_f32_nm_scratch_count(outputs, inputs)
}

/// Computes a sparse layer: y = x · Wᵀ + bias.
///
/// `x` is row-major `tokens` × inputs, `y` row-major `tokens` × outputs; the bias has one value per
/// output. Each sum takes its products in the order of the inputs, so the result for a token does
/// not depend on the tokens beside it.
///
/// - Precondition: spans have exactly the counts that the sizes give; `scratch` has at least
///   ``scratchCount(outputs:inputs:)``; the variant is supported.
/// - Complexity: O(`tokens` · kept weights).
public func multiply(
  _ weights: CompressedWeights, by x: Span<Float>, tokens: Int, bias: Span<Float>?,
  into y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(tokens > 0)
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  precondition(
    scratch.count >= scratchCount(outputs: weights.outputs, inputs: weights.inputs))
  precondition(variant.isSupported)
  if let bias { precondition(bias.count == weights.outputs) }
  unsafe withCWeights(weights) { cWeights in
    let kernel = unsafe variant.kernels.pointee.f32_nm_multiply
    unsafe withStart(of: x) { x in
      unsafe withOptionalStart(of: bias) { bias in
        unsafe withStart(of: &y) { y in
          unsafe withStart(of: &scratch) { scratch in
            unsafe kernel(cWeights, x, tokens, bias, y, scratch)
          }
        }
      }
    }
  }
}

/// Lends the C form of compressed weights.
private func withCWeights(
  _ weights: CompressedWeights, _ body: (UnsafePointer<csk_f32_nm_weights>) -> Void
) {
  unsafe withStart(of: weights.values.span) { values in
    unsafe withStart(of: weights.columns.span) { columns in
      let cWeights = unsafe csk_f32_nm_weights(
        values: values, columns: columns, outputs: weights.outputs, inputs: weights.inputs,
        kept: weights.pattern.kept, group_size: weights.pattern.groupSize)
      unsafe withUnsafePointer(to: cWeights, body)
    }
  }
}

import CSparseKernels

/// Returns the floats of scratch that a product of any form needs for a layer of this size.
public func scratchCount(outputs: Int, inputs: Int) -> Int {
  precondition(outputs > 0 && inputs > 0)
  return max(
    csk_f32_nm_scratch_count(outputs, inputs), csk_bf16_pair_scratch_count(outputs))
}

/// Computes a sparse layer, x · Wᵀ + bias, and brings it to `y` as the epilogue says.
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
  epilogue: Epilogue, into y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  check(
    outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, bias: bias?.count,
    scratch: scratch.count, variant: variant)
  let kernel = unsafe variant.kernels.pointee.f32_nm_multiply
  unsafe withCWeights(weights) { cWeights in
    unsafe withStart(of: x) { x in
      unsafe withOptionalStart(of: bias) { bias in
        unsafe withStart(of: &y) { y in
          unsafe withStart(of: &scratch) { scratch in
            unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
          }
        }
      }
    }
  }
}

/// Computes a sparse layer of bf16 activations and stores it rounded to bf16.
///
/// Products and sums are fp32. The weights count as they are: round them to bf16 first, see
/// ``CompressedWeights/rounded()``. The rest is as for fp32 activations.
///
/// - Precondition: as for fp32; the epilogue is not ``Epilogue/add``.
public func multiply(
  _ weights: CompressedWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<UInt16>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  precondition(epilogue != .add)
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  check(
    outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, bias: bias?.count,
    scratch: scratch.count, variant: variant)
  unsafe withStart(of: &y) { y in
    unsafe multiplyColumns(
      weights, by: x, tokens: tokens, bias: bias, epilogue: epilogue, into: y, scratch: &scratch,
      variant: variant)
  }
}

/// Computes a sparse layer of bf16 activations and adds it to the fp32 numbers of `y`.
///
/// - Precondition: as for fp32.
public func multiply(
  _ weights: CompressedWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  addingTo y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  check(
    outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, bias: bias?.count,
    scratch: scratch.count, variant: variant)
  unsafe withStart(of: &y) { y in
    unsafe multiplyColumns(
      weights, by: x, tokens: tokens, bias: bias, epilogue: .add, into: y, scratch: &scratch,
      variant: variant)
  }
}

/// Computes a sparse layer of bf16 activations with weights taken two by two, rounded to bf16.
///
/// Each sum takes the pairs in the order of the steps of eight inputs, so the result for a token
/// does not depend on the tokens beside it.
///
/// - Precondition: as for other sparse layers; the epilogue is not ``Epilogue/add``.
/// - Complexity: O(`tokens` · pairs).
public func multiply(
  _ weights: PairWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<UInt16>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  precondition(epilogue != .add)
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  check(
    outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, bias: bias?.count,
    scratch: scratch.count, variant: variant)
  unsafe withStart(of: &y) { y in
    unsafe multiplyPairs(
      weights, by: x, tokens: tokens, bias: bias, epilogue: epilogue, into: y, scratch: &scratch,
      variant: variant)
  }
}

/// Computes a sparse layer with weights taken two by two and adds it to the fp32 numbers of `y`.
///
/// - Precondition: as for other sparse layers.
public func multiply(
  _ weights: PairWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  addingTo y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(x.count == tokens * weights.inputs)
  precondition(y.count == tokens * weights.outputs)
  check(
    outputs: weights.outputs, inputs: weights.inputs, tokens: tokens, bias: bias?.count,
    scratch: scratch.count, variant: variant)
  unsafe withStart(of: &y) { y in
    unsafe multiplyPairs(
      weights, by: x, tokens: tokens, bias: bias, epilogue: .add, into: y, scratch: &scratch,
      variant: variant)
  }
}

/// Traps unless what all products have in common fits.
private func check(
  outputs: Int, inputs: Int, tokens: Int, bias: Int?, scratch: Int, variant: KernelVariant
) {
  precondition(tokens > 0)
  precondition(bias == nil || bias == outputs)
  precondition(scratch >= scratchCount(outputs: outputs, inputs: inputs))
  precondition(variant.isSupported)
}

/// Multiplies bf16 activations by columns of weights, into what the epilogue asks for.
private func multiplyColumns(
  _ weights: CompressedWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: UnsafeMutableRawPointer, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  let kernel = unsafe variant.kernels.pointee.bf16_nm_multiply
  unsafe withCWeights(weights) { cWeights in
    unsafe withStart(of: x) { x in
      unsafe withOptionalStart(of: bias) { bias in
        unsafe withStart(of: &scratch) { scratch in
          unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
        }
      }
    }
  }
}

/// Multiplies bf16 activations by pairs of weights, into what the epilogue asks for.
private func multiplyPairs(
  _ weights: PairWeights, by x: Span<UInt16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: UnsafeMutableRawPointer, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  let kernel = unsafe variant.kernels.pointee.bf16_pair_multiply
  unsafe weights.withCWeights { cWeights in
    unsafe withStart(of: x) { x in
      unsafe withOptionalStart(of: bias) { bias in
        unsafe withStart(of: &scratch) { scratch in
          unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
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

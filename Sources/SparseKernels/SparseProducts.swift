import CSparseKernels
import SparsityCore

/// Returns the floats of scratch that a product of any form needs for a layer of this size.
package func scratchCount(outputs: Int, inputs: Int) -> Int {
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
package func multiply(
  _ weights: CompressedWeights, by x: Span<Float>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  let size = LayerSize(outputs: weights.outputs, inputs: weights.inputs, tokens: tokens)
  let kernel = unsafe variant.kernels.pointee.f32_nm_multiply
  unsafe withCWeights(weights) { cWeights in
    unsafe withOperands(of: size, x, bias, &y, &scratch, variant: variant) { x, bias, y, scratch in
      unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
    }
  }
}

/// Computes a sparse layer of bf16 activations and stores it rounded to bf16.
///
/// Products and sums are fp32. The weights count as they are: round them to bf16 first, see
/// ``CompressedWeights/rounded()``. The rest is as for fp32 activations.
///
/// - Precondition: as for fp32; the epilogue is not ``Epilogue/add``.
package func multiply(
  _ weights: CompressedWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<BF16>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  precondition(epilogue != .add)
  multiplyColumns(
    weights, by: x, tokens: tokens, bias: bias, epilogue: epilogue, into: &y, scratch: &scratch,
    variant: variant)
}

/// Computes a sparse layer of bf16 activations and adds it to the fp32 numbers of `y`.
///
/// - Precondition: as for fp32.
package func multiply(
  _ weights: CompressedWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  addingTo y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  multiplyColumns(
    weights, by: x, tokens: tokens, bias: bias, epilogue: .add, into: &y, scratch: &scratch,
    variant: variant)
}

/// Computes a sparse layer of bf16 activations with weights taken two by two, rounded to bf16.
///
/// Each sum takes the pairs in the order of the steps of eight inputs, so the result for a token
/// does not depend on the tokens beside it.
///
/// - Precondition: as for other sparse layers; the epilogue is not ``Epilogue/add``.
/// - Complexity: O(`tokens` · pairs).
package func multiply(
  _ weights: PairWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<BF16>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  precondition(epilogue != .add)
  multiplyPairs(
    weights, by: x, tokens: tokens, bias: bias, epilogue: epilogue, into: &y, scratch: &scratch,
    variant: variant)
}

/// Computes a sparse layer with weights taken two by two and adds it to the fp32 numbers of `y`.
///
/// - Precondition: as for other sparse layers.
package func multiply(
  _ weights: PairWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  addingTo y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  multiplyPairs(
    weights, by: x, tokens: tokens, bias: bias, epilogue: .add, into: &y, scratch: &scratch,
    variant: variant)
}

/// Multiplies bf16 activations by columns of weights, into the elements that the epilogue asks for.
private func multiplyColumns<Element: CNumber>(
  _ weights: CompressedWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<Element>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  let size = LayerSize(outputs: weights.outputs, inputs: weights.inputs, tokens: tokens)
  let kernel = unsafe variant.kernels.pointee.bf16_nm_multiply
  unsafe withCWeights(weights) { cWeights in
    unsafe withOperands(of: size, x, bias, &y, &scratch, variant: variant) { x, bias, y, scratch in
      unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
    }
  }
}

/// Multiplies bf16 activations by pairs of weights, into the elements that the epilogue asks for.
private func multiplyPairs<Element: CNumber>(
  _ weights: PairWeights, by x: Span<BF16>, tokens: Int, bias: Span<Float>?,
  epilogue: Epilogue, into y: inout MutableSpan<Element>, scratch: inout MutableSpan<Float>,
  variant: KernelVariant
) {
  let size = LayerSize(outputs: weights.outputs, inputs: weights.inputs, tokens: tokens)
  let kernel = unsafe variant.kernels.pointee.bf16_pair_multiply
  unsafe weights.withCWeights { cWeights in
    unsafe withOperands(of: size, x, bias, &y, &scratch, variant: variant) { x, bias, y, scratch in
      unsafe kernel(cWeights, x, tokens, bias, epilogue.cValue, y, scratch)
    }
  }
}

/// The size of one product of a layer.
private struct LayerSize {
  var outputs: Int
  var inputs: Int
  var tokens: Int
}

/// Lends the addresses of a product's operands, after a look at all their sizes.
private func withOperands<Input: CNumber, Output: CNumber>(
  of size: LayerSize, _ x: Span<Input>, _ bias: Span<Float>?, _ y: inout MutableSpan<Output>,
  _ scratch: inout MutableSpan<Float>, variant: KernelVariant,
  _ body: (
    UnsafePointer<Input.CType>, UnsafePointer<Float>?, UnsafeMutablePointer<Output.CType>,
    UnsafeMutablePointer<Float>
  ) -> Void
) {
  precondition(size.tokens > 0)
  precondition(x.count == size.tokens * size.inputs)
  precondition(y.count == size.tokens * size.outputs)
  if let bias { precondition(bias.count == size.outputs) }
  precondition(scratch.count >= scratchCount(outputs: size.outputs, inputs: size.inputs))
  precondition(variant.isSupported)
  unsafe withNumbers(of: x) { x in
    unsafe withOptionalStart(of: bias) { bias in
      unsafe withNumbers(of: &y) { y in
        unsafe withStart(of: &scratch) { scratch in unsafe body(x, bias, y, scratch) }
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

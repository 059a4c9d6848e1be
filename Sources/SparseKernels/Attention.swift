import CSparseKernels
import SparsityCore

/// The sizes of the attention of one image.
package struct AttentionShape: Hashable, Sendable {
  /// The tokens of the image.
  package let tokens: Int
  package let heads: Int
  /// The numbers of a head.
  package let headWidth: Int

  /// Creates the sizes.
  package init(tokens: Int, heads: Int, headWidth: Int) {
    precondition(tokens > 0)
    precondition(heads > 0)
    precondition(headWidth > 0)
    self.tokens = tokens
    self.heads = heads
    self.headWidth = headWidth
  }

  /// The numbers of a token: those of all heads.
  package var width: Int { heads * headWidth }

  /// The floats of scratch that an attention of either type needs.
  package var scratchCount: Int { csk_attention_scratch_count(tokens, headWidth) }
}

/// Computes y = softmax(Q · Kᵀ · scale) · V of each head for an image's first queries.
///
/// A row of `queriesKeysValues` is a token: the queries of all heads side by side, then the keys,
/// then the values. A row of `y` holds the heads' results side by side. A query's result depends
/// neither on how many queries are asked for nor on the image's place.
///
/// Scores of which one is infinite give NaN or not, depending on the variant.
///
/// - Precondition: `queriesKeysValues` has tokens · 3 · width numbers, `y` has `queries` · width,
///   and 1 ≤ `queries` ≤ tokens; `scale` is positive; `scratch` has at least
///   ``AttentionShape/scratchCount``; the variant is supported.
/// - Complexity: O(`queries` · tokens · width).
package func attend(
  _ queriesKeysValues: Span<Float>, shape: AttentionShape, queries: Int, scale: Float,
  into y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(queriesKeysValues.count == shape.tokens * 3 * shape.width)
  precondition(queries > 0 && queries <= shape.tokens)
  precondition(y.count == queries * shape.width)
  precondition(scale > 0)
  precondition(scratch.count >= shape.scratchCount)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.f32_attention
  unsafe withStart(of: queriesKeysValues) { source in
    unsafe withStart(of: &y) { y in
      unsafe withStart(of: &scratch) { scratch in
        unsafe kernel(
          source, shape.tokens, shape.heads, shape.headWidth, queries, scale, y, scratch)
      }
    }
  }
}

/// Computes y = softmax(Q · Kᵀ · scale) · V of each head for an image's first queries, in bf16.
///
/// As in fp32, but weights are rounded to bf16 before they multiply values, and results at the end;
/// scores and sums are fp32.
///
/// - Precondition: as in fp32.
/// - Complexity: O(`queries` · tokens · width).
package func attend(
  _ queriesKeysValues: Span<BF16>, shape: AttentionShape, queries: Int, scale: Float,
  into y: inout MutableSpan<BF16>, scratch: inout MutableSpan<Float>, variant: KernelVariant
) {
  precondition(queriesKeysValues.count == shape.tokens * 3 * shape.width)
  precondition(queries > 0 && queries <= shape.tokens)
  precondition(y.count == queries * shape.width)
  precondition(scale > 0)
  precondition(scratch.count >= shape.scratchCount)
  precondition(variant.isSupported)
  let kernel = unsafe variant.kernels.pointee.bf16_attention
  unsafe withNumbers(of: queriesKeysValues) { source in
    unsafe withNumbers(of: &y) { y in
      unsafe withStart(of: &scratch) { scratch in
        unsafe kernel(
          source, shape.tokens, shape.heads, shape.headWidth, queries, scale, y, scratch)
      }
    }
  }
}

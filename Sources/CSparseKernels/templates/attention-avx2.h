// The parts of the attention that AVX2 has on its own. They differ from those of AVX-512:
// - Rows are padded to 16 numbers, two vectors, of which the second may lie in the padding: there
//   keys and values are zeros without a load.
// - Sixteen registers hold the sums of two vectors for six queries, not of four.
// - No instruction scales by a power of two, so that the argument of an exponential has a minimum;
//   and it is (s − max) · scale, rounded twice, where AVX-512 takes s · scale − max · scale,
//   rounded once. Either one in place of the other would change bits.

#pragma once

#include "../vectors/avx2.h"
#include "attention-fp32.h"
#include "exp.h"

/// Returns the lanes of the vector at `start` that are below `end`.
CSK_INLINE csk_lanes lanes_below(size_t end, size_t start) {
  if (start >= end) return csk_first_lanes(0);
  return csk_first_lanes(end - start < CSK_LANES ? end - start : CSK_LANES);
}

/// Returns 2^x = 2ⁿ · 2^f for x ≤ 0, with n the integer nearest to x.
CSK_INLINE csk_vector exp2_of(csk_vector x) {
  // A NaN in the second place goes through the maximum.
  x = csk_max(csk_set1(CSK_EXP2_MIN), x);
  const csk_vector n = csk_round(x);
  const csk_vector power = csk_exp2_of_fraction(csk_sub(x, n));
  return csk_mul(power, csk_power_of_two(n));
}

/// Computes c = a · b for six rows of `width` numbers, a whole number of pairs of vectors.
CSK_TARGET static void multiply_rows(
    const factor *_Nonnull a, size_t a_stride, const float *_Nonnull b, size_t width,
    size_t steps, float *_Nonnull c) {
  for (size_t start = 0; start < width; start += 2 * CSK_LANES) {
    multiply_tile(2, a, a_stride, b + start, width, steps, c + start, width);
  }
}

/// Copies keys, transposed, and values of one head; what lies beyond tokens and width is zero.
CSK_TARGET static void pack_head(
    token_rows keys, token_rows values, size_t tokens, size_t head_width,
    csk_attention_room room) {
  for (size_t d = 0; d < room.width; d += CSK_LANES) {
    const csk_lanes lanes = lanes_below(head_width, d);
    for (size_t t = 0; t < room.tokens; t += CSK_LANES) {
      csk_vector rows[CSK_LANES];
      for (size_t i = 0; i < CSK_LANES; i++) {
        rows[i] = t + i < tokens && lanes.count > 0
            ? load_first_elements(row_of(keys, t + i) + d, lanes)
            : csk_zero();
      }
      csk_transpose(rows);
      for (size_t i = 0; i < CSK_LANES; i++) {
        csk_store_aligned(room.keys + (d + i) * room.tokens + t, rows[i]);
      }
    }
    for (size_t t = 0; t < tokens; t++) {
      const csk_vector row =
          lanes.count > 0 ? load_first_elements(row_of(values, t) + d, lanes) : csk_zero();
      csk_store_aligned(room.values + t * room.width + d, row);
    }
  }
}

/// Replaces six rows of scores s by p = 2^((s − max) · scale), rounded as elements are, and writes
/// 1 / Σ p of the unrounded p; `tokens` are in use.
CSK_TARGET static inline void weigh_tile(
    csk_attention_room room, size_t tokens, float scale, float *_Nonnull inverse_sums) {
  const size_t whole = tokens / CSK_LANES * CSK_LANES;
  const csk_lanes rest = csk_first_lanes(tokens - whole);
  const csk_vector scales = csk_set1(scale);
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    float *row = room.scores + i * room.tokens;
    const bool has_rest = whole < tokens;
    const csk_vector end = has_rest ? csk_load_aligned(row + whole) : csk_zero();
    csk_vector largest = csk_replace(rest, csk_set1(row[0]), end);
    for (size_t t = 0; t < whole; t += CSK_LANES) {
      largest = csk_max(largest, csk_load_aligned(row + t));
    }
    const csk_vector max = csk_set1(csk_lane_max(largest));
    csk_vector sum = csk_zero();
    for (size_t t = 0; t < whole; t += CSK_LANES) {
      const csk_vector below = csk_sub(csk_load_aligned(row + t), max);
      const csk_vector power = exp2_of(csk_mul(below, scales));
      sum = csk_add(sum, power);
      store_weights(row, t, power);
    }
    if (has_rest) {
      const csk_vector below = csk_sub(end, max);
      const csk_vector power = csk_keep(rest, exp2_of(csk_mul(below, scales)));
      sum = csk_add(sum, power);
      store_weights(row, whole, power);
    }
    inverse_sums[i] = 1 / csk_lane_sum(sum);
  }
}

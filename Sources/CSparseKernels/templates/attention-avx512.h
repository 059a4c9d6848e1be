// The parts of the attention that AVX-512 has on its own, whether it multiplies numbers or pairs;
// attention-avx2.h says how they differ.

#pragma once

#include "attention-tile.h"
#include "exp.h"

/// Computes c = a · b for six rows of `width` numbers, a whole number of vectors.
CSK_TARGET static void multiply_rows(
    const factor *_Nonnull a, size_t a_stride, const float *_Nonnull b, size_t width,
    size_t steps, float *_Nonnull c) {
  // Tiles of four vectors, or three where that makes them more equal: one alone waits for itself.
  for (size_t start = 0; start < width;) {
    const size_t left = (width - start) / CSK_LANES, tiles = (left + 3) / 4;
    const size_t vectors = (left + tiles - 1) / tiles;
    switch (vectors) {
    case 1: multiply_tile(1, a, a_stride, b + start, width, steps, c + start, width); break;
    case 2: multiply_tile(2, a, a_stride, b + start, width, steps, c + start, width); break;
    case 3: multiply_tile(3, a, a_stride, b + start, width, steps, c + start, width); break;
    default: multiply_tile(4, a, a_stride, b + start, width, steps, c + start, width); break;
    }
    start += CSK_LANES * vectors;
  }
}

/// Returns 2^x = 2ⁿ · 2^f, with n the integer nearest to x; NaN for −∞.
CSK_INLINE csk_vector exp2_of(csk_vector x) {
  const csk_vector n = csk_round(x);
  return _mm512_scalef_ps(csk_exp2_of_fraction(csk_sub(x, n)), n);
}

/// Returns the largest of `whole` numbers and the `rest` lanes behind them, in all lanes.
CSK_INLINE csk_vector row_max(const float *_Nonnull row, size_t whole, csk_lanes rest) {
  csk_vector largest = csk_replace(rest, csk_set1(row[0]), csk_load_first(row + whole, rest));
  for (size_t t = 0; t < whole; t += CSK_LANES) largest = csk_max(largest, csk_load(row + t));
  return csk_set1(csk_lane_max(largest));
}

/// Replaces six rows of scores s by p = 2^((s − max) · scale), rounded as elements are, and writes
/// 1 / Σ p of the unrounded p; `tokens` are in use.
CSK_TARGET static inline void weigh_tile(
    csk_attention_room room, size_t tokens, float scale, float *_Nonnull inverse_sums) {
  const size_t end = room.tokens - CSK_LANES;
  const csk_lanes rest = csk_first_lanes(tokens - end);
  const csk_vector scales = csk_set1(scale);
  // The rounding of max · scale is the same for a whole row, so that it cancels.
  csk_vector shift[CSK_TILE_QUERIES], sum[CSK_TILE_QUERIES];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    shift[i] = csk_mul(row_max(room.scores + i * room.tokens, end, rest), scales);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    float *row = room.scores + i * room.tokens;
    sum[i] = csk_zero();
    for (size_t t = 0; t < end; t += CSK_LANES) {
      const csk_vector power =
          exp2_of(_mm512_fmsub_ps(csk_load_aligned(row + t), scales, shift[i]));
      sum[i] = csk_add(sum[i], power);
      store_weights(row, t, power);
    }
    const csk_vector last =
        exp2_of(_mm512_fmsub_ps(csk_load_aligned(row + end), scales, shift[i]));
    const csk_vector power = csk_keep(rest, last);
    store_weights(row, end, power);
    sum[i] = csk_add(sum[i], power);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) inverse_sums[i] = 1 / csk_lane_sum(sum[i]);
}

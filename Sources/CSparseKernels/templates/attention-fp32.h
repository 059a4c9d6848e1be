// The parts of the attention that multiply fp32 numbers one by one, to which elements are widened:
// exact products, added as in the bf16 instructions but for their rounding.

#pragma once

typedef float factor;

enum {
  /// The factors of a step.
  FACTORS = 1,
};

/// Returns the factor of a step in all lanes.
CSK_INLINE csk_vector broadcast_step(const factor *_Nonnull from) { return csk_set1(*from); }

/// Returns sum + a · b.
CSK_INLINE csk_vector add_step(csk_vector sum, csk_vector a, csk_vector b) {
  return csk_fma(a, b, sum);
}

#include "attention-tile.h"

/// Copies the numbers of a head as fp32, filled up with zeros to a whole vector.
CSK_INLINE void copy_factors(
    const element *_Nonnull from, size_t head_width, factor *_Nonnull to) {
  size_t d = 0;
  for (; d + CSK_LANES <= head_width; d += CSK_LANES) {
    csk_store_aligned(to + d, load_elements(from + d));
  }
  if (d == head_width) return;
  csk_store_aligned(to + d, load_first_elements(from + d, csk_first_lanes(head_width - d)));
}

/// Copies the queries of a tile as fp32.
CSK_TARGET static inline query_tile copy_queries(
    const element *_Nonnull queries, size_t stride, size_t first, size_t query_count,
    size_t head_width, csk_attention_room room) {
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    const element *from = queries + csk_tile_query(first, i, query_count) * stride;
    copy_factors(from, head_width, room.queries + i * room.width);
  }
  return (query_tile){.start = room.queries, .stride = room.width};
}

/// Stores weights over a row of scores, from `start` on, rounded as elements are.
CSK_INLINE void store_weights(float *_Nonnull row, size_t start, csk_vector weights) {
  csk_store_aligned(row + start, round_to_elements(weights));
}

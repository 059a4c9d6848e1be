// What the variants of the attention share in a tile of six queries. What includes this has said
// how a step of a sum multiplies: `factor`, of which FACTORS make a step, `broadcast_step` and
// `add_step`.

#pragma once

#include "attention.h"

/// The rows of tokens from a first number on.
typedef struct token_rows {
  const element *_Nonnull start;
  /// The row of a token that pads, from the same number on.
  const element *_Nonnull padding;
  csk_token_rows order;
} token_rows;

/// Returns the row of a token.
CSK_INLINE const element *_Nonnull row_of(token_rows rows, size_t token) {
  if (!rows.order.rows) return rows.start + token * rows.order.stride;
  const int32_t row = rows.order.rows[token];
  return row < 0 ? rows.padding : rows.start + (size_t)row * rows.order.stride;
}

/// Where a tile's queries lie.
typedef struct query_tile {
  const factor *_Nonnull start;
  /// The factors from one query to the next.
  size_t stride;
} query_tile;

/// Returns the steps that sum `count` products.
static inline size_t steps_of(size_t count) { return (count + FACTORS - 1) / FACTORS; }

/// Returns where the last vector of a head begins, which holds one number at least.
static inline size_t last_vector(csk_attention_room room, size_t head_width) {
  // Rows are padded to 16 numbers, so that smaller vectors may hold nothing but padding.
  return CSK_LANES == 16 ? room.width - CSK_LANES : (head_width - 1) / CSK_LANES * CSK_LANES;
}

/// Computes c = a · b for six rows of `vectors` ≤ 4 vectors; sums take their steps in order.
CSK_INLINE void multiply_tile(
    size_t vectors, const factor *_Nonnull a, size_t a_stride, const float *_Nonnull b,
    size_t b_stride, size_t steps, float *_Nonnull c, size_t c_stride) {
  csk_vector sum[CSK_TILE_QUERIES][4], column[4];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) sum[i][j] = csk_zero();
  }
  for (size_t k = 0; k < steps; k++, b += b_stride) {
    for (size_t j = 0; j < vectors; j++) column[j] = csk_load_aligned(b + CSK_LANES * j);
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
      const csk_vector step = broadcast_step(a + i * a_stride + FACTORS * k);
      for (size_t j = 0; j < vectors; j++) sum[i][j] = add_step(sum[i][j], step, column[j]);
    }
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) {
      csk_store_aligned(c + i * c_stride + CSK_LANES * j, sum[i][j]);
    }
  }
}

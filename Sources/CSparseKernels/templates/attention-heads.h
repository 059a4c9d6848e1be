// The attention, head by head and tile by tile. What includes this has the parts in which variants
// differ: `pack_head`, `copy_queries`, `multiply_rows` and `weigh_tile`.

#pragma once

#include "attention-tile.h"

/// Computes one head; the pointers are to its first numbers, and to those of the next one.
CSK_TARGET static void attend_head(
    const element *_Nonnull queries, size_t stride, size_t tokens, size_t head_width,
    size_t query_count, float scale, element *_Nonnull y, size_t y_stride,
    csk_attention_room room, const element *_Nullable next) {
  const size_t end = last_vector(room, head_width);
  const csk_lanes rest = csk_first_lanes(head_width - end);
  // Weights take the place of the scores.
  const factor *weights = (const factor *)room.scores;
  const size_t weights_stride = room.tokens * (sizeof(float) / sizeof(factor));
  for (size_t first = 0; first < query_count; first += CSK_TILE_QUERIES) {
    if (next) csk_prefetch_rows(next, stride, head_width, sizeof(element), first, tokens);
    const query_tile tile = copy_queries(queries, stride, first, query_count, head_width, room);
    multiply_rows(
        tile.start, tile.stride, room.keys, room.tokens, steps_of(head_width), room.scores);
    float inverse_sums[CSK_TILE_QUERIES];
    weigh_tile(room, tokens, scale, inverse_sums);
    multiply_rows(
        weights, weights_stride, room.values, room.width, steps_of(tokens), room.results);
    for (size_t i = 0; i < CSK_TILE_QUERIES && first + i < query_count; i++) {
      const csk_vector inverse = csk_set1(inverse_sums[i]);
      const float *sums = room.results + i * room.width;
      element *to = y + (first + i) * y_stride;
      for (size_t d = 0; d < end; d += CSK_LANES) {
        store_elements(to + d, csk_mul(csk_load_aligned(sums + d), inverse));
      }
      store_first_elements(to + end, rest, csk_mul(csk_load_aligned(sums + end), inverse));
    }
  }
}

/// Computes all heads of one image.
CSK_TARGET static void attend(
    const element *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, element *_Nonnull y, float *_Nonnull scratch) {
  const csk_attention_room room = csk_divide_attention_scratch(tokens, head_width, scratch);
  const size_t width = heads * head_width, stride = 3 * width;
  for (size_t head = 0; head < heads; head++) {
    const element *start = qkv + head * head_width;
    const csk_token_rows order = {.rows = NULL, .stride = stride};
    const token_rows keys = {.start = start + width, .padding = start, .order = order};
    const token_rows values = {.start = start + 2 * width, .padding = start, .order = order};
    pack_head(keys, values, tokens, head_width, room);
    attend_head(
        start, stride, tokens, head_width, queries, scale * CSK_LOG2_E, y + head * head_width,
        width, room, head + 1 < heads ? start + head_width : NULL);
  }
}

// The attention in windows, head by head and tile by tile. What includes this has the parts in
// which variants differ, see attention-heads.h.
//
// It goes window by window, so that the rows of one are read once while all heads take their part.
// The scores of a key that is none are lowered so far by the bias that its power is zero, or next
// to nothing beside the largest, which is one.

#pragma once

#include "attention-tile.h"

/// One head of a window.
typedef struct window_head {
  token_rows queries;
  /// What is added to the scores: tokens × tokens of the room.
  const float *_Nonnull bias;
  /// The zones of the tokens, if there are any.
  const int32_t *_Nullable zones;
  size_t tokens;
  size_t head_width;
  /// The scale of the scores, times log₂ e.
  float scale;
} window_head;

/// Adds what belongs to the scores of one query, and returns the largest in all lanes.
CSK_INLINE csk_vector finish_scores(
    window_head head, size_t query, csk_attention_room room, size_t end, float *_Nonnull row) {
  const float *bias = head.bias + query * room.tokens;
  const csk_vector scale = csk_set1(head.scale);
  csk_vector largest = csk_set1(CSK_NO_TOKEN);
  if (!head.zones) {
    for (size_t t = 0; t < end; t += CSK_LANES) {
      const csk_vector score = csk_fma(csk_load_aligned(row + t), scale, csk_load(bias + t));
      csk_store_aligned(row + t, score);
      largest = csk_max(largest, score);
    }
    return csk_set1(csk_lane_max(largest));
  }
  const csk_vector other = csk_set1(CSK_OTHER_ZONE);
  for (size_t t = 0; t < end; t += CSK_LANES) {
    const csk_vector inside = csk_fma(csk_load_aligned(row + t), scale, csk_load(bias + t));
    const csk_vector score =
        csk_add_where_unequal(inside, head.zones + t, head.zones[query], other);
    csk_store_aligned(row + t, score);
    largest = csk_max(largest, score);
  }
  return csk_set1(csk_lane_max(largest));
}

/// Replaces six rows of products by p = 2^(score − max), rounded as elements are, and writes
/// 1 / Σ p of the unrounded p.
CSK_TARGET static void weigh_window_tile(
    window_head head, const size_t queries[_Nonnull CSK_TILE_QUERIES], csk_attention_room room,
    float *_Nonnull inverse_sums) {
  const size_t end = (head.tokens + CSK_LANES - 1) / CSK_LANES * CSK_LANES;
  csk_vector max[CSK_TILE_QUERIES], sum[CSK_TILE_QUERIES];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    max[i] = finish_scores(head, queries[i], room, end, room.scores + i * room.tokens);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    float *row = room.scores + i * room.tokens;
    sum[i] = csk_zero();
    for (size_t t = 0; t < end; t += CSK_LANES) {
      const csk_vector power = exp2_of(csk_sub(csk_load_aligned(row + t), max[i]));
      sum[i] = csk_add(sum[i], power);
      store_weights(row, t, power);
    }
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) inverse_sums[i] = 1 / csk_lane_sum(sum[i]);
}

/// Finds the queries of a tile: from `*next` on, without tokens that pad; the last one again where
/// there are fewer than six. Returns how many there are.
static inline size_t next_queries(
    window_head head, size_t *_Nonnull next, size_t queries[_Nonnull CSK_TILE_QUERIES]) {
  size_t count = 0;
  while (*next < head.tokens && count < CSK_TILE_QUERIES) {
    const size_t query = (*next)++;
    if (head.queries.order.rows[query] >= 0) queries[count++] = query;
  }
  for (size_t i = count; count > 0 && i < CSK_TILE_QUERIES; i++) queries[i] = queries[count - 1];
  return count;
}

/// Copies the queries of a tile.
CSK_INLINE query_tile copy_window_queries(
    window_head head, const size_t queries[_Nonnull CSK_TILE_QUERIES], csk_attention_room room) {
  const size_t width = FACTORS == 1 ? room.width : head.head_width + head.head_width % FACTORS;
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    copy_factors(
        row_of(head.queries, queries[i]), head.head_width, (factor *)room.queries + i * width);
  }
  return (query_tile){.start = (const factor *)room.queries, .stride = width};
}

/// Computes one head of one window.
CSK_TARGET static void attend_window_head(
    window_head head, element *_Nonnull y, size_t y_stride, csk_attention_room room) {
  const size_t last = last_vector(room, head.head_width);
  const csk_lanes rest = csk_first_lanes(head.head_width - last);
  const csk_token_rows order = head.queries.order;
  // Weights take the place of the scores.
  const factor *weights = (const factor *)room.scores;
  const size_t weights_stride = room.tokens * (sizeof(float) / sizeof(factor));
  size_t place = 0, queries[CSK_TILE_QUERIES];
  for (size_t count; (count = next_queries(head, &place, queries)) > 0;) {
    const query_tile tile = copy_window_queries(head, queries, room);
    multiply_rows(
        tile.start, tile.stride, room.keys, room.tokens, steps_of(head.head_width), room.scores);
    float inverse_sums[CSK_TILE_QUERIES];
    weigh_window_tile(head, queries, room, inverse_sums);
    multiply_rows(
        weights, weights_stride, room.values, room.width, steps_of(head.tokens), room.results);
    for (size_t i = 0; i < count; i++) {
      const csk_vector inverse = csk_set1(inverse_sums[i]);
      const float *sums = room.results + i * room.width;
      element *to = y + (size_t)order.rows[queries[i]] * y_stride;
      for (size_t d = 0; d < last; d += CSK_LANES) {
        store_elements(to + d, csk_mul(csk_load_aligned(sums + d), inverse));
      }
      store_first_elements(to + last, rest, csk_mul(csk_load_aligned(sums + last), inverse));
    }
  }
}

/// Computes all heads of all windows.
CSK_TARGET static void attend_windows(
    const element *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,
    size_t head_width, float scale, const element *_Nonnull padding, element *_Nonnull y,
    float *_Nonnull scratch) {
  const size_t tokens = windows->tokens, width = heads * head_width;
  const csk_attention_room room = csk_divide_attention_scratch(tokens, head_width, scratch);
  for (size_t window = 0; window < windows->count; window++) {
    const csk_token_rows order = {.rows = windows->rows + window * tokens, .stride = 3 * width};
    for (size_t head = 0; head < heads; head++) {
      const size_t first = head * head_width;
      const token_rows queries = {.start = qkv + first, .padding = padding + first, .order = order};
      token_rows keys = queries, values = queries;
      keys.start += width;
      keys.padding += width;
      values.start += 2 * width;
      values.padding += 2 * width;
      pack_head(keys, values, tokens, head_width, room);
      const window_head part = {
          .queries = queries,
          .bias = windows->bias + head * tokens * room.tokens,
          .zones = windows->zones ? windows->zones + window * room.tokens : NULL,
          .tokens = tokens,
          .head_width = head_width,
          .scale = scale * CSK_LOG2_E,
      };
      attend_window_head(part, y + first, width, room);
    }
  }
}

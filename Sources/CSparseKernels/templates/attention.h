// How the attention kernels cut their work and scratch.
//
// A head's keys are transposed and its values copied once, side by side without gaps, so that both
// products take rows of contiguous numbers times one broadcast number. Queries go in tiles of six:
// each vector of keys or values that is loaded serves six queries. The sums of a query take the
// same order whatever tile it is in, so its result depends neither on the other queries nor on
// the image's place. A tile that has fewer queries computes the last one again.

#pragma once

#include "CSparseKernels.h"

/// The parts of the scratch of one head.
typedef struct csk_attention_room {
  /// The tokens, rounded up to whole vectors.
  size_t tokens;
  /// The numbers of a head, rounded up to whole vectors.
  size_t width;
  /// Keys: width × tokens.
  float *_Nonnull keys;
  /// Values: tokens × width.
  float *_Nonnull values;
  /// A tile of queries: CSK_TILE_QUERIES × width.
  float *_Nonnull queries;
  /// The scores of a tile: CSK_TILE_QUERIES × tokens.
  float *_Nonnull scores;
  /// The results of a tile: CSK_TILE_QUERIES × width.
  float *_Nonnull results;
} csk_attention_room;

/// Divides scratch of `csk_attention_scratch_count` floats into parts on whole cache lines.
static inline csk_attention_room csk_divide_attention_scratch(
    size_t tokens, size_t head_width, float *_Nonnull scratch) {
  csk_attention_room room = {.tokens = csk_whole_vectors(tokens)};
  room.width = csk_whole_vectors(head_width);
  room.keys = scratch + (0 - (uintptr_t)scratch / sizeof(float)) % 16;
  room.values = room.keys + room.width * room.tokens;
  room.queries = room.values + room.tokens * room.width;
  room.scores = room.queries + CSK_TILE_QUERIES * room.width;
  room.results = room.scores + CSK_TILE_QUERIES * room.tokens;
  return room;
}

/// Where the rows of tokens lie.
typedef struct csk_token_rows {
  /// The row of each token, below zero for one that pads; without it, rows are in order.
  const int32_t *_Nullable rows;
  /// The numbers from one row to the next.
  size_t stride;
} csk_token_rows;

/// Returns the query that stands in place `place` of the tile that starts at `first`.
static inline size_t csk_tile_query(size_t first, size_t place, size_t queries) {
  return first + place < queries ? first + place : queries - 1;
}

/// Fetches the rows of the next head that belong to a tile's tokens, numbers of `size` bytes.
///
/// Rows are `stride` numbers apart, with queries, keys and values in thirds of a row. Without this
/// a head begins by waiting for cache lines that no earlier access announces.
static inline void csk_prefetch_rows(
    const void *_Nonnull next_head, size_t stride, size_t head_width, size_t size, size_t first,
    size_t tokens) {
  const char *head = next_head;
  const size_t end = first + CSK_TILE_QUERIES < tokens ? first + CSK_TILE_QUERIES : tokens;
  for (size_t token = first; token < end; token++) {
    for (size_t part = 0; part < 3; part++) {
      const char *row = head + (token * stride + part * (stride / 3)) * size;
      for (size_t at = 0; at < head_width * size; at += 64) __builtin_prefetch(row + at, 0, 2);
    }
  }
}

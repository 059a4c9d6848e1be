// The attention in AVX-512 with its bf16 instructions, which multiply pairs of numbers: pairs of a
// query's neighbouring numbers with those of a key, pairs of neighbouring tokens' weights with
// those of their values.

#pragma once

typedef uint16_t factor;

enum {
  /// The factors of a step.
  FACTORS = 2,
};

/// Returns the factors of a step in all lanes.
CSK_INLINE csk_vector broadcast_step(const factor *_Nonnull from) {
  return _mm512_castsi512_ps(csk_broadcast_pair(from));
}

/// Returns sum + a₀ · b₀ + a₁ · b₁.
CSK_INLINE csk_vector add_step(csk_vector sum, csk_vector a, csk_vector b) {
  return csk_add_products(sum, _mm512_castps_si512(a), _mm512_castps_si512(b));
}

#include "attention-tile.h"

/// Copies the keys of one head as pairs of numbers × tokens; what lies beyond either is zero.
CSK_TARGET static void pack_keys(
    token_rows keys, size_t tokens, size_t head_width, csk_attention_room room) {
  for (size_t d = 0; d < head_width; d += 32) {
    const size_t rest = head_width - d < 32 ? head_width - d : 32;
    const __mmask32 lanes = rest < 32 ? (1u << rest) - 1 : 0xffffffff;
    for (size_t t = 0; t < tokens; t += 16) {
      __m512 rows[16];
      for (size_t i = 0; i < 16; i++) {
        const bool is_token = t + i < tokens;
        const element *row = row_of(keys, is_token ? t + i : t) + d;
        rows[i] = _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(is_token ? lanes : 0, row));
      }
      csk_transpose(rows);
      float *to = room.keys + d / 2 * room.tokens + t;
      for (size_t i = 0; i < 8; i++) _mm512_store_ps(to + i * room.tokens, rows[i]);
      // Of the last numbers there may be eight pairs.
      if (rest <= 16) continue;
      for (size_t i = 8; i < 16; i++) _mm512_store_ps(to + i * room.tokens, rows[i]);
    }
  }
}

/// Copies the values of one head as pairs of tokens × numbers; what lies beyond either is zero.
CSK_TARGET static void pack_values(
    token_rows values, size_t tokens, size_t head_width, csk_attention_room room) {
  for (size_t t = 0; t < tokens; t += 2) {
    for (size_t d = 0; d < head_width; d += 16) {
      const size_t rest = head_width - d < 16 ? head_width - d : 16;
      const uint16_t lanes = csk_first_lanes(rest);
      const __m256i even = _mm256_maskz_loadu_epi16(lanes, row_of(values, t) + d);
      const __m256i odd = t + 1 < tokens
          ? _mm256_maskz_loadu_epi16(lanes, row_of(values, t + 1) + d)
          : _mm256_setzero_si256();
      const __m512i pairs = _mm512_or_si512(
          _mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
      _mm512_store_si512(room.values + t / 2 * room.width + d, pairs);
    }
  }
}

/// Copies keys and values of one head in their pairs.
CSK_TARGET static void pack_head(
    token_rows keys, token_rows values, size_t tokens, size_t head_width,
    csk_attention_room room) {
  pack_keys(keys, tokens, head_width, room);
  pack_values(values, tokens, head_width, room);
}

/// Copies the numbers of a head, padded with a zero to whole pairs.
CSK_INLINE void copy_factors(
    const element *_Nonnull from, size_t head_width, factor *_Nonnull to) {
  for (size_t d = 0; d < head_width; d++) to[d] = from[d];
  if (head_width % 2) to[head_width] = 0;
}

/// Copies the queries of a tile, padded with a zero to whole pairs.
CSK_TARGET static void copy_padded(
    const element *_Nonnull queries, size_t stride, size_t first, size_t query_count,
    size_t head_width, element *_Nonnull to) {
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++, to += head_width + head_width % 2) {
    const element *from = queries + csk_tile_query(first, i, query_count) * stride;
    copy_factors(from, head_width, to);
  }
}

/// Returns where the queries of a tile lie: where they are, unless they need padding.
CSK_INLINE query_tile copy_queries(
    const element *_Nonnull queries, size_t stride, size_t first, size_t query_count,
    size_t head_width, csk_attention_room room) {
  element *copies = (element *)room.queries;
  query_tile tile = {.start = queries + first * stride, .stride = stride};
  if (head_width % 2 || query_count - first < CSK_TILE_QUERIES) {
    copy_padded(queries, stride, first, query_count, head_width, copies);
    tile.start = copies;
    tile.stride = head_width + head_width % 2;
  }
  return tile;
}

/// Stores weights as bf16: a row of them takes the first half of the place of its scores.
CSK_INLINE void store_weights(float *_Nonnull row, size_t start, csk_vector weights) {
  _mm256_store_si256((__m256i *)(row + start / 2), csk_narrow_vector(weights));
}

#include "attention-avx512.h"

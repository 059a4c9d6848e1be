// Products of pairs of bf16 numbers: pairs of a query's neighbouring numbers with those of a key,
// pairs of neighbouring tokens' weights with those of their values.

#include "../attention.h"
#include "../avx512bf16.h"

/// Computes c = a · b for six rows of `vectors` ≤ 4 vectors; the sums take `pairs` in their order.
CSK_INLINE_AVX512BF16 void multiply_tile(
    size_t vectors, const uint16_t *_Nonnull a, size_t a_stride, const uint32_t *_Nonnull b,
    size_t b_stride, size_t pairs, float *_Nonnull c, size_t c_stride) {
  __m512 sum[CSK_TILE_QUERIES][4];
  __m512i column[4];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) sum[i][j] = _mm512_setzero_ps();
  }
  for (size_t k = 0; k < pairs; k++, b += b_stride) {
    for (size_t j = 0; j < vectors; j++) column[j] = _mm512_load_si512(b + 16 * j);
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
      const __m512i factor = csk_broadcast_pair_avx512(a + i * a_stride + 2 * k);
      for (size_t j = 0; j < vectors; j++) {
        sum[i][j] = csk_add_products_avx512bf16(sum[i][j], factor, column[j]);
      }
    }
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) _mm512_store_ps(c + i * c_stride + 16 * j, sum[i][j]);
  }
}

/// Computes c = a · b for six rows of `width` numbers, a whole number of vectors.
CSK_TARGET_AVX512BF16 static void multiply_rows(
    const uint16_t *_Nonnull a, size_t a_stride, const uint32_t *_Nonnull b, size_t width,
    size_t pairs, float *_Nonnull c) {
  // Tiles of four vectors, or three where that makes them more equal: one alone waits for itself.
  for (size_t start = 0; start < width;) {
    const size_t left = (width - start) / 16, tiles = (left + 3) / 4;
    const size_t vectors = (left + tiles - 1) / tiles;
    switch (vectors) {
    case 1: multiply_tile(1, a, a_stride, b + start, width, pairs, c + start, width); break;
    case 2: multiply_tile(2, a, a_stride, b + start, width, pairs, c + start, width); break;
    case 3: multiply_tile(3, a, a_stride, b + start, width, pairs, c + start, width); break;
    default: multiply_tile(4, a, a_stride, b + start, width, pairs, c + start, width); break;
    }
    start += 16 * vectors;
  }
}

/// Copies the keys of one head as pairs of numbers × tokens; what lies beyond either is zero.
CSK_TARGET_AVX512BF16 static void pack_keys(
    const uint16_t *_Nonnull keys, size_t stride, size_t tokens, size_t head_width,
    csk_attention_room room) {
  for (size_t d = 0; d < head_width; d += 32) {
    const size_t rest = head_width - d < 32 ? head_width - d : 32;
    const __mmask32 lanes = rest < 32 ? (1u << rest) - 1 : 0xffffffff;
    for (size_t t = 0; t < tokens; t += 16) {
      __m512 rows[16];
      for (size_t i = 0; i < 16; i++) {
        const bool is_token = t + i < tokens;
        const uint16_t *row = keys + (is_token ? t + i : t) * stride + d;
        rows[i] = _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(is_token ? lanes : 0, row));
      }
      csk_transpose_avx512(rows);
      float *to = room.keys + d / 2 * room.tokens + t;
      for (size_t i = 0; i < 8; i++) _mm512_store_ps(to + i * room.tokens, rows[i]);
      // Of the last numbers there may be eight pairs.
      if (rest <= 16) continue;
      for (size_t i = 8; i < 16; i++) _mm512_store_ps(to + i * room.tokens, rows[i]);
    }
  }
}

/// Copies the values of one head as pairs of tokens × numbers; what lies beyond either is zero.
CSK_TARGET_AVX512BF16 static void pack_values(
    const uint16_t *_Nonnull values, size_t stride, size_t tokens, size_t head_width,
    csk_attention_room room) {
  for (size_t t = 0; t < tokens; t += 2) {
    for (size_t d = 0; d < head_width; d += 16) {
      const size_t rest = head_width - d < 16 ? head_width - d : 16;
      const uint16_t lanes = csk_first_lanes_avx512(rest);
      const uint16_t *row = values + t * stride + d;
      const __m256i even = _mm256_maskz_loadu_epi16(lanes, row);
      const __m256i odd =
          t + 1 < tokens ? _mm256_maskz_loadu_epi16(lanes, row + stride) : _mm256_setzero_si256();
      const __m512i pairs = _mm512_or_si512(
          _mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
      _mm512_store_si512(room.values + t / 2 * room.width + d, pairs);
    }
  }
}

/// Computes p = 2^((s − max) · factor), rounded to bf16, of six rows of scores s, and 1 / Σ p of
/// the unrounded p. A row of p takes the first half of the place of its scores.
CSK_TARGET_AVX512BF16 static void weigh_tile(
    csk_attention_room room, size_t tokens, float factor, float *_Nonnull inverse_sums) {
  const size_t end = room.tokens - 16;
  const uint16_t rest = csk_first_lanes_avx512(tokens - end);
  const __m512 factors = _mm512_set1_ps(factor);
  // The rounding of max · factor is the same for a whole row, so that it cancels.
  __m512 shift[CSK_TILE_QUERIES], sum[CSK_TILE_QUERIES];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    const __m512 max = csk_row_max_avx512(room.scores + i * room.tokens, end, rest);
    shift[i] = _mm512_mul_ps(max, factors);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    float *row = room.scores + i * room.tokens;
    sum[i] = _mm512_setzero_ps();
    for (size_t t = 0; t < end; t += 16) {
      const __m512 power =
          csk_exp2_avx512(_mm512_fmsub_ps(_mm512_load_ps(row + t), factors, shift[i]));
      sum[i] = _mm512_add_ps(sum[i], power);
      _mm256_store_si256((__m256i *)(row + t / 2), csk_narrow_avx512bf16(power));
    }
    const __m512 last =
        csk_exp2_avx512(_mm512_fmsub_ps(_mm512_load_ps(row + end), factors, shift[i]));
    const __m512 power = _mm512_maskz_mov_ps(rest, last);
    _mm256_store_si256((__m256i *)(row + end / 2), csk_narrow_avx512bf16(power));
    sum[i] = _mm512_add_ps(sum[i], power);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) inverse_sums[i] = 1 / csk_sum_avx512(sum[i]);
}

/// Copies the queries of a tile, padded with a zero to whole pairs.
static void copy_queries(
    const uint16_t *_Nonnull queries, size_t stride, size_t first, size_t query_count,
    size_t head_width, uint16_t *_Nonnull to) {
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++, to += head_width + head_width % 2) {
    const uint16_t *from = queries + csk_tile_query(first, i, query_count) * stride;
    for (size_t d = 0; d < head_width; d++) to[d] = from[d];
    if (head_width % 2) to[head_width] = 0;
  }
}

/// Computes one head; the pointers are to its first numbers, and to those of the next one.
CSK_TARGET_AVX512BF16 static void attend_head(
    const uint16_t *_Nonnull queries, size_t stride, size_t tokens, size_t head_width,
    size_t query_count, float factor, uint16_t *_Nonnull y, size_t y_stride,
    csk_attention_room room, const uint16_t *_Nullable next) {
  const size_t end = room.width - 16;
  const uint16_t rest = csk_first_lanes_avx512(head_width - end);
  uint16_t *copies = (uint16_t *)room.queries, *weights = (uint16_t *)room.scores;
  for (size_t first = 0; first < query_count; first += CSK_TILE_QUERIES) {
    if (next) csk_prefetch_rows(next, stride, head_width, sizeof(uint16_t), first, tokens);
    const uint16_t *tile = queries + first * stride;
    size_t tile_stride = stride;
    if (head_width % 2 || query_count - first < CSK_TILE_QUERIES) {
      copy_queries(queries, stride, first, query_count, head_width, copies);
      tile = copies;
      tile_stride = head_width + head_width % 2;
    }
    multiply_rows(
        tile, tile_stride, (const uint32_t *)room.keys, room.tokens, (head_width + 1) / 2,
        room.scores);
    float inverse_sums[CSK_TILE_QUERIES];
    weigh_tile(room, tokens, factor, inverse_sums);
    multiply_rows(
        weights, 2 * room.tokens, (const uint32_t *)room.values, room.width, (tokens + 1) / 2,
        room.results);
    for (size_t i = 0; i < CSK_TILE_QUERIES && first + i < query_count; i++) {
      const __m512 inverse = _mm512_set1_ps(inverse_sums[i]);
      const float *sums = room.results + i * room.width;
      uint16_t *to = y + (first + i) * y_stride;
      for (size_t d = 0; d < end; d += 16) {
        const __m512 result = _mm512_mul_ps(_mm512_load_ps(sums + d), inverse);
        _mm256_storeu_si256((__m256i *)(to + d), csk_narrow_avx512bf16(result));
      }
      const __m512 result = _mm512_mul_ps(_mm512_load_ps(sums + end), inverse);
      _mm256_mask_storeu_epi16(to + end, rest, csk_narrow_avx512bf16(result));
    }
  }
}

CSK_TARGET_AVX512BF16 void csk_bf16_attention_6__avx512bf16(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  const csk_attention_room room = csk_divide_attention_scratch(tokens, head_width, scratch);
  const size_t width = heads * head_width, stride = 3 * width;
  for (size_t head = 0; head < heads; head++) {
    const uint16_t *start = qkv + head * head_width;
    pack_keys(start + width, stride, tokens, head_width, room);
    pack_values(start + 2 * width, stride, tokens, head_width, room);
    attend_head(
        start, stride, tokens, head_width, queries, scale * CSK_LOG2_E, y + head * head_width,
        width, room, head + 1 < heads ? start + head_width : NULL);
  }
}

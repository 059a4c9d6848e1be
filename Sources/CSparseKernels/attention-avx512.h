// The attention with AVX-512, for the number format that the including file defines: `element`,
// `load_elements` (to fp32), `store_elements` (from fp32) and `as_element` (fp32 rounded to it).

#include "attention.h"
#include "avx512.h"

/// Computes c = a · b for six rows of `vectors` ≤ 4 vectors; the sums take `inner` in its order.
CSK_INLINE_AVX512 void multiply_tile(
    size_t vectors, const float *_Nonnull a, size_t a_stride, const float *_Nonnull b,
    size_t b_stride, size_t inner, float *_Nonnull c, size_t c_stride) {
  __m512 sum[CSK_TILE_QUERIES][4], column[4];
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) sum[i][j] = _mm512_setzero_ps();
  }
  for (size_t k = 0; k < inner; k++, b += b_stride) {
    for (size_t j = 0; j < vectors; j++) column[j] = _mm512_load_ps(b + 16 * j);
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
      const __m512 factor = _mm512_set1_ps(a[i * a_stride + k]);
      for (size_t j = 0; j < vectors; j++) {
        sum[i][j] = _mm512_fmadd_ps(factor, column[j], sum[i][j]);
      }
    }
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    for (size_t j = 0; j < vectors; j++) _mm512_store_ps(c + i * c_stride + 16 * j, sum[i][j]);
  }
}

/// Computes c = a · b for six rows of `width` numbers, a whole number of vectors.
CSK_TARGET_AVX512 static void multiply_rows(
    const float *_Nonnull a, size_t a_stride, const float *_Nonnull b, size_t width, size_t inner,
    float *_Nonnull c) {
  // Tiles of four vectors, or three where that makes them more equal: one alone waits for itself.
  for (size_t start = 0; start < width;) {
    const size_t left = (width - start) / 16, tiles = (left + 3) / 4;
    const size_t vectors = (left + tiles - 1) / tiles;
    switch (vectors) {
    case 1: multiply_tile(1, a, a_stride, b + start, width, inner, c + start, width); break;
    case 2: multiply_tile(2, a, a_stride, b + start, width, inner, c + start, width); break;
    case 3: multiply_tile(3, a, a_stride, b + start, width, inner, c + start, width); break;
    default: multiply_tile(4, a, a_stride, b + start, width, inner, c + start, width); break;
    }
    start += 16 * vectors;
  }
}

/// Copies keys, transposed, and values of one head; what lies beyond tokens and width is zero.
CSK_TARGET_AVX512 static void pack_head(
    const element *_Nonnull keys, const element *_Nonnull values, size_t stride, size_t tokens,
    size_t head_width, csk_attention_room room) {
  for (size_t d = 0; d < head_width; d += 16) {
    const size_t rest = head_width - d < 16 ? head_width - d : 16;
    const uint16_t lanes = csk_first_lanes_avx512(rest);
    for (size_t t = 0; t < tokens; t += 16) {
      __m512 rows[16];
      for (size_t i = 0; i < 16; i++) {
        const bool is_token = t + i < tokens;
        const element *row = keys + (is_token ? t + i : t) * stride + d;
        rows[i] = load_elements(is_token ? lanes : 0, row);
      }
      csk_transpose_avx512(rows);
      for (size_t i = 0; i < 16; i++) {
        _mm512_store_ps(room.keys + (d + i) * room.tokens + t, rows[i]);
      }
    }
    for (size_t t = 0; t < tokens; t++) {
      const __m512 row = load_elements(lanes, values + t * stride + d);
      _mm512_store_ps(room.values + t * room.width + d, row);
    }
  }
}

/// Replaces six rows of scores s by p = 2^((s − max) · factor), rounded as the format says, and
/// writes 1 / Σ p of the unrounded p; `tokens` are in use.
CSK_TARGET_AVX512 static void weigh_tile(
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
      _mm512_store_ps(row + t, as_element(power));
    }
    const __m512 last =
        csk_exp2_avx512(_mm512_fmsub_ps(_mm512_load_ps(row + end), factors, shift[i]));
    const __m512 power = _mm512_maskz_mov_ps(rest, last);
    _mm512_store_ps(row + end, as_element(power));
    sum[i] = _mm512_add_ps(sum[i], power);
  }
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) inverse_sums[i] = 1 / csk_sum_avx512(sum[i]);
}

/// Copies the queries of a tile as fp32.
CSK_TARGET_AVX512 static void copy_queries(
    const element *_Nonnull queries, size_t stride, size_t first, size_t query_count,
    size_t head_width, csk_attention_room room) {
  const size_t end = room.width - 16;
  const uint16_t rest = csk_first_lanes_avx512(head_width - end);
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    const element *from = queries + csk_tile_query(first, i, query_count) * stride;
    float *to = room.queries + i * room.width;
    for (size_t d = 0; d < end; d += 16) _mm512_store_ps(to + d, load_elements(0xffff, from + d));
    _mm512_store_ps(to + end, load_elements(rest, from + end));
  }
}

/// Computes one head; the pointers are to its first numbers, and to those of the next one.
CSK_TARGET_AVX512 static void attend_head(
    const element *_Nonnull queries, size_t stride, size_t tokens, size_t head_width,
    size_t query_count, float factor, element *_Nonnull y, size_t y_stride,
    csk_attention_room room, const element *_Nullable next) {
  const size_t end = room.width - 16;
  const uint16_t rest = csk_first_lanes_avx512(head_width - end);
  for (size_t first = 0; first < query_count; first += CSK_TILE_QUERIES) {
    if (next) csk_prefetch_rows(next, stride, head_width, sizeof(element), first, tokens);
    copy_queries(queries, stride, first, query_count, head_width, room);
    multiply_rows(room.queries, room.width, room.keys, room.tokens, head_width, room.scores);
    float inverse_sums[CSK_TILE_QUERIES];
    weigh_tile(room, tokens, factor, inverse_sums);
    multiply_rows(room.scores, room.tokens, room.values, room.width, tokens, room.results);
    for (size_t i = 0; i < CSK_TILE_QUERIES && first + i < query_count; i++) {
      const __m512 inverse = _mm512_set1_ps(inverse_sums[i]);
      const float *sums = room.results + i * room.width;
      element *to = y + (first + i) * y_stride;
      for (size_t d = 0; d < end; d += 16) {
        store_elements(to + d, 0xffff, _mm512_mul_ps(_mm512_load_ps(sums + d), inverse));
      }
      store_elements(to + end, rest, _mm512_mul_ps(_mm512_load_ps(sums + end), inverse));
    }
  }
}

/// Computes all heads of one image.
CSK_TARGET_AVX512 static void attend(
    const element *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, element *_Nonnull y, float *_Nonnull scratch) {
  const csk_attention_room room = csk_divide_attention_scratch(tokens, head_width, scratch);
  const size_t width = heads * head_width, stride = 3 * width;
  for (size_t head = 0; head < heads; head++) {
    const element *start = qkv + head * head_width;
    pack_head(start + width, start + 2 * width, stride, tokens, head_width, room);
    attend_head(
        start, stride, tokens, head_width, queries, scale * CSK_LOG2_E, y + head * head_width,
        width, room, head + 1 < heads ? start + head_width : NULL);
  }
}

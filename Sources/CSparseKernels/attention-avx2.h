// The attention with AVX2, for the number format that the including file defines: `element`,
// `load_elements` (to fp32), `store_elements` (from fp32) and `as_element` (fp32 rounded to it).
// Rows are padded to 16 numbers, two vectors.

#include "attention.h"
#include "avx2.h"

/// Returns how many of eight places from `start` on are below `end`.
static inline size_t places_below(size_t end, size_t start) {
  if (start >= end) return 0;
  return end - start < 8 ? end - start : 8;
}

/// Computes c = a · b for six rows of `width` numbers, a whole number of pairs of vectors; the sums
/// take `inner` in its order.
CSK_TARGET_AVX2 static void multiply_rows(
    const float *_Nonnull a, size_t a_stride, const float *_Nonnull b, size_t width, size_t inner,
    float *_Nonnull c) {
  for (size_t start = 0; start < width; start += 16) {
    __m256 sum[CSK_TILE_QUERIES][2];
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    const float *row = b + start;
    for (size_t k = 0; k < inner; k++, row += width) {
      const __m256 first = _mm256_load_ps(row), second = _mm256_load_ps(row + 8);
      for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
        const __m256 factor = _mm256_set1_ps(a[i * a_stride + k]);
        sum[i][0] = _mm256_fmadd_ps(factor, first, sum[i][0]);
        sum[i][1] = _mm256_fmadd_ps(factor, second, sum[i][1]);
      }
    }
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
      _mm256_store_ps(c + i * width + start, sum[i][0]);
      _mm256_store_ps(c + i * width + start + 8, sum[i][1]);
    }
  }
}

/// Copies keys, transposed, and values of one head; what lies beyond tokens and width is zero.
CSK_TARGET_AVX2 static void pack_head(
    const element *_Nonnull keys, const element *_Nonnull values, size_t stride, size_t tokens,
    size_t head_width, csk_attention_room room) {
  for (size_t d = 0; d < room.width; d += 8) {
    const size_t count = places_below(head_width, d);
    for (size_t t = 0; t < room.tokens; t += 8) {
      __m256 rows[8];
      for (size_t i = 0; i < 8; i++) {
        rows[i] = t + i < tokens && count > 0 ? load_elements(keys + (t + i) * stride + d, count)
                                              : _mm256_setzero_ps();
      }
      csk_transpose_rows_avx2(rows, room.keys + d * room.tokens + t, room.tokens);
    }
    for (size_t t = 0; t < tokens; t++) {
      const __m256 row =
          count > 0 ? load_elements(values + t * stride + d, count) : _mm256_setzero_ps();
      _mm256_store_ps(room.values + t * room.width + d, row);
    }
  }
}

/// Replaces six rows of scores s by p = 2^((s − max) · factor), rounded as the format says, and
/// writes 1 / Σ p of the unrounded p; `tokens` are in use.
CSK_TARGET_AVX2 static void weigh_tile(
    csk_attention_room room, size_t tokens, float factor, float *_Nonnull inverse_sums) {
  const size_t whole = tokens / 8 * 8;
  const __m256 rest = _mm256_castsi256_ps(csk_first_lanes_avx2(tokens - whole));
  const __m256 factors = _mm256_set1_ps(factor);
  for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
    float *row = room.scores + i * room.tokens;
    const bool has_rest = whole < tokens;
    const __m256 end = has_rest ? _mm256_load_ps(row + whole) : _mm256_setzero_ps();
    __m256 largest = _mm256_blendv_ps(_mm256_set1_ps(row[0]), end, rest);
    for (size_t t = 0; t < whole; t += 8) {
      largest = _mm256_max_ps(largest, _mm256_load_ps(row + t));
    }
    const __m256 max = _mm256_set1_ps(csk_max_avx2(largest));
    __m256 sum = _mm256_setzero_ps();
    for (size_t t = 0; t < whole; t += 8) {
      const __m256 below = _mm256_sub_ps(_mm256_load_ps(row + t), max);
      const __m256 power = csk_exp2_avx2(_mm256_mul_ps(below, factors));
      sum = _mm256_add_ps(sum, power);
      _mm256_store_ps(row + t, as_element(power));
    }
    if (has_rest) {
      const __m256 below = _mm256_sub_ps(end, max);
      const __m256 power =
          _mm256_and_ps(csk_exp2_avx2(_mm256_mul_ps(below, factors)), rest);
      sum = _mm256_add_ps(sum, power);
      _mm256_store_ps(row + whole, as_element(power));
    }
    inverse_sums[i] = 1 / csk_sum_avx2(sum);
  }
}

/// Computes one head; the pointers are to its first numbers, and to those of the next one.
CSK_TARGET_AVX2 static void attend_head(
    const element *_Nonnull queries, size_t stride, size_t tokens, size_t head_width,
    size_t query_count, float factor, element *_Nonnull y, size_t y_stride,
    csk_attention_room room, const element *_Nullable next) {
  for (size_t first = 0; first < query_count; first += CSK_TILE_QUERIES) {
    if (next) csk_prefetch_rows(next, stride, head_width, sizeof(element), first, tokens);
    for (size_t i = 0; i < CSK_TILE_QUERIES; i++) {
      const element *from = queries + csk_tile_query(first, i, query_count) * stride;
      for (size_t d = 0; d < head_width; d += 8) {
        const __m256 part = load_elements(from + d, places_below(head_width, d));
        _mm256_store_ps(room.queries + i * room.width + d, part);
      }
    }
    multiply_rows(room.queries, room.width, room.keys, room.tokens, head_width, room.scores);
    float inverse_sums[CSK_TILE_QUERIES];
    weigh_tile(room, tokens, factor, inverse_sums);
    multiply_rows(room.scores, room.tokens, room.values, room.width, tokens, room.results);
    for (size_t i = 0; i < CSK_TILE_QUERIES && first + i < query_count; i++) {
      const __m256 inverse = _mm256_set1_ps(inverse_sums[i]);
      element *to = y + (first + i) * y_stride;
      for (size_t d = 0; d < head_width; d += 8) {
        const __m256 sums = _mm256_load_ps(room.results + i * room.width + d);
        store_elements(to + d, places_below(head_width, d), _mm256_mul_ps(sums, inverse));
      }
    }
  }
}

/// Computes all heads of one image.
CSK_TARGET_AVX2 static void attend(
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

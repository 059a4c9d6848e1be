// What the AVX2 variants share.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "constants.h"
#include "square-root.h"

#ifndef CSK_TARGET_AVX2
#define CSK_TARGET_AVX2 __attribute__((target("avx2,fma")))
#endif
#define CSK_INLINE_AVX2 static inline __attribute__((always_inline)) CSK_TARGET_AVX2

/// Returns a mask of the first `count` ≤ 8 lanes.
CSK_INLINE_AVX2 __m256i csk_first_lanes_avx2(size_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
}

/// Returns the sum of all lanes.
CSK_INLINE_AVX2 float csk_sum_avx2(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Returns the largest lane.
CSK_INLINE_AVX2 float csk_max_avx2(__m256 v) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Transposes eight rows of eight floats.
CSK_INLINE_AVX2 void csk_transpose_in_place_avx2(__m256 row[_Nonnull 8]) {
  __m256 pair[8], quad[8];
  for (size_t i = 0; i < 4; i++) {
    pair[2 * i] = _mm256_unpacklo_ps(row[2 * i], row[2 * i + 1]);
    pair[2 * i + 1] = _mm256_unpackhi_ps(row[2 * i], row[2 * i + 1]);
  }
  for (size_t i = 0; i < 8; i += 4) {
    for (size_t j = 0; j < 2; j++) {
      quad[i + 2 * j] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0x44);
      quad[i + 2 * j + 1] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], 0xee);
    }
  }
  for (size_t i = 0; i < 4; i++) {
    row[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    row[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}

/// Stores eight rows of eight floats transposed: to[c · to_stride + r] = rows[r][c].
CSK_INLINE_AVX2 void csk_transpose_rows_avx2(
    __m256 rows[_Nonnull 8], float *_Nonnull to, size_t to_stride) {
  csk_transpose_in_place_avx2(rows);
  for (size_t i = 0; i < 8; i++) _mm256_storeu_ps(to + i * to_stride, rows[i]);
}

/// Returns exp(x) = 2ⁿ · exp(r) for x ≤ 0, with n the integer nearest to x / ln 2.
CSK_INLINE_AVX2 __m256 csk_exp_avx2(__m256 x) {
  // A NaN in the second place goes through the maximum.
  x = _mm256_max_ps(_mm256_set1_ps(CSK_EXP_MIN), x);
  const __m256 n = _mm256_round_ps(
      _mm256_mul_ps(x, _mm256_set1_ps(CSK_LOG2_E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(CSK_LN2_HIGH), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(CSK_LN2_LOW), r);
  __m256 tail = _mm256_set1_ps(CSK_EXP_4);
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_3));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_2));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_1));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_0));
  const __m256 head = _mm256_fmadd_ps(_mm256_mul_ps(r, r), tail, r);
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  return _mm256_mul_ps(_mm256_add_ps(head, _mm256_set1_ps(1)), power);
}

/// Returns 2ⁿ · 2^f for x ≤ 0, with n the integer nearest to x.
CSK_INLINE_AVX2 __m256 csk_exp2_avx2(__m256 x) {
  // A NaN in the second place goes through the maximum.
  x = _mm256_max_ps(_mm256_set1_ps(CSK_EXP2_MIN), x);
  const __m256 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 f = _mm256_sub_ps(x, n);
  __m256 power = _mm256_set1_ps(CSK_EXP2_5);
  power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(CSK_EXP2_4));
  power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(CSK_EXP2_3));
  power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(CSK_EXP2_2));
  power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(CSK_EXP2_1));
  power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(1));
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_mul_ps(power, _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)));
}

/// Returns v / 2 · (1 + erf(v / √2)).
CSK_INLINE_AVX2 __m256 csk_gelu_avx2(__m256 v) {
  const __m256 z = _mm256_mul_ps(v, _mm256_set1_ps(CSK_SQRT_HALF));
  const __m256 u = _mm256_mul_ps(z, z);
  __m256 p = _mm256_set1_ps(CSK_ERF_P5);
  p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(CSK_ERF_P4));
  p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(CSK_ERF_P3));
  p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(CSK_ERF_P2));
  p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(CSK_ERF_P1));
  p = _mm256_fmadd_ps(p, u, _mm256_set1_ps(CSK_ERF_P0));
  __m256 q = _mm256_set1_ps(CSK_ERF_Q5);
  q = _mm256_fmadd_ps(q, u, _mm256_set1_ps(CSK_ERF_Q4));
  q = _mm256_fmadd_ps(q, u, _mm256_set1_ps(CSK_ERF_Q3));
  q = _mm256_fmadd_ps(q, u, _mm256_set1_ps(CSK_ERF_Q2));
  q = _mm256_fmadd_ps(q, u, _mm256_set1_ps(CSK_ERF_Q1));
  q = _mm256_fmadd_ps(q, u, _mm256_set1_ps(1));
  const __m256 inside = _mm256_div_ps(_mm256_mul_ps(z, p), q);
  const __m256 sign = _mm256_set1_ps(-0.0f);
  const __m256 beyond = _mm256_or_ps(_mm256_and_ps(sign, z), _mm256_set1_ps(1));
  const __m256 is_beyond =
      _mm256_cmp_ps(_mm256_andnot_ps(sign, z), _mm256_set1_ps(CSK_ERF_MAX), _CMP_GE_OQ);
  const __m256 erf = _mm256_blendv_ps(inside, beyond, is_beyond);
  const __m256 half = _mm256_mul_ps(v, _mm256_set1_ps(0.5f));
  return _mm256_fmadd_ps(half, erf, half);
}

/// Returns the bf16 numbers as fp32, exactly.
CSK_INLINE_AVX2 __m256 csk_widen_avx2(__m128i v) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}

/// Rounds to bf16 as vcvtneps2bf16 does, see `csk_narrow`.
CSK_INLINE_AVX2 __m128i csk_narrow_avx2(__m256 v) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i carry = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
  const __m256i exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000));
  const __m256i is_small = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
  const __m256i sign = _mm256_and_si256(bits, _mm256_set1_epi32((int)0x80000000));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  __m256i result = _mm256_blendv_epi8(_mm256_add_epi32(bits, carry), sign, is_small);
  result = _mm256_srli_epi32(_mm256_blendv_epi8(result, quiet, is_nan), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
}

/// Loads the first `count` ≤ 8 bf16 numbers; the other lanes are zero.
CSK_INLINE_AVX2 __m128i csk_load_part_avx2(const uint16_t *_Nonnull from, size_t count) {
  uint16_t lanes[8] = {0};
  for (size_t i = 0; i < count; i++) lanes[i] = from[i];
  return _mm_loadu_si128((const __m128i *)lanes);
}

/// Stores the first `count` ≤ 8 bf16 numbers.
CSK_INLINE_AVX2 void csk_store_part_avx2(uint16_t *_Nonnull to, size_t count, __m128i v) {
  uint16_t lanes[8];
  _mm_storeu_si128((__m128i *)lanes, v);
  for (size_t i = 0; i < count; i++) to[i] = lanes[i];
}

/// The mean of a row and the factor 1 / √(variance + epsilon), in all lanes.
typedef struct csk_statistics_avx2 {
  __m256 mean;
  __m256 factor;
} csk_statistics_avx2;

/// Returns the mean of `width` numbers, in all lanes.
CSK_INLINE_AVX2 __m256 csk_row_mean_avx2(const float *_Nonnull x, size_t width) {
  // Four sums hide the latency of the additions.
  const size_t fours = width / 32 * 32, whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  __m256 sum[4] = {_mm256_maskload_ps(x + whole, rest)};
  for (size_t j = 1; j < 4; j++) sum[j] = _mm256_setzero_ps();
  for (size_t i = 0; i < fours; i += 32) {
    for (size_t j = 0; j < 4; j++) {
      sum[j] = _mm256_add_ps(sum[j], _mm256_loadu_ps(x + i + 8 * j));
    }
  }
  for (size_t i = fours; i < whole; i += 8) {
    sum[1] = _mm256_add_ps(sum[1], _mm256_loadu_ps(x + i));
  }
  const __m256 total = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
  return _mm256_set1_ps(csk_sum_avx2(total) / (float)width);
}

/// Returns 1 / √(variance + epsilon) of `width` numbers, in all lanes; the variance is the mean
/// square of x − mean.
CSK_INLINE_AVX2 __m256 csk_row_factor_avx2(
    const float *_Nonnull x, size_t width, __m256 mean, float epsilon) {
  const size_t fours = width / 32 * 32, whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  const __m256 last = _mm256_and_ps(
      _mm256_sub_ps(_mm256_maskload_ps(x + whole, rest), mean), _mm256_castsi256_ps(rest));
  __m256 sum[4] = {_mm256_mul_ps(last, last)};
  for (size_t j = 1; j < 4; j++) sum[j] = _mm256_setzero_ps();
  for (size_t i = 0; i < fours; i += 32) {
    for (size_t j = 0; j < 4; j++) {
      const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(x + i + 8 * j), mean);
      sum[j] = _mm256_fmadd_ps(difference, difference, sum[j]);
    }
  }
  for (size_t i = fours; i < whole; i += 8) {
    const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
    sum[1] = _mm256_fmadd_ps(difference, difference, sum[1]);
  }
  const __m256 squares =
      _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
  const float variance = csk_sum_avx2(squares) / (float)width;
  return _mm256_set1_ps(1 / csk_square_root(variance + epsilon));
}

/// Writes the statistics of the first of `rows` rows, up to CSK_STATISTICS_ROWS of them.
///
/// A row's mean and factor are each the end of a long chain; those of several rows overlap.
CSK_INLINE_AVX2 void csk_rows_statistics_avx2(
    const float *_Nonnull x, size_t rows, size_t width, float epsilon,
    csk_statistics_avx2 *_Nonnull of_rows) {
  const size_t count = rows < CSK_STATISTICS_ROWS ? rows : CSK_STATISTICS_ROWS;
  for (size_t i = 0; i < count; i++) of_rows[i].mean = csk_row_mean_avx2(x + i * width, width);
  for (size_t i = 0; i < count; i++) {
    of_rows[i].factor = csk_row_factor_avx2(x + i * width, width, of_rows[i].mean, epsilon);
  }
}

/// Returns (x − mean) · factor · scale + shift.
CSK_INLINE_AVX2 __m256 csk_normalize_avx2(
    __m256 x, csk_statistics_avx2 row, __m256 scale, __m256 shift) {
  return _mm256_fmadd_ps(_mm256_mul_ps(_mm256_sub_ps(x, row.mean), row.factor), scale, shift);
}

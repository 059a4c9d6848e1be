// What the AVX-512 variants share.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "constants.h"
#include "square-root.h"

#ifndef CSK_TARGET_AVX512
#define CSK_TARGET_AVX512 __attribute__((target("fma,avx512f,avx512bw,avx512dq,avx512vl")))
#endif
#define CSK_INLINE_AVX512 static inline __attribute__((always_inline)) CSK_TARGET_AVX512

/// Returns a mask of the first `count` ≤ 16 lanes.
static inline uint16_t csk_first_lanes_avx512(size_t count) {
  return (uint16_t)((1u << count) - 1);
}

/// Returns the sum of all lanes.
CSK_INLINE_AVX512 float csk_sum_avx512(__m512 v) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Returns the largest lane.
CSK_INLINE_AVX512 float csk_max_avx512(__m512 v) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(v), high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Returns exp(x) = 2ⁿ · exp(r) for x ≤ 0, with n the integer nearest to x / ln 2.
CSK_INLINE_AVX512 __m512 csk_exp_avx512(__m512 x) {
  // A NaN in the second place goes through the maximum.
  x = _mm512_max_ps(_mm512_set1_ps(CSK_EXP_MIN), x);
  const __m512 n = _mm512_roundscale_ps(
      _mm512_mul_ps(x, _mm512_set1_ps(CSK_LOG2_E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(CSK_LN2_HIGH), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(CSK_LN2_LOW), r);
  __m512 tail = _mm512_set1_ps(CSK_EXP_4);
  tail = _mm512_fmadd_ps(tail, r, _mm512_set1_ps(CSK_EXP_3));
  tail = _mm512_fmadd_ps(tail, r, _mm512_set1_ps(CSK_EXP_2));
  tail = _mm512_fmadd_ps(tail, r, _mm512_set1_ps(CSK_EXP_1));
  tail = _mm512_fmadd_ps(tail, r, _mm512_set1_ps(CSK_EXP_0));
  const __m512 head = _mm512_fmadd_ps(_mm512_mul_ps(r, r), tail, r);
  const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
  const __m512 power = _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
  return _mm512_mul_ps(_mm512_add_ps(head, _mm512_set1_ps(1)), power);
}

/// Returns 2ⁿ · 2^f, with n the integer nearest to x; NaN for −∞.
CSK_INLINE_AVX512 __m512 csk_exp2_avx512(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, n);
  __m512 power = _mm512_set1_ps(CSK_EXP2_5);
  power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(CSK_EXP2_4));
  power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(CSK_EXP2_3));
  power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(CSK_EXP2_2));
  power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(CSK_EXP2_1));
  power = _mm512_fmadd_ps(power, f, _mm512_set1_ps(1));
  return _mm512_scalef_ps(power, n);
}

/// Returns v / 2 · (1 + erf(v / √2)) = v / 2 + |v / 2| · erf(|v| / √2).
CSK_INLINE_AVX512 __m512 csk_gelu_avx512(__m512 v) {
  const __m512 half = _mm512_mul_ps(v, _mm512_set1_ps(0.5f));
  const __m512 size = _mm512_abs_ps(half);
  const __m512 t = _mm512_min_ps(
      _mm512_mul_ps(size, _mm512_set1_ps(CSK_ERF_PIECES_PER_HALF)),
      _mm512_set1_ps(CSK_ERF_PIECES_MAX));
  // At 1.5 · 2²³ the unit is 1, so the sum's lowest bits are the integer nearest to t.
  const __m512 shift = _mm512_set1_ps(0x1.8p23f);
  const __m512 shifted = _mm512_add_ps(t, shift);
  const __m512 r = _mm512_sub_ps(t, _mm512_sub_ps(shifted, shift));
  const __m512i piece = _mm512_castps_si512(shifted);
  __m512 erf = _mm512_permutexvar_ps(piece, _mm512_loadu_ps(csk_erf_pieces[4]));
  for (int degree = 3; degree >= 0; degree--) {
    const __m512 coefficients = _mm512_loadu_ps(csk_erf_pieces[degree]);
    erf = _mm512_fmadd_ps(erf, r, _mm512_permutexvar_ps(piece, coefficients));
  }
  return _mm512_fmadd_ps(size, erf, half);
}

/// Returns the bf16 numbers as fp32, exactly.
CSK_INLINE_AVX512 __m512 csk_widen_avx512(__m256i v) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

/// Rounds to bf16 as vcvtneps2bf16 does, see `csk_narrow`.
CSK_INLINE_AVX512 __m256i csk_narrow_avx512(__m512 v) {
  const __m512i bits = _mm512_castps_si512(v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i carry = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
  const __mmask16 is_normal = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7f800000));
  const __mmask16 is_nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  const __m512i sign = _mm512_and_si512(bits, _mm512_set1_epi32((int)0x80000000));
  __m512i result = _mm512_mask_add_epi32(sign, is_normal, bits, carry);
  result = _mm512_mask_or_epi32(result, is_nan, bits, _mm512_set1_epi32(0x400000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(result, 16));
}

/// The mean of a row and the factor 1 / √(variance + epsilon), in all lanes.
typedef struct csk_statistics_avx512 {
  __m512 mean;
  __m512 factor;
} csk_statistics_avx512;

/// Returns the mean of `width` numbers, in all lanes.
CSK_INLINE_AVX512 __m512 csk_row_mean_avx512(const float *_Nonnull x, size_t width) {
  // Four sums hide the latency of the additions.
  const size_t fours = width / 64 * 64, whole = width / 16 * 16;
  const uint16_t rest = csk_first_lanes_avx512(width - whole);
  __m512 sum[4] = {_mm512_maskz_loadu_ps(rest, x + whole)};
  for (size_t j = 1; j < 4; j++) sum[j] = _mm512_setzero_ps();
  for (size_t i = 0; i < fours; i += 64) {
    for (size_t j = 0; j < 4; j++) {
      sum[j] = _mm512_add_ps(sum[j], _mm512_loadu_ps(x + i + 16 * j));
    }
  }
  for (size_t i = fours; i < whole; i += 16) {
    sum[1] = _mm512_add_ps(sum[1], _mm512_loadu_ps(x + i));
  }
  const __m512 total = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  return _mm512_set1_ps(csk_sum_avx512(total) / (float)width);
}

/// Returns 1 / √(variance + epsilon) of `width` numbers, in all lanes; the variance is the mean
/// square of x − mean.
CSK_INLINE_AVX512 __m512 csk_row_factor_avx512(
    const float *_Nonnull x, size_t width, __m512 mean, float epsilon) {
  const size_t fours = width / 64 * 64, whole = width / 16 * 16;
  const uint16_t rest = csk_first_lanes_avx512(width - whole);
  const __m512 last =
      _mm512_maskz_sub_ps(rest, _mm512_maskz_loadu_ps(rest, x + whole), mean);
  __m512 sum[4] = {_mm512_mul_ps(last, last)};
  for (size_t j = 1; j < 4; j++) sum[j] = _mm512_setzero_ps();
  for (size_t i = 0; i < fours; i += 64) {
    for (size_t j = 0; j < 4; j++) {
      const __m512 difference = _mm512_sub_ps(_mm512_loadu_ps(x + i + 16 * j), mean);
      sum[j] = _mm512_fmadd_ps(difference, difference, sum[j]);
    }
  }
  for (size_t i = fours; i < whole; i += 16) {
    const __m512 difference = _mm512_sub_ps(_mm512_loadu_ps(x + i), mean);
    sum[1] = _mm512_fmadd_ps(difference, difference, sum[1]);
  }
  const __m512 squares =
      _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  const float variance = csk_sum_avx512(squares) / (float)width;
  return _mm512_set1_ps(1 / csk_square_root(variance + epsilon));
}

/// Writes the statistics of the first of `rows` rows, up to CSK_STATISTICS_ROWS of them.
///
/// A row's mean and factor are each the end of a long chain; those of several rows overlap.
CSK_INLINE_AVX512 void csk_rows_statistics_avx512(
    const float *_Nonnull x, size_t rows, size_t width, float epsilon,
    csk_statistics_avx512 *_Nonnull of_rows) {
  const size_t count = rows < CSK_STATISTICS_ROWS ? rows : CSK_STATISTICS_ROWS;
  for (size_t i = 0; i < count; i++) of_rows[i].mean = csk_row_mean_avx512(x + i * width, width);
  for (size_t i = 0; i < count; i++) {
    of_rows[i].factor = csk_row_factor_avx512(x + i * width, width, of_rows[i].mean, epsilon);
  }
}

/// Returns (x − mean) · factor · scale + shift.
CSK_INLINE_AVX512 __m512 csk_normalize_avx512(
    __m512 x, csk_statistics_avx512 row, __m512 scale, __m512 shift) {
  return _mm512_fmadd_ps(_mm512_mul_ps(_mm512_sub_ps(x, row.mean), row.factor), scale, shift);
}

/// Returns the largest of `whole` numbers and the `rest` lanes behind them, in all lanes.
CSK_INLINE_AVX512 __m512 csk_row_max_avx512(
    const float *_Nonnull row, size_t whole, uint16_t rest) {
  __m512 largest =
      _mm512_mask_mov_ps(_mm512_set1_ps(row[0]), rest, _mm512_maskz_loadu_ps(rest, row + whole));
  for (size_t i = 0; i < whole; i += 16) {
    largest = _mm512_max_ps(largest, _mm512_loadu_ps(row + i));
  }
  return _mm512_set1_ps(csk_max_avx512(largest));
}

/// Transposes sixteen rows of sixteen 32-bit numbers.
CSK_INLINE_AVX512 void csk_transpose_avx512(__m512 rows[_Nonnull 16]) {
  __m512 pair[16], quad[16], half[16];
  for (size_t i = 0; i < 8; i++) {
    pair[2 * i] = _mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    pair[2 * i + 1] = _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  }
  for (size_t i = 0; i < 16; i += 4) {
    for (size_t j = 0; j < 2; j++) {
      quad[i + 2 * j] = _mm512_shuffle_ps(pair[i + j], pair[i + j + 2], 0x44);
      quad[i + 2 * j + 1] = _mm512_shuffle_ps(pair[i + j], pair[i + j + 2], 0xee);
    }
  }
  // quad[4 · g + c] holds, for four rows from 4 · g on, the columns c, c + 4, c + 8 and c + 12.
  for (size_t i = 0; i < 16; i += 8) {
    for (size_t c = 0; c < 4; c++) {
      half[i + c] = _mm512_shuffle_f32x4(quad[i + c], quad[i + 4 + c], 0x88);
      half[i + 4 + c] = _mm512_shuffle_f32x4(quad[i + c], quad[i + 4 + c], 0xdd);
    }
  }
  for (size_t c = 0; c < 4; c++) {
    rows[c] = _mm512_shuffle_f32x4(half[c], half[8 + c], 0x88);
    rows[8 + c] = _mm512_shuffle_f32x4(half[c], half[8 + c], 0xdd);
    rows[4 + c] = _mm512_shuffle_f32x4(half[4 + c], half[12 + c], 0x88);
    rows[12 + c] = _mm512_shuffle_f32x4(half[4 + c], half[12 + c], 0xdd);
  }
}

/// Two neighbouring bf16 numbers, wherever they lie.
typedef uint32_t csk_bf16_pair __attribute__((aligned(2), may_alias));

/// Returns the pair of bf16 numbers at `from` in all lanes.
CSK_INLINE_AVX512 __m512i csk_broadcast_pair_avx512(const uint16_t *_Nonnull from) {
  return _mm512_set1_epi32((int)*(const csk_bf16_pair *)from);
}

// What the AVX-512 variants share.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "constants.h"

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

/// Returns v / 2 · (1 + erf(v / √2)).
CSK_INLINE_AVX512 __m512 csk_gelu_avx512(__m512 v) {
  const __m512 z = _mm512_mul_ps(v, _mm512_set1_ps(CSK_SQRT_HALF));
  const __m512 u = _mm512_mul_ps(z, z);
  __m512 p = _mm512_set1_ps(CSK_ERF_P5);
  p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(CSK_ERF_P4));
  p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(CSK_ERF_P3));
  p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(CSK_ERF_P2));
  p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(CSK_ERF_P1));
  p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(CSK_ERF_P0));
  __m512 q = _mm512_set1_ps(CSK_ERF_Q5);
  q = _mm512_fmadd_ps(q, u, _mm512_set1_ps(CSK_ERF_Q4));
  q = _mm512_fmadd_ps(q, u, _mm512_set1_ps(CSK_ERF_Q3));
  q = _mm512_fmadd_ps(q, u, _mm512_set1_ps(CSK_ERF_Q2));
  q = _mm512_fmadd_ps(q, u, _mm512_set1_ps(CSK_ERF_Q1));
  q = _mm512_fmadd_ps(q, u, _mm512_set1_ps(1));
  const __m512 inside = _mm512_div_ps(_mm512_mul_ps(z, p), q);
  const __m512 max = _mm512_set1_ps(CSK_ERF_MAX);
  __m512 erf = _mm512_mask_mov_ps(
      inside, _mm512_cmp_ps_mask(z, max, _CMP_GE_OQ), _mm512_set1_ps(1));
  erf = _mm512_mask_mov_ps(
      erf, _mm512_cmp_ps_mask(z, _mm512_set1_ps(-CSK_ERF_MAX), _CMP_LE_OQ), _mm512_set1_ps(-1));
  const __m512 half = _mm512_mul_ps(v, _mm512_set1_ps(0.5f));
  return _mm512_fmadd_ps(half, erf, half);
}

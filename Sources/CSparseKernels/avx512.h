// What the AVX-512 variants share.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

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

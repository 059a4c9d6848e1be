// What the AVX2 variants share.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

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

/// Transposes eight rows of eight floats: to[c · to_stride + r] = from[r · from_stride + c].
CSK_INLINE_AVX2 void csk_transpose_avx2(
    const float *_Nonnull from, size_t from_stride, float *_Nonnull to, size_t to_stride) {
  __m256 row[8], pair[8], quad[8];
  for (size_t i = 0; i < 8; i++) row[i] = _mm256_loadu_ps(from + i * from_stride);
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
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20));
    _mm256_storeu_ps(
        to + (i + 4) * to_stride, _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31));
  }
}

// Functions in AVX2 with names of their own: the products of N:M weights use them in AVX-512 too.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#ifndef CSK_TARGET_AVX2
#define CSK_TARGET_AVX2 __attribute__((target("avx2,fma")))
#endif
#define CSK_INLINE_AVX2 static inline __attribute__((always_inline)) CSK_TARGET_AVX2

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

// Vectors of sixteen fp32 numbers in AVX-512, in the names that the templates are written in, see
// avx2.h.

#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "../constants.h"

// Where avx512bf16.h includes this file, it has these already.
#ifndef CSK_TARGET
#ifndef CSK_TARGET_AVX512
#define CSK_TARGET_AVX512 __attribute__((target("fma,avx512f,avx512bw,avx512dq,avx512vl")))
#endif
#define CSK_TARGET CSK_TARGET_AVX512
#define CSK_INLINE static inline __attribute__((always_inline)) CSK_TARGET

/// Rounds to bf16 as vcvtneps2bf16 does, see `csk_narrow`.
CSK_INLINE __m256i csk_narrow_vector(__m512 v) {
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
#endif

enum {
  /// The numbers of a vector.
  CSK_LANES = 16,
};

typedef __m512 csk_vector;

/// As many bf16 numbers as a vector has lanes.
typedef __m256i csk_bf16_vector;

/// The first lanes of a vector.
typedef __mmask16 csk_lanes;

/// Returns the first `count` ≤ CSK_LANES lanes.
CSK_INLINE csk_lanes csk_first_lanes(size_t count) { return (csk_lanes)((1u << count) - 1); }

CSK_INLINE csk_vector csk_zero(void) { return _mm512_setzero_ps(); }

/// Returns `value` in all lanes.
CSK_INLINE csk_vector csk_set1(float value) { return _mm512_set1_ps(value); }

CSK_INLINE csk_vector csk_load(const float *_Nonnull from) { return _mm512_loadu_ps(from); }

CSK_INLINE csk_vector csk_load_aligned(const float *_Nonnull from) { return _mm512_load_ps(from); }

/// Loads the first lanes and nothing behind them; the others are zero.
CSK_INLINE csk_vector csk_load_first(const float *_Nonnull from, csk_lanes lanes) {
  return _mm512_maskz_loadu_ps(lanes, from);
}

CSK_INLINE void csk_store(float *_Nonnull to, csk_vector v) { _mm512_storeu_ps(to, v); }

CSK_INLINE void csk_store_aligned(float *_Nonnull to, csk_vector v) { _mm512_store_ps(to, v); }

CSK_INLINE void csk_store_first(float *_Nonnull to, csk_lanes lanes, csk_vector v) {
  _mm512_mask_storeu_ps(to, lanes, v);
}

CSK_INLINE csk_vector csk_add(csk_vector a, csk_vector b) { return _mm512_add_ps(a, b); }

CSK_INLINE csk_vector csk_sub(csk_vector a, csk_vector b) { return _mm512_sub_ps(a, b); }

CSK_INLINE csk_vector csk_mul(csk_vector a, csk_vector b) { return _mm512_mul_ps(a, b); }

CSK_INLINE csk_vector csk_div(csk_vector a, csk_vector b) { return _mm512_div_ps(a, b); }

/// Returns the larger numbers; b where one of both is NaN.
CSK_INLINE csk_vector csk_max(csk_vector a, csk_vector b) { return _mm512_max_ps(a, b); }

/// Returns a · b + c, rounded once.
CSK_INLINE csk_vector csk_fma(csk_vector a, csk_vector b, csk_vector c) {
  return _mm512_fmadd_ps(a, b, c);
}

/// Returns c − a · b, rounded once.
CSK_INLINE csk_vector csk_fnma(csk_vector a, csk_vector b, csk_vector c) {
  return _mm512_fnmadd_ps(a, b, c);
}

/// Returns the integers nearest to the numbers, of two equally near the even one.
CSK_INLINE csk_vector csk_round(csk_vector v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// Returns 2ⁿ for integers n whose power is a normal number.
CSK_INLINE csk_vector csk_power_of_two(csk_vector n) {
  const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}

/// Returns the numbers of `lanes`, with zero in the others.
CSK_INLINE csk_vector csk_keep(csk_lanes lanes, csk_vector v) {
  return _mm512_maskz_mov_ps(lanes, v);
}

/// Returns `old` with what `new` has in `lanes`.
CSK_INLINE csk_vector csk_replace(csk_lanes lanes, csk_vector old, csk_vector new) {
  return _mm512_mask_mov_ps(old, lanes, new);
}

/// Returns v, with `other` added where the integers at `values` are not `value`.
CSK_INLINE csk_vector csk_add_where_unequal(
    csk_vector v, const int32_t *_Nonnull values, int32_t value, csk_vector other) {
  const __mmask16 is_same =
      _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(values), _mm512_set1_epi32(value));
  return _mm512_mask_add_ps(v, (__mmask16)~is_same, v, other);
}

/// Returns the sum of all lanes.
CSK_INLINE float csk_lane_sum(csk_vector v) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Returns the largest lane.
CSK_INLINE float csk_lane_max(csk_vector v) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(v), high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Transposes sixteen rows of sixteen numbers of 32 bits.
CSK_INLINE void csk_transpose(csk_vector rows[_Nonnull CSK_LANES]) {
  csk_vector pair[16], quad[16], half[16];
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

/// Returns v / 2 · (1 + erf(v / √2)) = v / 2 + |v / 2| · erf(|v| / √2), with a table.
CSK_INLINE csk_vector csk_gelu(csk_vector v) {
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
CSK_INLINE csk_vector csk_widen_vector(csk_bf16_vector v) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

CSK_INLINE csk_bf16_vector csk_load_bf16(const uint16_t *_Nonnull from) {
  return _mm256_loadu_si256((const __m256i *)from);
}

/// Loads the first lanes and nothing behind them; the others are zero.
CSK_INLINE csk_bf16_vector csk_load_first_bf16(const uint16_t *_Nonnull from, csk_lanes lanes) {
  return _mm256_maskz_loadu_epi16(lanes, from);
}

CSK_INLINE void csk_store_bf16(uint16_t *_Nonnull to, csk_bf16_vector v) {
  _mm256_storeu_si256((__m256i *)to, v);
}

CSK_INLINE void csk_store_first_bf16(uint16_t *_Nonnull to, csk_lanes lanes, csk_bf16_vector v) {
  _mm256_mask_storeu_epi16(to, lanes, v);
}

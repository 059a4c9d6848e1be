// Vectors of eight fp32 numbers in AVX2, in the names that the templates are written in. They stand
// for intrinsics: in an expression of the vectors' own operators the compiler might contract a
// product and a sum, and bits would change.

#pragma once

#include "../avx2.h"
#include "../constants.h"

#define CSK_TARGET CSK_TARGET_AVX2
#define CSK_INLINE CSK_INLINE_AVX2

enum {
  /// The numbers of a vector.
  CSK_LANES = 8,
};

typedef __m256 csk_vector;

/// As many bf16 numbers as a vector has lanes.
typedef __m128i csk_bf16_vector;

/// The first lanes of a vector.
typedef struct csk_lanes {
  size_t count;
  __m256i mask;
} csk_lanes;

/// Returns the first `count` ≤ CSK_LANES lanes.
CSK_INLINE csk_lanes csk_first_lanes(size_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
  return (csk_lanes){.count = count, .mask = mask};
}

CSK_INLINE csk_vector csk_zero(void) { return _mm256_setzero_ps(); }

/// Returns `value` in all lanes.
CSK_INLINE csk_vector csk_set1(float value) { return _mm256_set1_ps(value); }

CSK_INLINE csk_vector csk_load(const float *_Nonnull from) { return _mm256_loadu_ps(from); }

CSK_INLINE csk_vector csk_load_aligned(const float *_Nonnull from) { return _mm256_load_ps(from); }

/// Loads the first lanes and nothing behind them; the others are zero.
CSK_INLINE csk_vector csk_load_first(const float *_Nonnull from, csk_lanes lanes) {
  return _mm256_maskload_ps(from, lanes.mask);
}

CSK_INLINE void csk_store(float *_Nonnull to, csk_vector v) { _mm256_storeu_ps(to, v); }

CSK_INLINE void csk_store_aligned(float *_Nonnull to, csk_vector v) { _mm256_store_ps(to, v); }

CSK_INLINE void csk_store_first(float *_Nonnull to, csk_lanes lanes, csk_vector v) {
  _mm256_maskstore_ps(to, lanes.mask, v);
}

CSK_INLINE csk_vector csk_add(csk_vector a, csk_vector b) { return _mm256_add_ps(a, b); }

CSK_INLINE csk_vector csk_sub(csk_vector a, csk_vector b) { return _mm256_sub_ps(a, b); }

CSK_INLINE csk_vector csk_mul(csk_vector a, csk_vector b) { return _mm256_mul_ps(a, b); }

CSK_INLINE csk_vector csk_div(csk_vector a, csk_vector b) { return _mm256_div_ps(a, b); }

/// Returns the larger numbers; b where one of both is NaN.
CSK_INLINE csk_vector csk_max(csk_vector a, csk_vector b) { return _mm256_max_ps(a, b); }

/// Returns a · b + c, rounded once.
CSK_INLINE csk_vector csk_fma(csk_vector a, csk_vector b, csk_vector c) {
  return _mm256_fmadd_ps(a, b, c);
}

/// Returns c − a · b, rounded once.
CSK_INLINE csk_vector csk_fnma(csk_vector a, csk_vector b, csk_vector c) {
  return _mm256_fnmadd_ps(a, b, c);
}

/// Returns the integers nearest to the numbers, of two equally near the even one.
CSK_INLINE csk_vector csk_round(csk_vector v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// Returns 2ⁿ for integers n whose power is a normal number.
CSK_INLINE csk_vector csk_power_of_two(csk_vector n) {
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}

/// Returns the numbers of `lanes`, with zero in the others.
CSK_INLINE csk_vector csk_keep(csk_lanes lanes, csk_vector v) {
  return _mm256_and_ps(v, _mm256_castsi256_ps(lanes.mask));
}

/// Returns `old` with what `new` has in `lanes`.
CSK_INLINE csk_vector csk_replace(csk_lanes lanes, csk_vector old, csk_vector new) {
  return _mm256_blendv_ps(old, new, _mm256_castsi256_ps(lanes.mask));
}

/// Returns v, with `other` added where the integers at `values` are not `value`.
CSK_INLINE csk_vector csk_add_where_unequal(
    csk_vector v, const int32_t *_Nonnull values, int32_t value, csk_vector other) {
  const __m256i found = _mm256_loadu_si256((const __m256i *)values);
  const __m256i is_same = _mm256_cmpeq_epi32(found, _mm256_set1_epi32(value));
  return _mm256_add_ps(v, _mm256_andnot_ps(_mm256_castsi256_ps(is_same), other));
}

/// Returns the sum of all lanes.
CSK_INLINE float csk_lane_sum(csk_vector v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Returns the largest lane.
CSK_INLINE float csk_lane_max(csk_vector v) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Transposes eight rows of eight numbers.
CSK_INLINE void csk_transpose(csk_vector rows[_Nonnull CSK_LANES]) {
  csk_transpose_in_place_avx2(rows);
}

/// Returns v / 2 · (1 + erf(v / √2)), with a quotient: permutes pick from eight numbers only.
CSK_INLINE csk_vector csk_gelu(csk_vector v) {
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
CSK_INLINE csk_vector csk_widen_vector(csk_bf16_vector v) { return csk_widen_avx2(v); }

/// Rounds to bf16, see `csk_narrow`.
CSK_INLINE csk_bf16_vector csk_narrow_vector(csk_vector v) { return csk_narrow_avx2(v); }

CSK_INLINE csk_bf16_vector csk_load_bf16(const uint16_t *_Nonnull from) {
  return _mm_loadu_si128((const __m128i *)from);
}

/// Loads the first lanes and nothing behind them; the others are zero.
CSK_INLINE csk_bf16_vector csk_load_first_bf16(const uint16_t *_Nonnull from, csk_lanes lanes) {
  // AVX2 masks numbers of 32 bits and more.
  if (lanes.count == CSK_LANES) return csk_load_bf16(from);
  uint16_t numbers[CSK_LANES] = {0};
  for (size_t i = 0; i < lanes.count; i++) numbers[i] = from[i];
  return csk_load_bf16(numbers);
}

CSK_INLINE void csk_store_bf16(uint16_t *_Nonnull to, csk_bf16_vector v) {
  _mm_storeu_si128((__m128i *)to, v);
}

CSK_INLINE void csk_store_first_bf16(uint16_t *_Nonnull to, csk_lanes lanes, csk_bf16_vector v) {
  if (lanes.count == CSK_LANES) {
    csk_store_bf16(to, v);
    return;
  }
  uint16_t numbers[CSK_LANES];
  csk_store_bf16(numbers, v);
  for (size_t i = 0; i < lanes.count; i++) to[i] = numbers[i];
}

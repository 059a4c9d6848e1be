#include "../avx2.h"
#include "../constants.h"
#include "CSparseKernels.h"

CSK_INLINE_AVX2 __m256 gelu(__m256 v) {
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

CSK_TARGET_AVX2 void csk_f32_gelu_row__avx2(float *values, size_t count) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    _mm256_storeu_ps(values + i, gelu(_mm256_loadu_ps(values + i)));
  }
  const __m256i rest = csk_first_lanes_avx2(count - whole);
  const __m256 last = gelu(_mm256_maskload_ps(values + whole, rest));
  _mm256_maskstore_ps(values + whole, rest, last);
}

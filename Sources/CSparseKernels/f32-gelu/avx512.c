#include "../avx512.h"
#include "../constants.h"
#include "CSparseKernels.h"

CSK_INLINE_AVX512 __m512 gelu(__m512 v) {
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

CSK_TARGET_AVX512 void csk_f32_gelu_row__avx512(float *values, size_t count) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    _mm512_storeu_ps(values + i, gelu(_mm512_loadu_ps(values + i)));
  }
  const uint16_t rest = csk_first_lanes_avx512(count - whole);
  const __m512 last = gelu(_mm512_maskz_loadu_ps(rest, values + whole));
  _mm512_mask_storeu_ps(values + whole, rest, last);
}

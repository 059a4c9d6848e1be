#include "../avx512.h"
#include "../constants.h"
#include "CSparseKernels.h"

/// Returns exp(x) = 2ⁿ · exp(r) for x ≤ 0, with n the integer nearest to x / ln 2.
CSK_INLINE_AVX512 __m512 exponential(__m512 x) {
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

CSK_TARGET_AVX512 void csk_f32_softmax_row__avx512(
    float *values, size_t rows, size_t width, size_t stride, float scale) {
  const size_t whole = width / 16 * 16;
  const uint16_t rest = csk_first_lanes_avx512(width - whole);
  const __m512 scales = _mm512_set1_ps(scale);
  for (size_t row = 0; row < rows; row++, values += stride) {
    const __m512 end = _mm512_maskz_loadu_ps(rest, values + whole);
    __m512 largest = _mm512_mask_mov_ps(_mm512_set1_ps(values[0]), rest, end);
    for (size_t i = 0; i < whole; i += 16) {
      largest = _mm512_max_ps(largest, _mm512_loadu_ps(values + i));
    }
    const __m512 max = _mm512_set1_ps(csk_max_avx512(largest));
    const __m512 last = _mm512_maskz_mov_ps(
        rest, exponential(_mm512_mul_ps(_mm512_sub_ps(end, max), scales)));
    __m512 sum = last;
    for (size_t i = 0; i < whole; i += 16) {
      const __m512 below = _mm512_sub_ps(_mm512_loadu_ps(values + i), max);
      const __m512 power = exponential(_mm512_mul_ps(below, scales));
      sum = _mm512_add_ps(sum, power);
      _mm512_storeu_ps(values + i, power);
    }
    const __m512 factor = _mm512_set1_ps(1 / csk_sum_avx512(sum));
    for (size_t i = 0; i < whole; i += 16) {
      _mm512_storeu_ps(values + i, _mm512_mul_ps(_mm512_loadu_ps(values + i), factor));
    }
    _mm512_mask_storeu_ps(values + whole, rest, _mm512_mul_ps(last, factor));
  }
}

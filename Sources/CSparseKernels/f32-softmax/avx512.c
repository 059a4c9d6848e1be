#include "../avx512.h"
#include "CSparseKernels.h"

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
        rest, csk_exp_avx512(_mm512_mul_ps(_mm512_sub_ps(end, max), scales)));
    __m512 sum = last;
    for (size_t i = 0; i < whole; i += 16) {
      const __m512 below = _mm512_sub_ps(_mm512_loadu_ps(values + i), max);
      const __m512 power = csk_exp_avx512(_mm512_mul_ps(below, scales));
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

#include "../avx512.h"
#include "../square-root.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_f32_layer_norm_row__avx512(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, float *y) {
  const size_t whole = width / 16 * 16;
  const uint16_t rest = csk_first_lanes_avx512(width - whole);
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const __m512 end = _mm512_maskz_loadu_ps(rest, x + whole);
    __m512 sum = end;
    for (size_t i = 0; i < whole; i += 16) sum = _mm512_add_ps(sum, _mm512_loadu_ps(x + i));
    const __m512 mean = _mm512_set1_ps(csk_sum_avx512(sum) / (float)width);
    const __m512 last = _mm512_maskz_mov_ps(rest, _mm512_sub_ps(end, mean));
    __m512 squares = _mm512_mul_ps(last, last);
    for (size_t i = 0; i < whole; i += 16) {
      const __m512 difference = _mm512_sub_ps(_mm512_loadu_ps(x + i), mean);
      squares = _mm512_fmadd_ps(difference, difference, squares);
    }
    const float variance = csk_sum_avx512(squares) / (float)width;
    const __m512 factor = _mm512_set1_ps(1 / csk_square_root(variance + epsilon));
    for (size_t i = 0; i < whole; i += 16) {
      const __m512 normal =
          _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(x + i), mean), factor);
      const __m512 result =
          _mm512_fmadd_ps(normal, _mm512_loadu_ps(scale + i), _mm512_loadu_ps(shift + i));
      _mm512_storeu_ps(y + i, result);
    }
    const __m512 result = _mm512_fmadd_ps(
        _mm512_mul_ps(last, factor), _mm512_maskz_loadu_ps(rest, scale + whole),
        _mm512_maskz_loadu_ps(rest, shift + whole));
    _mm512_mask_storeu_ps(y + whole, rest, result);
  }
}

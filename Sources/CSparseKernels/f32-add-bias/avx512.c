#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_f32_add_bias_row__avx512(
    const float *bias, size_t rows, size_t width, float *y) {
  const size_t whole = width / 16 * 16;
  for (size_t row = 0; row < rows; row++, y += width) {
    for (size_t i = 0; i < whole; i += 16) {
      _mm512_storeu_ps(y + i, _mm512_add_ps(_mm512_loadu_ps(y + i), _mm512_loadu_ps(bias + i)));
    }
    for (size_t i = whole; i < width; i++) y[i] += bias[i];
  }
}

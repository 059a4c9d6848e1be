#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_f32_add_bias_row__avx2(
    const float *bias, size_t rows, size_t width, float *y) {
  const size_t whole = width / 8 * 8;
  for (size_t row = 0; row < rows; row++, y += width) {
    for (size_t i = 0; i < whole; i += 8) {
      _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(y + i), _mm256_loadu_ps(bias + i)));
    }
    for (size_t i = whole; i < width; i++) y[i] += bias[i];
  }
}

#include "../avx2.h"
#include "../square-root.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_f32_layer_norm_row__avx2(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, float *y) {
  const size_t whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    __m256 sum = _mm256_maskload_ps(x + whole, rest);
    for (size_t i = 0; i < whole; i += 8) sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
    const __m256 mean = _mm256_set1_ps(csk_sum_avx2(sum) / (float)width);
    const __m256 last = _mm256_and_ps(
        _mm256_sub_ps(_mm256_maskload_ps(x + whole, rest), mean), _mm256_castsi256_ps(rest));
    __m256 squares = _mm256_mul_ps(last, last);
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
      squares = _mm256_fmadd_ps(difference, difference, squares);
    }
    const float variance = csk_sum_avx2(squares) / (float)width;
    const __m256 factor = _mm256_set1_ps(1 / csk_square_root(variance + epsilon));
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 normal =
          _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), mean), factor);
      const __m256 result =
          _mm256_fmadd_ps(normal, _mm256_loadu_ps(scale + i), _mm256_loadu_ps(shift + i));
      _mm256_storeu_ps(y + i, result);
    }
    const __m256 result = _mm256_fmadd_ps(
        _mm256_mul_ps(last, factor), _mm256_maskload_ps(scale + whole, rest),
        _mm256_maskload_ps(shift + whole, rest));
    _mm256_maskstore_ps(y + whole, rest, result);
  }
}

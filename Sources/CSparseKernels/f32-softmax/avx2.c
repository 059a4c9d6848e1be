#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_f32_softmax_row__avx2(
    float *values, size_t rows, size_t width, size_t stride, float scale) {
  const size_t whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  const __m256 rest_lanes = _mm256_castsi256_ps(rest);
  const __m256 scales = _mm256_set1_ps(scale);
  for (size_t row = 0; row < rows; row++, values += stride) {
    const __m256 end = _mm256_maskload_ps(values + whole, rest);
    __m256 largest = _mm256_blendv_ps(_mm256_set1_ps(values[0]), end, rest_lanes);
    for (size_t i = 0; i < whole; i += 8) {
      largest = _mm256_max_ps(largest, _mm256_loadu_ps(values + i));
    }
    const __m256 max = _mm256_set1_ps(csk_max_avx2(largest));
    const __m256 last = _mm256_and_ps(
        csk_exp_avx2(_mm256_mul_ps(_mm256_sub_ps(end, max), scales)), rest_lanes);
    __m256 sum = last;
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 below = _mm256_sub_ps(_mm256_loadu_ps(values + i), max);
      const __m256 power = csk_exp_avx2(_mm256_mul_ps(below, scales));
      sum = _mm256_add_ps(sum, power);
      _mm256_storeu_ps(values + i, power);
    }
    const __m256 factor = _mm256_set1_ps(1 / csk_sum_avx2(sum));
    for (size_t i = 0; i < whole; i += 8) {
      _mm256_storeu_ps(values + i, _mm256_mul_ps(_mm256_loadu_ps(values + i), factor));
    }
    _mm256_maskstore_ps(values + whole, rest, _mm256_mul_ps(last, factor));
  }
}

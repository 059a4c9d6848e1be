#include "../avx2.h"
#include "../constants.h"
#include "CSparseKernels.h"

/// Returns exp(x) = 2ⁿ · exp(r) for x ≤ 0, with n the integer nearest to x / ln 2.
CSK_INLINE_AVX2 __m256 exponential(__m256 x) {
  // A NaN in the second place goes through the maximum.
  x = _mm256_max_ps(_mm256_set1_ps(CSK_EXP_MIN), x);
  const __m256 n = _mm256_round_ps(
      _mm256_mul_ps(x, _mm256_set1_ps(CSK_LOG2_E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(CSK_LN2_HIGH), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(CSK_LN2_LOW), r);
  __m256 tail = _mm256_set1_ps(CSK_EXP_4);
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_3));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_2));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_1));
  tail = _mm256_fmadd_ps(tail, r, _mm256_set1_ps(CSK_EXP_0));
  const __m256 head = _mm256_fmadd_ps(_mm256_mul_ps(r, r), tail, r);
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  return _mm256_mul_ps(_mm256_add_ps(head, _mm256_set1_ps(1)), power);
}

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
        exponential(_mm256_mul_ps(_mm256_sub_ps(end, max), scales)), rest_lanes);
    __m256 sum = last;
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 below = _mm256_sub_ps(_mm256_loadu_ps(values + i), max);
      const __m256 power = exponential(_mm256_mul_ps(below, scales));
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

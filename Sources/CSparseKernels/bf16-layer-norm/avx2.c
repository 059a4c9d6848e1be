#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_bf16_layer_norm_row__avx2(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, uint16_t *y) {
  const size_t whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const csk_statistics_avx2 of_row = csk_row_statistics_avx2(x, width, epsilon);
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 result = csk_normalize_avx2(
          _mm256_loadu_ps(x + i), of_row, _mm256_loadu_ps(scale + i), _mm256_loadu_ps(shift + i));
      _mm_storeu_si128((__m128i *)(y + i), csk_narrow_avx2(result));
    }
    const __m256 result = csk_normalize_avx2(
        _mm256_maskload_ps(x + whole, rest), of_row, _mm256_maskload_ps(scale + whole, rest),
        _mm256_maskload_ps(shift + whole, rest));
    csk_store_part_avx2(y + whole, width - whole, csk_narrow_avx2(result));
  }
}

#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_bf16_layer_norm_row__avx2(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, uint16_t *y) {
  const size_t whole = width / 8 * 8;
  const __m256i rest = csk_first_lanes_avx2(width - whole);
  csk_statistics_avx2 of_rows[CSK_STATISTICS_ROWS];
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const size_t place = row % CSK_STATISTICS_ROWS;
    if (place == 0) csk_rows_statistics_avx2(x, rows - row, width, epsilon, of_rows);
    const csk_statistics_avx2 of_row = of_rows[place];
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

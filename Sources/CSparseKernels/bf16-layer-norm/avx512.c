#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_bf16_layer_norm_row__avx512(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, uint16_t *y) {
  const size_t whole = width / 16 * 16;
  const uint16_t rest = csk_first_lanes_avx512(width - whole);
  csk_statistics_avx512 of_rows[CSK_STATISTICS_ROWS];
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const size_t place = row % CSK_STATISTICS_ROWS;
    if (place == 0) csk_rows_statistics_avx512(x, rows - row, width, epsilon, of_rows);
    const csk_statistics_avx512 of_row = of_rows[place];
    for (size_t i = 0; i < whole; i += 16) {
      const __m512 result = csk_normalize_avx512(
          _mm512_loadu_ps(x + i), of_row, _mm512_loadu_ps(scale + i), _mm512_loadu_ps(shift + i));
      _mm256_storeu_si256((__m256i *)(y + i), csk_narrow_avx512(result));
    }
    const __m512 result = csk_normalize_avx512(
        _mm512_maskz_loadu_ps(rest, x + whole), of_row,
        _mm512_maskz_loadu_ps(rest, scale + whole), _mm512_maskz_loadu_ps(rest, shift + whole));
    _mm256_mask_storeu_epi16(y + whole, rest, csk_narrow_avx512(result));
  }
}

#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_bf16_narrow_row__avx512(
    const float *x, size_t count, uint16_t *y) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    _mm256_storeu_si256((__m256i *)(y + i), csk_narrow_avx512(_mm512_loadu_ps(x + i)));
  }
  const uint16_t rest = csk_first_lanes_avx512(count - whole);
  const __m512 last = _mm512_maskz_loadu_ps(rest, x + whole);
  _mm256_mask_storeu_epi16(y + whole, rest, csk_narrow_avx512(last));
}

#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_bf16_widen_row__avx512(const uint16_t *x, size_t count, float *y) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    _mm512_storeu_ps(y + i, csk_widen_avx512(_mm256_loadu_si256((const __m256i *)(x + i))));
  }
  const uint16_t rest = csk_first_lanes_avx512(count - whole);
  const __m512 last = csk_widen_avx512(_mm256_maskz_loadu_epi16(rest, x + whole));
  _mm512_mask_storeu_ps(y + whole, rest, last);
}

#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_bf16_gelu_row__avx512(uint16_t *values, size_t count) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    __m256i *at = (__m256i *)(values + i);
    const __m512 result = csk_gelu_avx512(csk_widen_avx512(_mm256_loadu_si256(at)));
    _mm256_storeu_si256(at, csk_narrow_avx512(result));
  }
  const uint16_t rest = csk_first_lanes_avx512(count - whole);
  const __m512 last = csk_widen_avx512(_mm256_maskz_loadu_epi16(rest, values + whole));
  _mm256_mask_storeu_epi16(values + whole, rest, csk_narrow_avx512(csk_gelu_avx512(last)));
}

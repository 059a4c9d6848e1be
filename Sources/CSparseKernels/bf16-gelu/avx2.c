#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_bf16_gelu_row__avx2(uint16_t *values, size_t count) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    __m128i *at = (__m128i *)(values + i);
    _mm_storeu_si128(at, csk_narrow_avx2(csk_gelu_avx2(csk_widen_avx2(_mm_loadu_si128(at)))));
  }
  const __m256 last = csk_widen_avx2(csk_load_part_avx2(values + whole, count - whole));
  csk_store_part_avx2(values + whole, count - whole, csk_narrow_avx2(csk_gelu_avx2(last)));
}

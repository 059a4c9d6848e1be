#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_bf16_narrow_row__avx2(const float *x, size_t count, uint16_t *y) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    _mm_storeu_si128((__m128i *)(y + i), csk_narrow_avx2(_mm256_loadu_ps(x + i)));
  }
  const __m256i rest = csk_first_lanes_avx2(count - whole);
  const __m128i last = csk_narrow_avx2(_mm256_maskload_ps(x + whole, rest));
  csk_store_part_avx2(y + whole, count - whole, last);
}

#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_bf16_widen_row__avx2(const uint16_t *x, size_t count, float *y) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    _mm256_storeu_ps(y + i, csk_widen_avx2(_mm_loadu_si128((const __m128i *)(x + i))));
  }
  const __m256 last = csk_widen_avx2(csk_load_part_avx2(x + whole, count - whole));
  _mm256_maskstore_ps(y + whole, csk_first_lanes_avx2(count - whole), last);
}

#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_f32_gelu_row__avx512(float *values, size_t count) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    _mm512_storeu_ps(values + i, csk_gelu_avx512(_mm512_loadu_ps(values + i)));
  }
  const uint16_t rest = csk_first_lanes_avx512(count - whole);
  const __m512 last = csk_gelu_avx512(_mm512_maskz_loadu_ps(rest, values + whole));
  _mm512_mask_storeu_ps(values + whole, rest, last);
}

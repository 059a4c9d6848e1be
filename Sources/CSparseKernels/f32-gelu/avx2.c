#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_f32_gelu_row__avx2(float *values, size_t count) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    _mm256_storeu_ps(values + i, csk_gelu_avx2(_mm256_loadu_ps(values + i)));
  }
  const __m256i rest = csk_first_lanes_avx2(count - whole);
  const __m256 last = csk_gelu_avx2(_mm256_maskload_ps(values + whole, rest));
  _mm256_maskstore_ps(values + whole, rest, last);
}

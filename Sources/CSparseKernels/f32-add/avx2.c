#include "../avx2.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX2 void csk_f32_add_row__avx2(const float *x, size_t count, float *y) {
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(y + i), _mm256_loadu_ps(x + i)));
  }
  for (size_t i = whole; i < count; i++) y[i] += x[i];
}

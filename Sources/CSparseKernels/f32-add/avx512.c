#include "../avx512.h"
#include "CSparseKernels.h"

CSK_TARGET_AVX512 void csk_f32_add_row__avx512(const float *x, size_t count, float *y) {
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    _mm512_storeu_ps(y + i, _mm512_add_ps(_mm512_loadu_ps(y + i), _mm512_loadu_ps(x + i)));
  }
  for (size_t i = whole; i < count; i++) y[i] += x[i];
}

#include "CSparseKernels.h"

void csk_f32_add_row__scalar(const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

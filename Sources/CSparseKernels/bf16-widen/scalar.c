#include "../scalar.h"
#include "CSparseKernels.h"

void csk_bf16_widen_row__scalar(const uint16_t *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = csk_widen(x[i]);
}

#include "../scalar.h"
#include "CSparseKernels.h"

void csk_bf16_narrow_row__scalar(const float *x, size_t count, uint16_t *y) {
  for (size_t i = 0; i < count; i++) y[i] = csk_narrow(x[i]);
}

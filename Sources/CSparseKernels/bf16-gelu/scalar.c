#include "../scalar.h"
#include "CSparseKernels.h"

// v = v / 2 · (1 + erf(v / √2)), computed in fp32 and rounded to bf16.
void csk_bf16_gelu_row__scalar(uint16_t *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    values[i] = csk_narrow(csk_gelu_scalar(csk_widen(values[i])));
  }
}

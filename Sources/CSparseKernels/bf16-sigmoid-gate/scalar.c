#include "../scalar.h"
#include "CSparseKernels.h"

// v = v · σ(v · (linear + cubic · v²)), computed in fp32 and rounded to bf16.
void csk_bf16_sigmoid_gate_row__scalar(
    uint16_t *values, size_t count, float linear, float cubic) {
  for (size_t i = 0; i < count; i++) {
    values[i] = csk_narrow(csk_sigmoid_gate_scalar(csk_widen(values[i]), linear, cubic));
  }
}

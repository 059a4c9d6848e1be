#include "../scalar.h"
#include "CSparseKernels.h"

// v = v · σ(v · (linear + cubic · v²)).
void csk_f32_sigmoid_gate_row__scalar(
    float *values, size_t count, float linear, float cubic) {
  for (size_t i = 0; i < count; i++) {
    values[i] = csk_sigmoid_gate_scalar(values[i], linear, cubic);
  }
}

#include "../scalar.h"
#include "CSparseKernels.h"

// v = v / 2 · (1 + erf(v / √2)).
void csk_f32_gelu_row__scalar(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = csk_gelu_scalar(values[i]);
}

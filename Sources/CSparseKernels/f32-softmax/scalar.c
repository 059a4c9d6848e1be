#include "../scalar.h"
#include "CSparseKernels.h"

// v = exp((v − max) · scale) / Σ exp((v − max) · scale).
void csk_f32_softmax_row__scalar(
    float *values, size_t rows, size_t width, size_t stride, float scale) {
  for (size_t row = 0; row < rows; row++, values += stride) {
    float max = values[0];
    for (size_t i = 1; i < width; i++) max = values[i] > max ? values[i] : max;
    float sum = 0;
    for (size_t i = 0; i < width; i++) {
      values[i] = csk_exp_scalar((values[i] - max) * scale);
      sum += values[i];
    }
    const float factor = 1 / sum;
    for (size_t i = 0; i < width; i++) values[i] *= factor;
  }
}

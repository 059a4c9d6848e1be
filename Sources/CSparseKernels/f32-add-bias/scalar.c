#include "CSparseKernels.h"

void csk_f32_add_bias_row__scalar(const float *bias, size_t rows, size_t width, float *y) {
  for (size_t row = 0; row < rows; row++, y += width) {
    for (size_t i = 0; i < width; i++) y[i] += bias[i];
  }
}

#include "../scalar.h"
#include "../square-root.h"
#include "CSparseKernels.h"

// y = (x − mean) / √(variance + epsilon) · scale + shift, rounded to bf16; the variance is the mean
// square of x − mean.
void csk_bf16_layer_norm_row__scalar(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, uint16_t *y) {
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    float sum = 0;
    for (size_t i = 0; i < width; i++) sum += x[i];
    const float mean = sum / (float)width;
    float squares = 0;
    for (size_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    const float factor = 1 / csk_square_root(squares / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) {
      y[i] = csk_narrow((x[i] - mean) * factor * scale[i] + shift[i]);
    }
  }
}

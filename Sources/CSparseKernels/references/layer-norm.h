// The reference of LayerNorm, for the elements that the including file has chosen.

#pragma once

#include "../scalar.h"
#include "../square-root.h"

// y = (x − mean) / √(variance + epsilon) · scale + shift; the variance is the mean square of
// x − mean.
static inline void normalize_rows(
    const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,
    const float *_Nonnull shift, float epsilon, element *_Nonnull y) {
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    float sum = 0;
    for (size_t i = 0; i < width; i++) sum += x[i];
    const float mean = sum / (float)width;
    float squares = 0;
    for (size_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    const float factor = 1 / csk_square_root(squares / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) {
      y[i] = narrowed((x[i] - mean) * factor * scale[i] + shift[i]);
    }
  }
}

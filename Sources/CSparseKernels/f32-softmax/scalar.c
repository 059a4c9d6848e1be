#include <string.h>

#include "../constants.h"
#include "CSparseKernels.h"

// The reference rounds after every operation, whatever the compiler is told.
#pragma STDC FP_CONTRACT OFF

// exp(x) = 2ⁿ · exp(r), with n the integer nearest to x / ln 2; x ≤ 0 or NaN.
static float exponential(float x) {
  if (x < CSK_EXP_MIN) x = CSK_EXP_MIN;
  const int n = x <= 0 ? (int)(x * CSK_LOG2_E - 0.5f) : 0;
  const float r = x - (float)n * CSK_LN2_HIGH - (float)n * CSK_LN2_LOW;
  const float tail =
      CSK_EXP_0 + r * (CSK_EXP_1 + r * (CSK_EXP_2 + r * (CSK_EXP_3 + r * CSK_EXP_4)));
  const uint32_t power_bits = (uint32_t)(n + 127) << 23;
  float power = 0;
  memcpy(&power, &power_bits, sizeof power);
  return (1 + (r + r * r * tail)) * power;
}

// v = exp((v − max) · scale) / Σ exp((v − max) · scale).
void csk_f32_softmax_row__scalar(
    float *values, size_t rows, size_t width, size_t stride, float scale) {
  for (size_t row = 0; row < rows; row++, values += stride) {
    float max = values[0];
    for (size_t i = 1; i < width; i++) max = values[i] > max ? values[i] : max;
    float sum = 0;
    for (size_t i = 0; i < width; i++) {
      values[i] = exponential((values[i] - max) * scale);
      sum += values[i];
    }
    const float factor = 1 / sum;
    for (size_t i = 0; i < width; i++) values[i] *= factor;
  }
}

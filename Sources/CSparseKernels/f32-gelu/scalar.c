#include "../constants.h"
#include "CSparseKernels.h"

// The reference rounds after every operation, whatever the compiler is told.
#pragma STDC FP_CONTRACT OFF

static float error_function(float z) {
  if (z >= CSK_ERF_MAX) return 1;
  if (z <= -CSK_ERF_MAX) return -1;
  const float u = z * z;
  const float p =
      CSK_ERF_P0 +
      u * (CSK_ERF_P1 +
           u * (CSK_ERF_P2 + u * (CSK_ERF_P3 + u * (CSK_ERF_P4 + u * CSK_ERF_P5))));
  const float q =
      1 + u * (CSK_ERF_Q1 +
               u * (CSK_ERF_Q2 + u * (CSK_ERF_Q3 + u * (CSK_ERF_Q4 + u * CSK_ERF_Q5))));
  return z * p / q;
}

// v = v / 2 · (1 + erf(v / √2)).
void csk_f32_gelu_row__scalar(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    values[i] = 0.5f * values[i] * (1 + error_function(values[i] * CSK_SQRT_HALF));
  }
}

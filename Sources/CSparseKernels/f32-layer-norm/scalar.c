#include "../references/f32.h"
#include "../references/layer-norm.h"
#include "CSparseKernels.h"

void csk_f32_layer_norm_row__scalar(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, float *y) {
  normalize_rows(x, rows, width, scale, shift, epsilon, y);
}

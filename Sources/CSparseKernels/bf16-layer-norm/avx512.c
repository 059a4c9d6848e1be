#include "../vectors/avx512.h"
#include "../elements/bf16.h"
#include "../templates/layer-norm.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_bf16_layer_norm_row__avx512(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, uint16_t *y) {
  normalize_rows(x, rows, width, scale, shift, epsilon, y);
}

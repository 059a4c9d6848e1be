#include "../vectors/avx2.h"
#include "../elements/f32.h"
#include "../templates/layer-norm.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_layer_norm_row__avx2(
    const float *x, size_t rows, size_t width, const float *scale, const float *shift,
    float epsilon, float *y) {
  normalize_rows(x, rows, width, scale, shift, epsilon, y);
}

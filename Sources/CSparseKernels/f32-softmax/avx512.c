#include "../vectors/avx512.h"
#include "../templates/softmax.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_softmax_row__avx512(
    float *values, size_t rows, size_t width, size_t stride, float scale) {
  softmax_rows(values, rows, width, stride, scale);
}

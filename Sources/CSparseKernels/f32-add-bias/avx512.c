#include "../vectors/avx512.h"
#include "../templates/additions.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_add_bias_row__avx512(
    const float *bias, size_t rows, size_t width, float *y) {
  add_to_rows(bias, rows, width, y);
}

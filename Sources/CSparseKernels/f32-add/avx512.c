#include "../vectors/avx512.h"
#include "../templates/additions.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_add_row__avx512(const float *x, size_t count, float *y) {
  add_to_rows(x, 1, count, y);
}

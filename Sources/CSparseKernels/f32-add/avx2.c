#include "../vectors/avx2.h"
#include "../templates/additions.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_add_row__avx2(const float *x, size_t count, float *y) {
  add_to_rows(x, 1, count, y);
}

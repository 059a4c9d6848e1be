#include "../vectors/avx512.h"
#include "../elements/bf16.h"
#include "../templates/conversions.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_bf16_widen_row__avx512(const uint16_t *x, size_t count, float *y) {
  widen_row(x, count, y);
}

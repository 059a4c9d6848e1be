#include "../vectors/avx2.h"
#include "../elements/bf16.h"
#include "../templates/conversions.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_bf16_narrow_row__avx2(const float *x, size_t count, uint16_t *y) {
  narrow_row(x, count, y);
}

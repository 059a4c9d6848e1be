#include "../vectors/avx2.h"
#include "../elements/f32.h"
#include "../templates/gelu.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_gelu_row__avx2(float *values, size_t count) {
  gelu_row(values, count);
}

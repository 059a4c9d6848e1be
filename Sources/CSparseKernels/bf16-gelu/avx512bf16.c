#include "../vectors/avx512bf16.h"
#include "../elements/bf16.h"
#include "../templates/gelu.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_bf16_gelu_row__avx512bf16(uint16_t *values, size_t count) {
  gelu_row(values, count);
}

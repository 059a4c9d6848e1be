#include "../references/bf16.h"
#include "../references/nm-multiply.h"
#include "CSparseKernels.h"

void csk_bf16_nm_multiply_80__scalar(
    const csk_f32_nm_weights *weights, const uint16_t *x, size_t tokens, const float *bias,
    csk_epilogue epilogue, void *y, float *scratch) {
  (void)scratch;
  multiply(weights, x, tokens, bias, epilogue, y);
}

#include "../references/f32.h"
#include "../references/nm-multiply.h"
#include "CSparseKernels.h"

void csk_f32_nm_multiply_80__scalar(
    const csk_f32_nm_weights *weights, const float *x, size_t tokens, const float *bias,
    csk_epilogue epilogue, float *y, float *scratch) {
  (void)scratch;
  multiply(weights, x, tokens, bias, epilogue, y);
}

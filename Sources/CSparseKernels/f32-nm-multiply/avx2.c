#include "../templates/nm-multiply-avx2.h"

CSK_TARGET void csk_f32_nm_multiply_80__avx2(
    const csk_f32_nm_weights *weights, const float *x, size_t tokens, const float *bias,
    csk_epilogue epilogue, float *y, float *scratch) {
  csk_multiply_tiles(
      false, weights, x, tokens, bias, epilogue, y, scratch, CSK_LANES, REGISTERS,
      add_block_by_registers, csk_f32_gelu_row__avx2);
}

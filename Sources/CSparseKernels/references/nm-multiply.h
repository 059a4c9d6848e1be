// The reference of products of N:M weights, for the elements that the including file has chosen.

#pragma once

#include "../scalar.h"

// y[t][o] = bias[o] + Σ value · x[t][column], summed in the order of the columns.
static inline void multiply(
    const csk_f32_nm_weights *_Nonnull weights, const element *_Nonnull x, size_t tokens,
    const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y) {
  const size_t outputs = weights->outputs;
  const size_t inputs = weights->inputs;
  const size_t block_inputs = csk_f32_nm_block_inputs(weights->group_size);
  for (size_t token = 0; token < tokens; token++) {
    for (size_t output = 0; output < outputs; output++) {
      float sum = bias ? bias[output] : 0;
      size_t block_start = 0;
      for (size_t input = 0; input < inputs; input += block_inputs) {
        size_t width = inputs - input < block_inputs ? inputs - input : block_inputs;
        size_t kept = csk_f32_nm_kept(weights->kept, weights->group_size, width);
        const float *values = weights->values + block_start + output * kept;
        const uint8_t *columns = weights->columns + block_start + output * kept;
        for (size_t place = 0; place < kept; place++) {
          sum += values[place] * widened(x[token * inputs + input + columns[place]]);
        }
        block_start += outputs * kept;
      }
      csk_finish(is_bf16, sum, epilogue, y, token * outputs + output);
    }
  }
}

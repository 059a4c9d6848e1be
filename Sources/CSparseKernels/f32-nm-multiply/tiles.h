// What the vector variants of N:M multiplication share: tiles of tokens and the loop over them.

#pragma once

#include "../avx2.h"
#include "CSparseKernels.h"

/// Adds the products of one block of inputs to the sums of some outputs of a tile.
///
/// `values` and `columns` hold `kept` weights for each output, `x` the block's inputs and `sums`
/// the outputs, each with the tokens of a tile side by side. Sums start from the bias, or from zero
/// without one, where `is_first` is set.
typedef void (*csk_add_block_fn)(
    const float *_Nonnull values, const uint8_t *_Nonnull columns, size_t kept,
    const float *_Nonnull x, size_t outputs, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums);

/// Lays the first `count` tokens of x down as to[input][token]; from `count` to `padded` is zero.
CSK_INLINE_AVX2 void csk_transpose_in(
    const float *_Nonnull x, size_t inputs, size_t count, size_t padded, float *_Nonnull to) {
  for (size_t token = 0; token < padded; token += 8) {
    const float *from = x + token * inputs;
    size_t input = 0;
    if (token + 8 <= count) {
      for (; input + 8 <= inputs; input += 8) {
        csk_transpose_avx2(from + input, inputs, to + input * CSK_TILE_TOKENS + token,
                           CSK_TILE_TOKENS);
      }
    }
    for (; input < inputs; input++) {
      for (size_t i = 0; i < 8; i++) {
        to[input * CSK_TILE_TOKENS + token + i] =
            token + i < count ? from[i * inputs + input] : 0;
      }
    }
  }
}

/// Lays sums[output][token] down as rows of y, `stride` floats apart, for `count` tokens.
CSK_INLINE_AVX2 void csk_transpose_out(
    const float *_Nonnull sums, size_t outputs, size_t count, float *_Nonnull y, size_t stride) {
  for (size_t token = 0; token < count; token += 8) {
    float *to = y + token * stride;
    size_t output = 0;
    if (token + 8 <= count) {
      for (; output + 8 <= outputs; output += 8) {
        csk_transpose_avx2(sums + output * CSK_TILE_TOKENS + token, CSK_TILE_TOKENS, to + output,
                           stride);
      }
    }
    for (; output < outputs; output++) {
      for (size_t i = 0; i < 8 && token + i < count; i++) {
        to[i * stride + output] = sums[output * CSK_TILE_TOKENS + token + i];
      }
    }
  }
}

/// Multiplies tile by tile; `add_block[n − 1]` serves tiles of n registers of `lanes` tokens.
///
/// Tiles are as large as `registers_max` allows and as equal as can be, since a short last tile
/// takes nearly as long as a full one.
CSK_INLINE_AVX2 void csk_multiply_tiles(
    const csk_f32_nm_weights *_Nonnull weights, const float *_Nonnull x, size_t tokens,
    const float *_Nullable bias, float *_Nonnull y, float *_Nonnull scratch, size_t lanes,
    size_t registers_max, const csk_add_block_fn _Nonnull *_Nonnull add_block) {
  const size_t inputs = weights->inputs;
  const size_t outputs = weights->outputs;
  const size_t block_inputs = csk_f32_nm_block_inputs(weights->group_size);
  float *tile = (float *)(((uintptr_t)scratch + 63) / 64 * 64);
  float *sums = tile + inputs * CSK_TILE_TOKENS;
  size_t registers_left = (tokens + lanes - 1) / lanes;
  size_t tiles_left = (registers_left + registers_max - 1) / registers_max;
  for (size_t token = 0; token < tokens; tiles_left--) {
    const size_t registers = (registers_left + tiles_left - 1) / tiles_left;
    const size_t rest = tokens - token;
    const size_t count = rest < registers * lanes ? rest : registers * lanes;
    csk_transpose_in(x + token * inputs, inputs, count, registers * lanes, tile);
    for (size_t output = 0; output < outputs; output += CSK_TILE_OUTPUTS) {
      const size_t rest_outputs = outputs - output;
      const size_t width = rest_outputs < CSK_TILE_OUTPUTS ? rest_outputs : CSK_TILE_OUTPUTS;
      size_t block_start = 0;
      for (size_t input = 0; input < inputs; input += block_inputs) {
        const size_t block = inputs - input < block_inputs ? inputs - input : block_inputs;
        const size_t kept = csk_f32_nm_kept(weights->kept, weights->group_size, block);
        const size_t start = block_start + output * kept;
        add_block[registers - 1](
            weights->values + start, weights->columns + start, kept,
            tile + input * CSK_TILE_TOKENS, width, input == 0, bias ? bias + output : NULL, sums);
        block_start += outputs * kept;
      }
      csk_transpose_out(sums, width, count, y + token * outputs + output, outputs);
    }
    token += count;
    registers_left -= registers;
  }
}

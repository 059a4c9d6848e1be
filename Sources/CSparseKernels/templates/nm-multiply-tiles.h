// What the vector variants of N:M multiplication share: tiles of tokens and the loop over them, for
// fp32 and for bf16 activations, which are widened as a tile is laid out. Both variants transpose
// eight by eight in AVX2, hence its own names.

#pragma once

#include "../avx2.h"
#include "../scalar.h"
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
    bool is_bf16, const void *_Nonnull x, size_t inputs, size_t count, size_t padded,
    float *_Nonnull to) {
  for (size_t token = 0; token < padded; token += 8) {
    const float *wide = (const float *)x + token * inputs;
    const uint16_t *narrow = (const uint16_t *)x + token * inputs;
    size_t input = 0;
    if (token + 8 <= count) {
      for (; input + 8 <= inputs; input += 8) {
        __m256 row[8];
        for (size_t i = 0; i < 8; i++) {
          const size_t place = i * inputs + input;
          row[i] = is_bf16
              ? csk_widen_avx2(_mm_loadu_si128((const __m128i *)(narrow + place)))
              : _mm256_loadu_ps(wide + place);
        }
        csk_transpose_rows_avx2(row, to + input * CSK_TILE_TOKENS + token, CSK_TILE_TOKENS);
      }
    }
    for (; input < inputs; input++) {
      for (size_t i = 0; i < 8; i++) {
        const size_t place = i * inputs + input;
        float value = 0;
        if (token + i < count) value = is_bf16 ? csk_widen(narrow[place]) : wide[place];
        to[input * CSK_TILE_TOKENS + token + i] = value;
      }
    }
  }
}

/// Brings eight neighbouring sums of a token to where the epilogue wants them.
CSK_INLINE_AVX2 void csk_finish_eight(
    bool is_bf16, __m256 sums, csk_epilogue epilogue, void *_Nonnull y, size_t place) {
  if (epilogue == CSK_ADD) {
    float *to = (float *)y + place;
    _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), sums));
  } else if (is_bf16) {
    _mm_storeu_si128((__m128i *)((uint16_t *)y + place), csk_narrow_avx2(sums));
  } else {
    _mm256_storeu_ps((float *)y + place, sums);
  }
}

/// Brings sums[output][token] to rows of y that are `stride` numbers apart, for `count` tokens.
CSK_INLINE_AVX2 void csk_transpose_out(
    bool is_bf16, float *_Nonnull sums, size_t outputs, size_t count, csk_epilogue epilogue,
    void *_Nonnull y, size_t first, size_t stride, csk_f32_gelu_fn _Nonnull gelu) {
  if (epilogue == CSK_STORE_GELU) {
    for (size_t output = 0; output < outputs; output++) {
      gelu(sums + output * CSK_TILE_TOKENS, count);
    }
    epilogue = CSK_STORE;
  }
  for (size_t token = 0; token < count; token += 8) {
    const size_t start = first + token * stride;
    size_t output = 0;
    if (token + 8 <= count) {
      for (; output + 8 <= outputs; output += 8) {
        __m256 row[8];
        for (size_t i = 0; i < 8; i++) {
          row[i] = _mm256_loadu_ps(sums + (output + i) * CSK_TILE_TOKENS + token);
        }
        csk_transpose_in_place_avx2(row);
        for (size_t i = 0; i < 8; i++) {
          csk_finish_eight(is_bf16, row[i], epilogue, y, start + i * stride + output);
        }
      }
    }
    for (; output < outputs; output++) {
      for (size_t i = 0; i < 8 && token + i < count; i++) {
        const float sum = sums[output * CSK_TILE_TOKENS + token + i];
        const size_t place = start + i * stride + output;
        csk_finish(is_bf16, sum, epilogue, y, place);
      }
    }
  }
}

/// Multiplies tile by tile; `add_block[n − 1]` serves tiles of n registers of `lanes` tokens, and
/// `gelu` is the instruction set's.
///
/// Tiles are as large as `registers_max` allows and as equal as can be, since a short last tile
/// takes nearly as long as a full one.
CSK_INLINE_AVX2 void csk_multiply_tiles(
    bool is_bf16, const csk_f32_nm_weights *_Nonnull weights, const void *_Nonnull x,
    size_t tokens, const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y,
    float *_Nonnull scratch, size_t lanes, size_t registers_max,
    const csk_add_block_fn _Nonnull *_Nonnull add_block, csk_f32_gelu_fn _Nonnull gelu) {
  const size_t inputs = weights->inputs;
  const size_t outputs = weights->outputs;
  const size_t block_inputs = csk_f32_nm_block_inputs(weights->group_size);
  const size_t size = is_bf16 ? sizeof(uint16_t) : sizeof(float);
  float *tile = (float *)(((uintptr_t)scratch + 63) / 64 * 64);
  float *sums = tile + inputs * CSK_TILE_TOKENS;
  size_t registers_left = (tokens + lanes - 1) / lanes;
  size_t tiles_left = (registers_left + registers_max - 1) / registers_max;
  for (size_t token = 0; token < tokens; tiles_left--) {
    const size_t registers = (registers_left + tiles_left - 1) / tiles_left;
    const size_t rest = tokens - token;
    const size_t count = rest < registers * lanes ? rest : registers * lanes;
    const uint8_t *rows = (const uint8_t *)x + token * inputs * size;
    csk_transpose_in(is_bf16, rows, inputs, count, registers * lanes, tile);
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
      csk_transpose_out(
          is_bf16, sums, width, count, epilogue, y, token * outputs + output, outputs,
          gelu);
    }
    token += count;
    registers_left -= registers;
  }
}

/// Defines `add_block_<registers>`, the `add_block` of a tile of so many registers.
#define ADD_BLOCK(registers)                                                                    \
  CSK_TARGET static void add_block_##registers(                                                 \
      const float *_Nonnull values, const uint8_t *_Nonnull columns, size_t kept,               \
      const float *_Nonnull x, size_t outputs, bool is_first, const float *_Nullable bias,      \
      float *_Nonnull sums) {                                                                   \
    add_block(registers, values, columns, kept, x, outputs, is_first, bias, sums);              \
  }

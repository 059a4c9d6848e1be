// As the AVX2 variant, with 16 tokens to a register: 5 registers hold a tile, and two outputs take
// turns so that 10 sums are under way. Each sum takes its products in the same order.

#pragma once

#include "../avx512.h"
#include "tiles.h"

enum { TILE = CSK_TILE_TOKENS, LANES = 16, REGISTERS = TILE / LANES, TURNS = 2 };

/// Adds the products of a block (see csk_add_block_fn) for `turns` ≤ 2 neighbouring outputs.
CSK_INLINE_AVX512 void add_outputs(
    size_t registers, size_t turns, const float *_Nonnull values, const uint8_t *_Nonnull columns,
    size_t kept, const float *_Nonnull x, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums) {
  __m512 sum[TURNS][REGISTERS];
  for (size_t turn = 0; turn < turns; turn++) {
    const __m512 start = is_first && bias ? _mm512_set1_ps(bias[turn]) : _mm512_setzero_ps();
    for (size_t i = 0; i < registers; i++) {
      sum[turn][i] = is_first ? start : _mm512_load_ps(sums + turn * TILE + i * LANES);
    }
  }
#pragma clang loop unroll_count(2)
  for (size_t place = 0; place < kept; place++) {
    for (size_t turn = 0; turn < turns; turn++) {
      const __m512 value = _mm512_set1_ps(values[turn * kept + place]);
      const float *tokens = x + (size_t)columns[turn * kept + place] * TILE;
      for (size_t i = 0; i < registers; i++) {
        sum[turn][i] = _mm512_fmadd_ps(value, _mm512_load_ps(tokens + i * LANES), sum[turn][i]);
      }
    }
  }
  for (size_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < registers; i++) {
      _mm512_store_ps(sums + turn * TILE + i * LANES, sum[turn][i]);
    }
  }
}

/// Adds the products of a block of inputs (see csk_add_block_fn) to `registers` ≤ 5 of a tile.
CSK_INLINE_AVX512 void add_block(
    size_t registers, const float *_Nonnull values, const uint8_t *_Nonnull columns, size_t kept,
    const float *_Nonnull x, size_t outputs, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums) {
  size_t output = 0;
  for (; output + TURNS <= outputs; output += TURNS) {
    add_outputs(registers, TURNS, values + output * kept, columns + output * kept, kept, x,
                is_first, bias ? bias + output : NULL, sums + output * TILE);
  }
  if (output < outputs) {
    add_outputs(registers, 1, values + output * kept, columns + output * kept, kept, x, is_first,
                bias ? bias + output : NULL, sums + output * TILE);
  }
}

#define ADD_BLOCK(registers)                                                                    \
  CSK_TARGET_AVX512 static void add_block_##registers(                                          \
      const float *_Nonnull values, const uint8_t *_Nonnull columns, size_t kept,               \
      const float *_Nonnull x, size_t outputs, bool is_first, const float *_Nullable bias,      \
      float *_Nonnull sums) {                                                                   \
    add_block(registers, values, columns, kept, x, outputs, is_first, bias, sums);              \
  }

ADD_BLOCK(1)
ADD_BLOCK(2)
ADD_BLOCK(3)
ADD_BLOCK(4)
ADD_BLOCK(5)

static const csk_add_block_fn _Nonnull add_block_by_registers[] = {
    add_block_1, add_block_2, add_block_3, add_block_4, add_block_5,
};

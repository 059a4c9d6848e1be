// As the AVX2 variant, with 16 tokens to a register: 5 registers hold a tile, and two outputs take
// turns so that ten sums are under way. Each sum takes its products in the same order.

#pragma once

#include "../vectors/avx512.h"
#include "nm-multiply-tiles.h"

enum { TILE = CSK_TILE_TOKENS, REGISTERS = TILE / CSK_LANES, TURNS = 2 };

/// Adds the products of a block (see csk_add_block_fn) for `turns` ≤ 2 neighbouring outputs.
CSK_INLINE void add_outputs(
    size_t registers, size_t turns, const float *_Nonnull values, const uint8_t *_Nonnull columns,
    size_t kept, const float *_Nonnull x, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums) {
  csk_vector sum[TURNS][REGISTERS];
  for (size_t turn = 0; turn < turns; turn++) {
    const csk_vector start = is_first && bias ? csk_set1(bias[turn]) : csk_zero();
    for (size_t i = 0; i < registers; i++) {
      sum[turn][i] = is_first ? start : csk_load_aligned(sums + turn * TILE + i * CSK_LANES);
    }
  }
#pragma clang loop unroll_count(2)
  for (size_t place = 0; place < kept; place++) {
    for (size_t turn = 0; turn < turns; turn++) {
      const csk_vector value = csk_set1(values[turn * kept + place]);
      const float *tokens = x + (size_t)columns[turn * kept + place] * TILE;
      for (size_t i = 0; i < registers; i++) {
        sum[turn][i] = csk_fma(value, csk_load_aligned(tokens + i * CSK_LANES), sum[turn][i]);
      }
    }
  }
  for (size_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < registers; i++) {
      csk_store_aligned(sums + turn * TILE + i * CSK_LANES, sum[turn][i]);
    }
  }
}

/// Adds the products of a block of inputs (see csk_add_block_fn) to `registers` ≤ 5 of a tile.
CSK_INLINE void add_block(
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

ADD_BLOCK(1)
ADD_BLOCK(2)
ADD_BLOCK(3)
ADD_BLOCK(4)
ADD_BLOCK(5)

static const csk_add_block_fn _Nonnull add_block_by_registers[] = {
    add_block_1, add_block_2, add_block_3, add_block_4, add_block_5,
};

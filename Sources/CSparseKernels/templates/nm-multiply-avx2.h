// Sums of up to 80 tokens by 8 to a register, for one output at a time. Tokens are transposed
// first, so that one weight meets neighbouring tokens in memory. A block of inputs of a tile
// (25 KiB) stays in the first-level cache while all outputs pass. Each sum takes its products in
// the order of the inputs, so its bits do not depend on where its token lies in a tile.
//
// This is AVX-512's loop with one turn but for the pointers, which walk through the weights: with
// its indices AVX2 takes 2 % longer.

#pragma once

#include "../vectors/avx2.h"
#include "nm-multiply-tiles.h"

enum { TILE = CSK_TILE_TOKENS, REGISTERS = TILE / CSK_LANES };

/// Adds the products of a block of inputs (see csk_add_block_fn) to `registers` ≤ 10 of a tile.
CSK_INLINE void add_block(
    size_t registers, const float *_Nonnull values, const uint8_t *_Nonnull columns, size_t kept,
    const float *_Nonnull x, size_t outputs, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums) {
  for (size_t output = 0; output < outputs; output++, sums += TILE) {
    csk_vector sum[REGISTERS];
    const csk_vector start = is_first && bias ? csk_set1(bias[output]) : csk_zero();
    for (size_t i = 0; i < registers; i++) {
      sum[i] = is_first ? start : csk_load_aligned(sums + i * CSK_LANES);
    }
#pragma clang loop unroll_count(2)
    for (size_t place = 0; place < kept; place++) {
      const csk_vector value = csk_set1(*values++);
      const float *tokens = x + (size_t)*columns++ * TILE;
      for (size_t i = 0; i < registers; i++) {
        sum[i] = csk_fma(value, csk_load_aligned(tokens + i * CSK_LANES), sum[i]);
      }
    }
    for (size_t i = 0; i < registers; i++) csk_store_aligned(sums + i * CSK_LANES, sum[i]);
  }
}

ADD_BLOCK(1)
ADD_BLOCK(2)
ADD_BLOCK(3)
ADD_BLOCK(4)
ADD_BLOCK(5)
ADD_BLOCK(6)
ADD_BLOCK(7)
ADD_BLOCK(8)
ADD_BLOCK(9)
ADD_BLOCK(10)

static const csk_add_block_fn _Nonnull add_block_by_registers[] = {
    add_block_1, add_block_2, add_block_3, add_block_4, add_block_5,
    add_block_6, add_block_7, add_block_8, add_block_9, add_block_10,
};

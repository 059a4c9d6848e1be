// The attention in AVX-512 that multiplies fp32 numbers, without bf16 instructions.

#pragma once

#include "attention-fp32.h"

/// Copies keys, transposed, and values of one head; what lies beyond tokens and width is zero.
CSK_TARGET static void pack_head(
    token_rows keys, token_rows values, size_t tokens, size_t head_width,
    csk_attention_room room) {
  for (size_t d = 0; d < head_width; d += CSK_LANES) {
    const size_t rest = head_width - d < CSK_LANES ? head_width - d : CSK_LANES;
    const csk_lanes lanes = csk_first_lanes(rest);
    for (size_t t = 0; t < tokens; t += CSK_LANES) {
      csk_vector rows[CSK_LANES];
      for (size_t i = 0; i < CSK_LANES; i++) {
        const bool is_token = t + i < tokens;
        const element *row = row_of(keys, is_token ? t + i : t) + d;
        rows[i] = load_first_elements(row, is_token ? lanes : csk_first_lanes(0));
      }
      csk_transpose(rows);
      for (size_t i = 0; i < CSK_LANES; i++) {
        csk_store_aligned(room.keys + (d + i) * room.tokens + t, rows[i]);
      }
    }
    for (size_t t = 0; t < tokens; t++) {
      const csk_vector row = load_first_elements(row_of(values, t) + d, lanes);
      csk_store_aligned(room.values + t * room.width + d, row);
    }
  }
}

#include "attention-avx512.h"

// Softmax of fp32 rows.

#pragma once

#include "exp.h"

/// Computes a softmax, see `csk_f32_softmax_fn`.
CSK_INLINE void softmax_rows(
    float *_Nonnull values, size_t rows, size_t width, size_t stride, float scale) {
  const size_t whole = width / CSK_LANES * CSK_LANES;
  const csk_lanes rest = csk_first_lanes(width - whole);
  const csk_vector scales = csk_set1(scale);
  for (size_t row = 0; row < rows; row++, values += stride) {
    const csk_vector end = csk_load_first(values + whole, rest);
    csk_vector largest = csk_replace(rest, csk_set1(values[0]), end);
    for (size_t i = 0; i < whole; i += CSK_LANES) {
      largest = csk_max(largest, csk_load(values + i));
    }
    const csk_vector max = csk_set1(csk_lane_max(largest));
    const csk_vector last = csk_keep(rest, csk_exp(csk_mul(csk_sub(end, max), scales)));
    csk_vector sum = last;
    for (size_t i = 0; i < whole; i += CSK_LANES) {
      const csk_vector below = csk_sub(csk_load(values + i), max);
      const csk_vector power = csk_exp(csk_mul(below, scales));
      sum = csk_add(sum, power);
      csk_store(values + i, power);
    }
    const csk_vector factor = csk_set1(1 / csk_lane_sum(sum));
    for (size_t i = 0; i < whole; i += CSK_LANES) {
      csk_store(values + i, csk_mul(csk_load(values + i), factor));
    }
    csk_store_first(values + whole, rest, csk_mul(last, factor));
  }
}

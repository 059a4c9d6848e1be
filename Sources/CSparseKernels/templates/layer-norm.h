// LayerNorm of fp32 rows with results of any element.

#pragma once

#include "row-statistics.h"

/// Returns (x − mean) · factor · scale + shift.
CSK_INLINE csk_vector normalize(
    csk_vector x, csk_statistics row, csk_vector scale, csk_vector shift) {
  return csk_fma(csk_mul(csk_sub(x, row.mean), row.factor), scale, shift);
}

/// Computes a LayerNorm, see `csk_f32_layer_norm_fn`.
CSK_INLINE void normalize_rows(
    const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,
    const float *_Nonnull shift, float epsilon, element *_Nonnull y) {
  const size_t whole = width / CSK_LANES * CSK_LANES;
  const csk_lanes rest = csk_first_lanes(width - whole);
  csk_statistics of_rows[CSK_STATISTICS_ROWS];
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    const size_t place = row % CSK_STATISTICS_ROWS;
    if (place == 0) csk_rows_statistics(x, rows - row, width, epsilon, of_rows);
    const csk_statistics of_row = of_rows[place];
    for (size_t i = 0; i < whole; i += CSK_LANES) {
      const csk_vector result =
          normalize(csk_load(x + i), of_row, csk_load(scale + i), csk_load(shift + i));
      store_elements(y + i, result);
    }
    const csk_vector result = normalize(
        csk_load_first(x + whole, rest), of_row, csk_load_first(scale + whole, rest),
        csk_load_first(shift + whole, rest));
    store_first_elements(y + whole, rest, result);
  }
}

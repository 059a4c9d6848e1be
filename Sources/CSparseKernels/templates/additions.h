// Additions of fp32 rows.

#pragma once

/// y = y + x for each row of y.
CSK_INLINE void add_to_rows(
    const float *_Nonnull x, size_t rows, size_t width, float *_Nonnull y) {
  const size_t whole = width / CSK_LANES * CSK_LANES;
  for (size_t row = 0; row < rows; row++, y += width) {
    for (size_t i = 0; i < whole; i += CSK_LANES) {
      csk_store(y + i, csk_add(csk_load(y + i), csk_load(x + i)));
    }
    for (size_t i = whole; i < width; i++) y[i] += x[i];
  }
}

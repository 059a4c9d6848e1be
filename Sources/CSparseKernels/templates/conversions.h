// Conversions between rows of fp32 numbers and rows of elements.

#pragma once

/// Rounds fp32 numbers to elements.
CSK_INLINE void narrow_row(const float *_Nonnull x, size_t count, element *_Nonnull y) {
  const size_t whole = count / CSK_LANES * CSK_LANES;
  for (size_t i = 0; i < whole; i += CSK_LANES) store_elements(y + i, csk_load(x + i));
  const csk_lanes rest = csk_first_lanes(count - whole);
  store_first_elements(y + whole, rest, csk_load_first(x + whole, rest));
}

/// Widens elements to fp32 numbers.
CSK_INLINE void widen_row(const element *_Nonnull x, size_t count, float *_Nonnull y) {
  const size_t whole = count / CSK_LANES * CSK_LANES;
  for (size_t i = 0; i < whole; i += CSK_LANES) csk_store(y + i, load_elements(x + i));
  const csk_lanes rest = csk_first_lanes(count - whole);
  csk_store_first(y + whole, rest, load_first_elements(x + whole, rest));
}

// GELU of elements in place.

#pragma once

/// Replaces each of `count` values v by v / 2 · (1 + erf(v / √2)), computed in fp32.
CSK_INLINE void gelu_row(element *_Nonnull values, size_t count) {
  const size_t whole = count / CSK_LANES * CSK_LANES;
  for (size_t i = 0; i < whole; i += CSK_LANES) {
    store_elements(values + i, csk_gelu(load_elements(values + i)));
  }
  const csk_lanes rest = csk_first_lanes(count - whole);
  const csk_vector last = csk_gelu(load_first_elements(values + whole, rest));
  store_first_elements(values + whole, rest, last);
}

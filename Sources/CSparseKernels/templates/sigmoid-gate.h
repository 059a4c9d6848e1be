// Elements times a sigmoid of them, in place.

#pragma once

#include "exp.h"

/// Returns v · σ(u) with u = v · (linear + cubic · v²), where u has the sign of v.
///
/// With t = exp(−|u|) this is v / (1 + t) above zero and v · t / (1 + t) below.
CSK_INLINE csk_vector csk_sigmoid_gate(csk_vector v, csk_vector linear, csk_vector cubic) {
  const csk_vector zero = csk_zero();
  // The square stays finite, so that no factor of zero meets an infinity.
  const csk_vector below_square = csk_fnma(v, v, zero);
  const csk_vector square = csk_sub(zero, csk_max(csk_set1(-CSK_SQUARE_MAX), below_square));
  const csk_vector u = csk_mul(v, csk_fma(square, cubic, linear));
  // A NaN in the second place goes through both maxima.
  const csk_vector magnitude = csk_max(csk_sub(zero, u), u);
  const csk_vector t = csk_exp(csk_sub(zero, magnitude));
  const csk_vector above = csk_max(zero, v);
  const csk_vector below = csk_sub(zero, csk_max(zero, csk_sub(zero, v)));
  return csk_div(csk_fma(below, t, above), csk_add(csk_set1(1), t));
}

/// Replaces each of `count` values v by v · σ(v · (linear + cubic · v²)), computed in fp32.
CSK_INLINE void sigmoid_gate_row(
    element *_Nonnull values, size_t count, float linear, float cubic) {
  const csk_vector a = csk_set1(linear), b = csk_set1(cubic);
  const size_t whole = count / CSK_LANES * CSK_LANES;
  for (size_t i = 0; i < whole; i += CSK_LANES) {
    store_elements(values + i, csk_sigmoid_gate(load_elements(values + i), a, b));
  }
  const csk_lanes rest = csk_first_lanes(count - whole);
  const csk_vector last = csk_sigmoid_gate(load_first_elements(values + whole, rest), a, b);
  store_first_elements(values + whole, rest, last);
}

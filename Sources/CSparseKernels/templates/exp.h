// Exponentials of vectors.

#pragma once

#include "../constants.h"

/// Returns exp(x) = 2ⁿ · exp(r) for x ≤ 0, with n the integer nearest to x / ln 2.
CSK_INLINE csk_vector csk_exp(csk_vector x) {
  // A NaN in the second place goes through the maximum.
  x = csk_max(csk_set1(CSK_EXP_MIN), x);
  const csk_vector n = csk_round(csk_mul(x, csk_set1(CSK_LOG2_E)));
  csk_vector r = csk_fnma(n, csk_set1(CSK_LN2_HIGH), x);
  r = csk_fnma(n, csk_set1(CSK_LN2_LOW), r);
  csk_vector tail = csk_set1(CSK_EXP_4);
  tail = csk_fma(tail, r, csk_set1(CSK_EXP_3));
  tail = csk_fma(tail, r, csk_set1(CSK_EXP_2));
  tail = csk_fma(tail, r, csk_set1(CSK_EXP_1));
  tail = csk_fma(tail, r, csk_set1(CSK_EXP_0));
  const csk_vector head = csk_fma(csk_mul(r, r), tail, r);
  const csk_vector power = csk_power_of_two(n);
  return csk_mul(csk_add(head, csk_set1(1)), power);
}

/// Returns 2^f for |f| ≤ ½.
CSK_INLINE csk_vector csk_exp2_of_fraction(csk_vector f) {
  csk_vector power = csk_set1(CSK_EXP2_5);
  power = csk_fma(power, f, csk_set1(CSK_EXP2_4));
  power = csk_fma(power, f, csk_set1(CSK_EXP2_3));
  power = csk_fma(power, f, csk_set1(CSK_EXP2_2));
  power = csk_fma(power, f, csk_set1(CSK_EXP2_1));
  return csk_fma(power, f, csk_set1(1));
}

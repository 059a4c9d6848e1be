// The square root as an instruction: the compiler would call the C library for negative numbers.

#pragma once

#include <xmmintrin.h>

/// Returns √value, rounded correctly; NaN for a negative value.
static inline float csk_square_root(float value) {
  return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(value)));
}

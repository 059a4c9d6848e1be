// What the variants with AVX-512's bf16 instructions share, beside what AVX-512 has.

#pragma once

#include "avx512.h"

#ifndef CSK_TARGET_AVX512BF16
#define CSK_TARGET_AVX512BF16                                                                   \
  __attribute__((target("fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif
#define CSK_INLINE_AVX512BF16 static inline __attribute__((always_inline)) CSK_TARGET_AVX512BF16

/// Rounds to bf16 in one instruction, see `csk_narrow`.
CSK_INLINE_AVX512BF16 __m256i csk_narrow_avx512bf16(__m512 v) {
  return (__m256i)_mm512_cvtneps_pbh(v);
}

/// Adds to each sum the products of a pair of bf16 numbers: sum + a₀ · b₀ + a₁ · b₁.
CSK_INLINE_AVX512BF16 __m512 csk_add_products_avx512bf16(__m512 sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

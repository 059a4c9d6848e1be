// Vectors of sixteen fp32 numbers in AVX-512 with its bf16 instructions: those round to bf16, and
// multiply pairs of bf16 numbers.

#pragma once

#include <immintrin.h>
#include <stdint.h>

#ifndef CSK_TARGET_AVX512BF16
#define CSK_TARGET_AVX512BF16                                                                   \
  __attribute__((target("fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif
#define CSK_TARGET CSK_TARGET_AVX512BF16
#define CSK_INLINE static inline __attribute__((always_inline)) CSK_TARGET

// Keeps the compiler from loading a part of a register again instead of spreading it.
#ifndef CSK_KEEP_IN_REGISTER
#define CSK_KEEP_IN_REGISTER(v) __asm__("" : "+v"(v))
#endif

/// Rounds to bf16 in one instruction, see `csk_narrow`.
CSK_INLINE __m256i csk_narrow_vector(__m512 v) { return (__m256i)_mm512_cvtneps_pbh(v); }

#include "avx512.h"

/// Two neighbouring bf16 numbers, wherever they lie.
typedef uint32_t csk_bf16_pair __attribute__((aligned(2), may_alias));

/// Returns the pair of bf16 numbers at `from` in all lanes.
CSK_INLINE __m512i csk_broadcast_pair(const uint16_t *_Nonnull from) {
  return _mm512_set1_epi32((int)*(const csk_bf16_pair *)from);
}

/// Adds to each sum the products of a pair of bf16 numbers: sum + a₀ · b₀ + a₁ · b₁.
CSK_INLINE csk_vector csk_add_products(csk_vector sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

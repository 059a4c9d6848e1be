// Stands in for the compiler's header: AVX-512 intrinsics come from SIMDe, which spells them out in
// what the machine has.

#pragma once

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <stdint.h>
#include <string.h>

// What the kernels use and SIMDe lacks.

static inline simde__m512 emulated_maskz_loadu_ps(uint16_t mask, const float *from) {
  float lanes[16] = {0};
  for (int i = 0; i < 16; i++) {
    if (mask >> i & 1) lanes[i] = from[i];
  }
  return simde_mm512_loadu_ps(lanes);
}

static inline void emulated_mask_storeu_ps(float *to, uint16_t mask, simde__m512 v) {
  float lanes[16];
  simde_mm512_storeu_ps(lanes, v);
  for (int i = 0; i < 16; i++) {
    if (mask >> i & 1) to[i] = lanes[i];
  }
}

static inline simde__m512i emulated_cvtps_epi32(simde__m512 v) {
  float lanes[16];
  int32_t results[16];
  simde_mm512_storeu_ps(lanes, v);
  // To the nearest, ties to even, as the instruction does by default.
  for (int i = 0; i < 16; i++) results[i] = (int32_t)__builtin_rintf(lanes[i]);
  return simde_mm512_loadu_si512(results);
}

#define _mm512_maskz_loadu_ps(mask, from) emulated_maskz_loadu_ps(mask, from)
#define _mm512_mask_storeu_ps(to, mask, v) emulated_mask_storeu_ps(to, mask, v)
#define _mm512_cvtps_epi32(v) emulated_cvtps_epi32(v)

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

static inline simde__m256i emulated_maskz_loadu_epi16(uint16_t mask, const void *from) {
  uint16_t lanes[16] = {0};
  for (int i = 0; i < 16; i++) {
    if (mask >> i & 1) memcpy(&lanes[i], (const uint16_t *)from + i, sizeof lanes[i]);
  }
  return simde_mm256_loadu_si256(lanes);
}

static inline void emulated_mask_storeu_epi16(void *to, uint16_t mask, simde__m256i v) {
  uint16_t lanes[16];
  simde_mm256_storeu_si256(lanes, v);
  for (int i = 0; i < 16; i++) {
    if (mask >> i & 1) memcpy((uint16_t *)to + i, &lanes[i], sizeof lanes[i]);
  }
}

static inline simde__m512i emulated_cvtepu16_epi32(simde__m256i v) {
  uint16_t lanes[16];
  uint32_t results[16];
  simde_mm256_storeu_si256(lanes, v);
  for (int i = 0; i < 16; i++) results[i] = lanes[i];
  return simde_mm512_loadu_si512(results);
}

static inline simde__m256i emulated_cvtepi32_epi16(simde__m512i v) {
  uint32_t lanes[16];
  uint16_t results[16];
  simde_mm512_storeu_si512(lanes, v);
  for (int i = 0; i < 16; i++) results[i] = (uint16_t)lanes[i];
  return simde_mm256_loadu_si256(results);
}

static inline simde__m512i emulated_maskz_loadu_epi16_512(uint32_t mask, const void *from) {
  uint16_t lanes[32] = {0};
  for (int i = 0; i < 32; i++) {
    if (mask >> i & 1) memcpy(&lanes[i], (const uint16_t *)from + i, sizeof lanes[i]);
  }
  return simde_mm512_loadu_si512(lanes);
}

static inline simde__m512 emulated_shuffle_f32x4(simde__m512 a, simde__m512 b, int choice) {
  float lanes[32], results[16];
  simde_mm512_storeu_ps(lanes, a);
  simde_mm512_storeu_ps(lanes + 16, b);
  for (int i = 0; i < 16; i++) {
    // Two quarters of the first operand, then two of the second.
    results[i] = lanes[i / 8 * 16 + 4 * (choice >> i / 4 * 2 & 3) + i % 4];
  }
  return simde_mm512_loadu_ps(results);
}

static inline void emulated_mask_storeu_epi16_512(void *to, uint32_t mask, simde__m512i v) {
  uint16_t lanes[32];
  simde_mm512_storeu_si512(lanes, v);
  for (int i = 0; i < 32; i++) {
    if (mask >> i & 1) memcpy((uint16_t *)to + i, &lanes[i], sizeof lanes[i]);
  }
}

static inline simde__m512i emulated_shuffle_epi32(simde__m512i v, int choice) {
  uint32_t lanes[16], results[16];
  simde_mm512_storeu_si512(lanes, v);
  for (int i = 0; i < 16; i++) results[i] = lanes[i / 4 * 4 + (choice >> i % 4 * 2 & 3)];
  return simde_mm512_loadu_si512(results);
}

// The bf16 instructions, after Intel's description: they take and give no subnormal numbers.

static inline uint16_t emulated_narrow(uint32_t bits) {
  const uint32_t size = bits & 0x7fffffff;
  if (size < 0x00800000) return (uint16_t)(bits >> 16 & 0x8000);
  if (size > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline simde__m256i emulated_cvtneps_pbh(simde__m512 v) {
  uint32_t lanes[16];
  uint16_t results[16];
  simde_mm512_storeu_ps(lanes, v);
  for (int i = 0; i < 16; i++) results[i] = emulated_narrow(lanes[i]);
  return simde_mm256_loadu_si256(results);
}

static inline simde__m512i emulated_cvtne2ps_pbh(simde__m512 high, simde__m512 low) {
  uint32_t lanes[32];
  uint16_t results[32];
  simde_mm512_storeu_ps(lanes, low);
  simde_mm512_storeu_ps(lanes + 16, high);
  for (int i = 0; i < 32; i++) results[i] = emulated_narrow(lanes[i]);
  return simde_mm512_loadu_si512(results);
}

static inline float emulated_without_subnormals(float value) {
  return __builtin_fabsf(value) < 0x1p-126f ? __builtin_copysignf(0, value) : value;
}

static inline simde__m512 emulated_dpbf16_ps(simde__m512 sum, simde__m512i a, simde__m512i b) {
  float sums[16];
  uint16_t a_lanes[32], b_lanes[32];
  simde_mm512_storeu_ps(sums, sum);
  simde_mm512_storeu_si512(a_lanes, a);
  simde_mm512_storeu_si512(b_lanes, b);
  for (int i = 0; i < 16; i++) {
    // The product of the higher numbers of a pair is added first.
    for (int lane = 2 * i + 1; lane >= 2 * i; lane--) {
      const uint32_t bits[] = {(uint32_t)a_lanes[lane] << 16, (uint32_t)b_lanes[lane] << 16};
      float factors[2];
      memcpy(factors, bits, sizeof factors);
      sums[i] = emulated_without_subnormals(__builtin_fmaf(
          emulated_without_subnormals(factors[0]), emulated_without_subnormals(factors[1]),
          emulated_without_subnormals(sums[i])));
    }
  }
  return simde_mm512_loadu_ps(sums);
}

#define _mm512_maskz_loadu_ps(mask, from) emulated_maskz_loadu_ps(mask, from)
#define _mm512_mask_storeu_ps(to, mask, v) emulated_mask_storeu_ps(to, mask, v)
#define _mm512_cvtps_epi32(v) emulated_cvtps_epi32(v)
#define _mm256_maskz_loadu_epi16(mask, from) emulated_maskz_loadu_epi16(mask, from)
#define _mm256_mask_storeu_epi16(to, mask, v) emulated_mask_storeu_epi16(to, mask, v)
#define _mm512_cvtneps_pbh(v) emulated_cvtneps_pbh(v)
#define _mm512_cvtepu16_epi32(v) emulated_cvtepu16_epi32(v)
#define _mm512_cvtepi32_epi16(v) emulated_cvtepi32_epi16(v)
#define _mm512_maskz_loadu_epi16(mask, from) emulated_maskz_loadu_epi16_512(mask, from)
#undef _mm512_shuffle_f32x4
#define _mm512_shuffle_f32x4(a, b, choice) emulated_shuffle_f32x4(a, b, choice)
#undef _mm512_shuffle_epi32
#define _mm512_shuffle_epi32(v, choice) emulated_shuffle_epi32(v, choice)
#define _mm512_mask_storeu_epi16(to, mask, v) emulated_mask_storeu_epi16_512(to, mask, v)
#define _mm512_cvtne2ps_pbh(high, low) emulated_cvtne2ps_pbh(high, low)
#undef _mm512_dpbf16_ps
#define _mm512_dpbf16_ps(sum, a, b) emulated_dpbf16_ps(sum, (simde__m512i)(a), (simde__m512i)(b))

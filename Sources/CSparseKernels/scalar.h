// What the scalar kernels share: the reference of every variant.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "constants.h"
#include "csk-products.h"

// The reference rounds after every operation, whatever the compiler is told.
#pragma STDC FP_CONTRACT OFF

/// Returns the bits of a number.
static inline uint32_t csk_bits(float value) {
  uint32_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Returns the number with these bits.
static inline float csk_number(uint32_t bits) {
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Returns a bf16 number as fp32, exactly.
static inline float csk_widen(uint16_t value) { return csk_number((uint32_t)value << 16); }

/// Rounds to the nearest bf16 number, ties to even, as the processors' vcvtneps2bf16 does: what
/// is smaller than any normal number becomes a zero of its sign, and a NaN becomes a quiet one.
static inline uint16_t csk_narrow(float value) {
  const uint32_t bits = csk_bits(value);
  const uint32_t exponent = bits & 0x7f800000;
  if (exponent == 0) return (uint16_t)(bits >> 16 & 0x8000);
  if (value != value) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Returns exp(x) = 2ⁿ · exp(r), with n the integer nearest to x / ln 2; x ≤ 0 or NaN.
static inline float csk_exp_scalar(float x) {
  if (x < CSK_EXP_MIN) x = CSK_EXP_MIN;
  const int n = x <= 0 ? (int)(x * CSK_LOG2_E - 0.5f) : 0;
  const float r = x - (float)n * CSK_LN2_HIGH - (float)n * CSK_LN2_LOW;
  const float tail =
      CSK_EXP_0 + r * (CSK_EXP_1 + r * (CSK_EXP_2 + r * (CSK_EXP_3 + r * CSK_EXP_4)));
  return (1 + (r + r * r * tail)) * csk_number((uint32_t)(n + 127) << 23);
}

/// Returns 2^x = 2ⁿ · 2^f, with n the integer nearest to x; x ≤ 0 or NaN.
static inline float csk_exp2_scalar(float x) {
  if (x < CSK_EXP2_MIN) x = CSK_EXP2_MIN;
  const int n = x <= 0 ? (int)(x - 0.5f) : 0;
  const float f = x - (float)n;
  const float tail =
      CSK_EXP2_1 + f * (CSK_EXP2_2 + f * (CSK_EXP2_3 + f * (CSK_EXP2_4 + f * CSK_EXP2_5)));
  return (1 + f * tail) * csk_number((uint32_t)(n + 127) << 23);
}

/// Returns erf(z), within 5e-7.
static inline float csk_erf_scalar(float z) {
  if (z >= CSK_ERF_MAX) return 1;
  if (z <= -CSK_ERF_MAX) return -1;
  const float u = z * z;
  const float p =
      CSK_ERF_P0 +
      u * (CSK_ERF_P1 +
           u * (CSK_ERF_P2 + u * (CSK_ERF_P3 + u * (CSK_ERF_P4 + u * CSK_ERF_P5))));
  const float q =
      1 + u * (CSK_ERF_Q1 +
               u * (CSK_ERF_Q2 + u * (CSK_ERF_Q3 + u * (CSK_ERF_Q4 + u * CSK_ERF_Q5))));
  return z * p / q;
}

/// Returns v / 2 · (1 + erf(v / √2)).
static inline float csk_gelu_scalar(float v) {
  return 0.5f * v * (1 + csk_erf_scalar(v * CSK_SQRT_HALF));
}

/// Returns v · σ(u) with u = v · (linear + cubic · v²), where u has the sign of v.
static inline float csk_sigmoid_gate_scalar(float v, float linear, float cubic) {
  // The square stays finite, so that no factor of zero meets an infinity.
  const float square = v * v > CSK_SQUARE_MAX ? CSK_SQUARE_MAX : v * v;
  const float u = v * (square * cubic + linear);
  const float t = csk_exp_scalar(u > 0 ? -u : u);
  return (v > 0 ? v : v * t) / (1 + t);
}

/// Stores a number at place `index` of y, which is bf16 or fp32.
static inline void csk_store_number(
    bool is_bf16, float value, void *_Nonnull y, size_t index) {
  if (is_bf16) {
    ((uint16_t *)y)[index] = csk_narrow(value);
  } else {
    ((float *)y)[index] = value;
  }
}

/// Brings a product to place `index` of y, see csk_epilogue; y is bf16 or fp32, but always fp32
/// where products are added.
static inline void csk_finish(
    bool is_bf16, float product, csk_epilogue epilogue, void *_Nonnull y, size_t index) {
  switch (epilogue) {
    case CSK_STORE: csk_store_number(is_bf16, product, y, index); break;
    case CSK_STORE_GELU: csk_store_number(is_bf16, csk_gelu_scalar(product), y, index); break;
    case CSK_ADD: ((float *)y)[index] += product; break;
  }
}

// Loops of independent multiply-adds: what a core can do at most, to compare kernels with.
//
// A loop touches no memory and its instructions are written out, so that neither caches nor the
// compiler's settings have a say. It must only run where the processor has its instructions.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// Runs `rounds` of a loop's multiply-adds and returns how many numbers were multiplied and added.
typedef size_t (*cpk_multiply_add_fn)(size_t rounds);

/// SSE: one multiplication and one addition of 4 fp32 numbers.
size_t cpk_f32_multiply_add__baseline(size_t rounds);

/// AVX2: fused, 8 fp32 numbers.
size_t cpk_f32_multiply_add__avx2(size_t rounds);

/// AVX-512: fused, 16 fp32 numbers.
size_t cpk_f32_multiply_add__avx512(size_t rounds);

/// AVX-512 BF16: 32 bf16 numbers, added to 16 fp32 sums.
size_t cpk_bf16_multiply_add__avx512bf16(size_t rounds);

#pragma clang assume_nonnull end

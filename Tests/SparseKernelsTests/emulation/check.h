// What the checks of the kernels share: numbers drawn at random, and the count of what differs.

#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CSparseKernels.h"

/// The relative rounding of one operation in fp32.
static const double unit = 0x1p-24;

/// Counts a comparison, and says so if `found` is not within `bound` of `expected`.
void compare(
    const char *_Nonnull variant, const char *_Nonnull what, double found, double expected,
    double bound);

/// Returns 64 random bits.
uint64_t next_random(void);

/// Returns a random number from 0 up to `bound` − 1.
size_t below(size_t bound);

/// Returns a random number in −1 ..< 1.
float number(void);

/// Returns memory that holds zeros.
void *_Nonnull room(size_t size);

/// Returns memory that holds random numbers.
float *_Nonnull numbers(size_t count);

/// Returns scratch that ends where its memory does and begins at any multiple of a number's size.
///
/// It holds NaNs; for valgrind, which tells what was never written, compile with CHECK_UNDEFINED.
float *_Nonnull make_scratch(size_t count, void *_Nonnull *_Nonnull memory);

/// Returns the number with these bits.
float with_bits(uint32_t bits);

/// Returns a bf16 number as fp32.
float wide(uint16_t bits);

/// Returns the bf16 number nearest to a value, of two equally near the even one.
uint16_t nearest_bf16(float value);

/// Returns the bound of a bf16 result, which may round another way than the formula's where fp32
/// errs by `bound`.
double bf16_bound(double expected, double bound);

/// Checks the kernels that work row by row, on rows of a width.
void check_rows(const csk_variant *_Nonnull variant, size_t width);

/// Checks the attention in both types, on sizes drawn at random.
void check_attention(const csk_variant *_Nonnull variant);

/// Checks the attention in windows in both types, on sizes and windows drawn at random.
void check_windows(const csk_variant *_Nonnull variant);

/// Checks products of a pattern with columns of weights, of both types and with every epilogue.
void check_columns(const csk_variant *_Nonnull variant, size_t kept, size_t group_size);

/// Checks products of a pattern with pairs of weights, if a pairing serves it.
void check_pairs(const csk_variant *_Nonnull variant, size_t kept, size_t group_size);

// Micro-kernels of sparse inference, each in one variant per instruction set.
//
// A kernel is named csk_<type>_<operation>_<tile>__<isa> and stands in <type>-<operation>/<isa>.c,
// where it includes the names of its instruction set (vectors/), those of its type (elements/) and
// what is written once in both (templates/). The scalar ones read like the formula and are the
// reference, of both types where there are two (references/). `csk_variants` is the one list that
// dispatch, tests and measurements go through. Kernels keep nothing, allocate nothing and use one
// thread. Matrices are row-major. Sums are taken in an order that depends on the sizes of a row
// alone, never on the number of rows.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csk-products.h"

#pragma clang assume_nonnull begin

enum {
  /// The queries of a tile of the attention.
  CSK_TILE_QUERIES = 6,
};

/// y = (x − mean) / √(variance + epsilon) · scale + shift for each row; y may be x.
typedef void (*csk_f32_layer_norm_fn)(
    const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,
    const float *_Nonnull shift, float epsilon, float *_Nonnull y);

/// v = exp(v · scale) / Σ exp(v · scale) for each row, in place; rows are `stride` floats apart.
///
/// `scale` is positive.
typedef void (*csk_f32_softmax_fn)(
    float *_Nonnull values, size_t rows, size_t width, size_t stride, float scale);

/// v = v / 2 · (1 + erf(v / √2)), in place.
typedef void (*csk_f32_gelu_fn)(float *_Nonnull values, size_t count);

/// v = v · σ(v · (linear + cubic · v²)), in place; neither factor is negative.
///
/// QuickGELU and SiLU are linear; GELU's approximation by the hyperbolic tangent is both, because
/// (1 + tanh u) / 2 = σ(2u).
typedef void (*csk_f32_sigmoid_gate_fn)(
    float *_Nonnull values, size_t count, float linear, float cubic);

/// y = y + x.
typedef void (*csk_f32_add_fn)(const float *_Nonnull x, size_t count, float *_Nonnull y);

/// y = y + bias for each row.
typedef void (*csk_f32_add_bias_fn)(
    const float *_Nonnull bias, size_t rows, size_t width, float *_Nonnull y);

/// Rounds to the nearest bf16 number, ties to even.
///
/// As the processors' own instruction does, what is smaller than any normal number becomes a zero
/// of its sign, and a NaN becomes a quiet one: all variants give the same bits.
typedef void (*csk_bf16_narrow_fn)(
    const float *_Nonnull x, size_t count, uint16_t *_Nonnull y);

/// Widens bf16 numbers to fp32, exactly.
typedef void (*csk_bf16_widen_fn)(const uint16_t *_Nonnull x, size_t count, float *_Nonnull y);

/// As `csk_f32_layer_norm_fn`, with the result rounded to bf16.
typedef void (*csk_bf16_layer_norm_fn)(
    const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,
    const float *_Nonnull shift, float epsilon, uint16_t *_Nonnull y);

/// As `csk_f32_gelu_fn` on bf16 numbers: computed in fp32, then rounded.
typedef void (*csk_bf16_gelu_fn)(uint16_t *_Nonnull values, size_t count);

/// As `csk_f32_sigmoid_gate_fn` on bf16 numbers: computed in fp32, then rounded.
typedef void (*csk_bf16_sigmoid_gate_fn)(
    uint16_t *_Nonnull values, size_t count, float linear, float cubic);

/// Returns a count rounded up to whole vectors of the widest instruction set.
static inline size_t csk_whole_vectors(size_t count) { return (count + 15) / 16 * 16; }

/// Returns the floats of scratch that an attention of either type needs.
static inline size_t csk_attention_scratch_count(size_t tokens, size_t head_width) {
  size_t padded_tokens = csk_whole_vectors(tokens), width = csk_whole_vectors(head_width);
  return 2 * padded_tokens * width + CSK_TILE_QUERIES * (padded_tokens + 2 * width) + 16;
}

/// y = softmax(Q · Kᵀ · scale) · V for each head, of the first `queries` tokens of one image.
///
/// A row of `qkv` holds the queries of all heads side by side, then the keys, then the values:
/// 3 · heads · head_width numbers; a row of y holds the heads' results side by side. `scratch` has
/// `csk_attention_scratch_count` floats; its contents do not matter. `scale` is positive.
typedef void (*csk_f32_attention_fn)(
    const float *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, float *_Nonnull y, float *_Nonnull scratch);

/// As `csk_f32_attention_fn` on bf16 numbers.
///
/// Scores and sums are fp32; 2^((score − max) · scale / ln 2) is rounded to bf16 before it
/// multiplies the values, its sum is taken before, and the quotient is rounded to bf16.
typedef void (*csk_bf16_attention_fn)(
    const uint16_t *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *_Nonnull y, float *_Nonnull scratch);

/// Some windows of a feature map, each of which attends to itself alone.
typedef struct csk_windows {
  size_t count;
  /// The tokens of a window.
  size_t tokens;
  /// The row of each token, count × tokens; below zero for a token that pads the map.
  const int32_t *_Nonnull rows;
  /// The zone of each token, count × `csk_whole_vectors(tokens)`, or none: a score between two
  /// zones is lowered by 100.
  const int32_t *_Nullable zones;
  /// What is added to the scores of each head, times log₂ e: heads × tokens (queries) ×
  /// `csk_whole_vectors(tokens)` (keys), with CSK_NO_TOKEN beyond the tokens.
  const float *_Nonnull bias;
} csk_windows;

/// What is added to the score of a key that is none.
#define CSK_NO_TOKEN -1e30f

/// y = softmax(Q · Kᵀ · scale + bias + mask) · V for each head, window by window.
///
/// Rows of `qkv` and y are as in `csk_f32_attention_fn`, and found by `windows`. A token that pads
/// has the row `padding`: it is a key like any other, and has no row of y. `scratch` has
/// `csk_attention_scratch_count` floats; its contents do not matter. `scale` is positive.
typedef void (*csk_f32_window_attention_fn)(
    const float *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,
    size_t head_width, float scale, const float *_Nonnull padding, float *_Nonnull y,
    float *_Nonnull scratch);

/// As `csk_f32_window_attention_fn` on bf16 numbers, rounded as in `csk_bf16_attention_fn`.
typedef void (*csk_bf16_window_attention_fn)(
    const uint16_t *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,
    size_t head_width, float scale, const uint16_t *_Nonnull padding, uint16_t *_Nonnull y,
    float *_Nonnull scratch);

/// The kernels of one instruction set.
typedef struct csk_variant {
  /// The instruction set, as in `avx2`.
  const char *_Nonnull name;
  /// Returns whether this processor and operating system can run the kernels.
  bool (*_Nonnull is_supported)(void);
  csk_f32_nm_multiply_fn _Nonnull f32_nm_multiply;
  csk_bf16_nm_multiply_fn _Nonnull bf16_nm_multiply;
  csk_bf16_pair_multiply_fn _Nonnull bf16_pair_multiply;
  csk_f32_layer_norm_fn _Nonnull f32_layer_norm;
  csk_f32_softmax_fn _Nonnull f32_softmax;
  csk_f32_gelu_fn _Nonnull f32_gelu;
  csk_f32_sigmoid_gate_fn _Nonnull f32_sigmoid_gate;
  csk_f32_add_fn _Nonnull f32_add;
  csk_f32_add_bias_fn _Nonnull f32_add_bias;
  csk_f32_attention_fn _Nonnull f32_attention;
  csk_f32_window_attention_fn _Nonnull f32_window_attention;
  csk_bf16_narrow_fn _Nonnull bf16_narrow;
  csk_bf16_widen_fn _Nonnull bf16_widen;
  csk_bf16_layer_norm_fn _Nonnull bf16_layer_norm;
  csk_bf16_gelu_fn _Nonnull bf16_gelu;
  csk_bf16_sigmoid_gate_fn _Nonnull bf16_sigmoid_gate;
  csk_bf16_attention_fn _Nonnull bf16_attention;
  csk_bf16_window_attention_fn _Nonnull bf16_window_attention;
} csk_variant;

/// The number of variants.
size_t csk_variant_count(void);

/// Returns one of the variants, from the least to the most able.
const csk_variant *_Nonnull csk_variant_at(size_t index);

bool csk_cpu_supports_scalar(void);
bool csk_cpu_supports_avx2(void);
bool csk_cpu_supports_avx512(void);
bool csk_cpu_supports_avx512bf16(void);

// The avx512bf16 variant shares the fp32 kernels of avx512.
#define CSK_DECLARE_F32_KERNELS(isa)                                                            \
  void csk_f32_layer_norm_row__##isa(                                                           \
      const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,          \
      const float *_Nonnull shift, float epsilon, float *_Nonnull y);                           \
  void csk_f32_softmax_row__##isa(                                                              \
      float *_Nonnull values, size_t rows, size_t width, size_t stride, float scale);           \
  void csk_f32_gelu_row__##isa(float *_Nonnull values, size_t count);                           \
  void csk_f32_sigmoid_gate_row__##isa(                                                         \
      float *_Nonnull values, size_t count, float linear, float cubic);                         \
  void csk_f32_add_row__##isa(const float *_Nonnull x, size_t count, float *_Nonnull y);        \
  void csk_f32_add_bias_row__##isa(                                                             \
      const float *_Nonnull bias, size_t rows, size_t width, float *_Nonnull y);                \
  void csk_f32_attention_6__##isa(                                                              \
      const float *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width,                \
      size_t queries, float scale, float *_Nonnull y, float *_Nonnull scratch);                 \
  void csk_f32_window_attention_6__##isa(                                                       \
      const float *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,             \
      size_t head_width, float scale, const float *_Nonnull padding, float *_Nonnull y,         \
      float *_Nonnull scratch)

CSK_DECLARE_F32_KERNELS(scalar);
CSK_DECLARE_F32_KERNELS(avx2);
CSK_DECLARE_F32_KERNELS(avx512);

#define CSK_DECLARE_BF16_KERNELS(isa)                                                           \
  void csk_bf16_narrow_row__##isa(                                                              \
      const float *_Nonnull x, size_t count, uint16_t *_Nonnull y);                             \
  void csk_bf16_layer_norm_row__##isa(                                                          \
      const float *_Nonnull x, size_t rows, size_t width, const float *_Nonnull scale,          \
      const float *_Nonnull shift, float epsilon, uint16_t *_Nonnull y);                        \
  void csk_bf16_gelu_row__##isa(uint16_t *_Nonnull values, size_t count);                       \
  void csk_bf16_sigmoid_gate_row__##isa(                                                        \
      uint16_t *_Nonnull values, size_t count, float linear, float cubic);                      \
  void csk_bf16_attention_6__##isa(                                                             \
      const uint16_t *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width,             \
      size_t queries, float scale, uint16_t *_Nonnull y, float *_Nonnull scratch);              \
  void csk_bf16_window_attention_6__##isa(                                                      \
      const uint16_t *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,          \
      size_t head_width, float scale, const uint16_t *_Nonnull padding, uint16_t *_Nonnull y,   \
      float *_Nonnull scratch)

CSK_DECLARE_BF16_KERNELS(scalar);
CSK_DECLARE_BF16_KERNELS(avx2);
CSK_DECLARE_BF16_KERNELS(avx512);
CSK_DECLARE_BF16_KERNELS(avx512bf16);

// Widening needs no bf16 instruction.
#define CSK_DECLARE_BF16_WIDEN(isa)                                                             \
  void csk_bf16_widen_row__##isa(const uint16_t *_Nonnull x, size_t count, float *_Nonnull y)

CSK_DECLARE_BF16_WIDEN(scalar);
CSK_DECLARE_BF16_WIDEN(avx2);
CSK_DECLARE_BF16_WIDEN(avx512);

#pragma clang assume_nonnull end

// Products of N:M sparse weights and activations: the forms of the weights, and the kernels' types.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
  /// The inputs of a full block of column weights before rounding down to whole groups.
  CSK_BLOCK_INPUTS = 80,
  /// The most tokens of a tile of column weights.
  CSK_TILE_TOKENS = 80,
  /// The outputs whose sums a tile of column weights holds at once.
  CSK_TILE_OUTPUTS = 256,
  /// The inputs that a pairing speaks of.
  CSK_PAIR_STEP = 8,
  /// The most tokens of a tile of pair weights.
  CSK_PAIR_TILE_TOKENS = 48,
  /// The most slots of a block of pair weights: 36 KiB for a tile, about the first-level cache.
  CSK_PAIR_BLOCK_SLOTS = 192,
  /// The eight-byte units from one slot to the next.
  CSK_PAIR_SLOT_UNITS = CSK_PAIR_TILE_TOKENS * 4 / 8,
};

/// What becomes of a product.
typedef enum csk_epilogue {
  /// y = product.
  CSK_STORE,
  /// y = product / 2 · (1 + erf(product / √2)).
  CSK_STORE_GELU,
  /// y = y + product; y is fp32 whatever the number format of the activations.
  CSK_ADD,
} csk_epilogue;

/// The weights of a linear layer in an N:M pattern, without the zeros: values and columns.
///
/// Inputs are cut into blocks of `csk_f32_nm_block_inputs(group_size)`; the last one may be
/// shorter. The weights of a block are those of output 0, then of output 1 and so on; each output
/// has the same number of them, `csk_f32_nm_kept(kept, group_size, inputs of the block)`.
typedef struct csk_f32_nm_weights {
  /// The kept weights.
  const float *_Nonnull values;
  /// The input of each kept weight, counted from the start of its block, ascending.
  const uint8_t *_Nonnull columns;
  size_t outputs;
  size_t inputs;
  /// N of N:M.
  size_t kept;
  /// M of N:M.
  size_t group_size;
} csk_f32_nm_weights;

/// Returns the inputs of a full block: whole groups of `group_size` ≤ 16.
static inline size_t csk_f32_nm_block_inputs(size_t group_size) {
  return CSK_BLOCK_INPUTS / group_size * group_size;
}

/// Returns how many of `inputs` consecutive weights the pattern keeps.
static inline size_t csk_f32_nm_kept(size_t kept, size_t group_size, size_t inputs) {
  size_t rest = inputs % group_size;
  return inputs / group_size * kept + (rest < kept ? rest : kept);
}

/// Returns the floats of scratch that a multiplication by column weights needs.
static inline size_t csk_f32_nm_scratch_count(size_t outputs, size_t inputs) {
  size_t tile_outputs = outputs < CSK_TILE_OUTPUTS ? (outputs + 15) / 16 * 16 : CSK_TILE_OUTPUTS;
  return CSK_TILE_TOKENS * ((inputs + 15) / 16 * 16 + tile_outputs) + 16;
}

/// y[tokens × outputs] = x[tokens × inputs] · Wᵀ + bias; without a bias, zero takes its place.
///
/// `scratch` has `csk_f32_nm_scratch_count` floats; its contents do not matter.
typedef void (*csk_f32_nm_multiply_fn)(
    const csk_f32_nm_weights *_Nonnull weights, const float *_Nonnull x, size_t tokens,
    const float *_Nullable bias, csk_epilogue epilogue, float *_Nonnull y,
    float *_Nonnull scratch);

/// As `csk_f32_nm_multiply_fn` on bf16 activations; `y` is bf16, but fp32 for CSK_ADD.
///
/// Products and sums are fp32. The weights are fp32, and expected to be bf16 numbers.
typedef void (*csk_bf16_nm_multiply_fn)(
    const csk_f32_nm_weights *_Nonnull weights, const uint16_t *_Nonnull x, size_t tokens,
    const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y, float *_Nonnull scratch);

/// The pairs of eight inputs whose activations are laid side by side, see pairings.h.
typedef struct csk_pairing {
  /// The weights that eight inputs keep: even.
  size_t kept;
  /// The number of pairs.
  size_t slots;
  /// The two inputs of each pair, the lower one first.
  uint8_t pairs[28][2];
} csk_pairing;

/// Returns the pairing that serves an N:M pattern, or NULL if there is none.
const csk_pairing *_Nullable csk_pairing_of(size_t kept, size_t group_size);

/// Returns the inputs of a full block of pair weights.
static inline size_t csk_pair_block_inputs(const csk_pairing *_Nonnull pairing) {
  return CSK_PAIR_BLOCK_SLOTS / pairing->slots * CSK_PAIR_STEP;
}

/// The weights of a linear layer in a pattern that a pairing serves, two by two, in bf16.
///
/// Inputs are filled up with zeros to whole steps of eight, and cut into blocks of
/// `csk_pair_block_inputs`; the last one may be shorter. The weights of a block are those of output
/// 0, then of output 1 and so on; each output has `pairing->kept / 2` pairs for each step.
typedef struct csk_bf16_pair_weights {
  /// The weights of a pair: that of the lower input in the low half.
  const uint32_t *_Nonnull values;
  /// Where a pair's activations lie in its block: the slot · CSK_PAIR_SLOT_UNITS.
  const uint16_t *_Nonnull indices;
  const csk_pairing *_Nonnull pairing;
  size_t outputs;
  size_t inputs;
} csk_bf16_pair_weights;

/// Returns the floats of scratch that a multiplication by pair weights needs.
static inline size_t csk_bf16_pair_scratch_count(size_t outputs) {
  return CSK_PAIR_TILE_TOKENS * (CSK_PAIR_BLOCK_SLOTS + (outputs + 31) / 32 * 32) + 16;
}

/// As `csk_bf16_nm_multiply_fn`, on weights taken two by two; sums are fp32.
///
/// A pair's products are added to a sum one after the other, that of the higher input first.
typedef void (*csk_bf16_pair_multiply_fn)(
    const csk_bf16_pair_weights *_Nonnull weights, const uint16_t *_Nonnull x, size_t tokens,
    const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y, float *_Nonnull scratch);

#define CSK_DECLARE_F32_PRODUCTS(isa)                                                           \
  void csk_f32_nm_multiply_80__##isa(                                                           \
      const csk_f32_nm_weights *_Nonnull weights, const float *_Nonnull x, size_t tokens,       \
      const float *_Nullable bias, csk_epilogue epilogue, float *_Nonnull y,                    \
      float *_Nonnull scratch)

#define CSK_DECLARE_BF16_PRODUCTS(isa)                                                          \
  void csk_bf16_nm_multiply_80__##isa(                                                          \
      const csk_f32_nm_weights *_Nonnull weights, const uint16_t *_Nonnull x, size_t tokens,    \
      const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y,                     \
      float *_Nonnull scratch)

#define CSK_DECLARE_BF16_PAIR_PRODUCTS(isa)                                                     \
  void csk_bf16_pair_multiply_48__##isa(                                                        \
      const csk_bf16_pair_weights *_Nonnull weights, const uint16_t *_Nonnull x, size_t tokens, \
      const float *_Nullable bias, csk_epilogue epilogue, void *_Nonnull y,                     \
      float *_Nonnull scratch)

CSK_DECLARE_F32_PRODUCTS(scalar);
CSK_DECLARE_F32_PRODUCTS(avx2);
CSK_DECLARE_F32_PRODUCTS(avx512);
CSK_DECLARE_BF16_PRODUCTS(scalar);
CSK_DECLARE_BF16_PRODUCTS(avx2);
CSK_DECLARE_BF16_PRODUCTS(avx512);
CSK_DECLARE_BF16_PAIR_PRODUCTS(scalar);
CSK_DECLARE_BF16_PAIR_PRODUCTS(avx512bf16);

#pragma clang assume_nonnull end

#include "check.h"

/// A layer in an N:M pattern: with its zeros, and in the forms that kernels read.
typedef struct layer {
  float *_Nonnull dense;
  float *_Nonnull values;
  uint8_t *_Nonnull columns;
  csk_f32_nm_weights weights;
} layer;

/// Draws a layer and packs it: blocks of inputs, in them outputs, in them the kept weights.
static layer random_layer(
    size_t outputs, size_t inputs, size_t kept, size_t group_size, bool is_bf16) {
  layer made = {
    .dense = room(outputs * inputs * sizeof(float)),
    .values = room(outputs * inputs * sizeof(float)),
    .columns = room(outputs * inputs),
  };
  size_t block = csk_f32_nm_block_inputs(group_size);
  size_t place = 0;
  for (size_t start = 0; start < inputs; start += block) {
    size_t end = start + block < inputs ? start + block : inputs;
    for (size_t output = 0; output < outputs; output++) {
      for (size_t group = start; group < end; group += group_size) {
        size_t width = end - group < group_size ? end - group : group_size;
        size_t left = width < kept ? width : kept;
        for (size_t i = 0; i < width; i++) {
          if (below(width - i) >= left) continue;
          left--;
          const float value = is_bf16 ? wide(nearest_bf16(number())) : number();
          made.columns[place] = (uint8_t)(group + i - start);
          made.values[place++] = value;
          made.dense[output * inputs + group + i] = value;
        }
      }
    }
  }
  made.weights = (csk_f32_nm_weights){
    .values = made.values, .columns = made.columns, .outputs = outputs, .inputs = inputs,
    .kept = kept, .group_size = group_size,
  };
  return made;
}

static void free_layer(layer made) { free(made.dense), free(made.values), free(made.columns); }

/// The operands of one product, and room for its result in either type.
typedef struct operands {
  size_t tokens, outputs, inputs;
  /// The activations, and the same numbers in bf16 if they are.
  float *_Nonnull x;
  uint16_t *_Nonnull x_bf16;
  float *_Nullable bias;
  csk_epilogue epilogue;
  /// What a result is added to.
  float *_Nonnull start;
  float *_Nonnull y;
  uint16_t *_Nonnull y_bf16;
} operands;

static operands random_operands(
    size_t outputs, size_t inputs, csk_epilogue epilogue, bool is_bf16) {
  // Now and then a single token, which is what the heads of a model multiply.
  const size_t tokens = below(6) ? 1 + below(150) : 1;
  operands made = {
    .tokens = tokens, .outputs = outputs, .inputs = inputs, .epilogue = epilogue,
    .x = numbers(tokens * inputs), .x_bf16 = room(tokens * inputs * sizeof(uint16_t)),
    .bias = below(4) ? numbers(outputs) : NULL, .start = numbers(tokens * outputs),
    .y = room(tokens * outputs * sizeof(float)),
    .y_bf16 = room(tokens * outputs * sizeof(uint16_t)),
  };
  for (size_t i = 0; is_bf16 && i < tokens * inputs; i++) {
    made.x[i] = wide(made.x_bf16[i] = nearest_bf16(made.x[i]));
  }
  for (size_t i = 0; i < tokens * outputs; i++) {
    made.y[i] = epilogue == CSK_ADD ? made.start[i] : NAN;
    made.y_bf16[i] = 0x7fc0;
  }
  return made;
}

static void free_operands(operands with) {
  free(with.x), free(with.x_bf16), free(with.bias), free(with.start);
  free(with.y), free(with.y_bf16);
}

/// Returns whether a product of bf16 activations is rounded to bf16.
static bool is_rounded(operands with) { return with.epilogue != CSK_ADD; }

/// Compares a result with the epilogue's formula over x · Wᵀ + bias.
///
/// Each of `terms` products and each sum rounds once, by at most half a unit of the magnitude.
static void compare_product(
    const char *_Nonnull variant, const char *_Nonnull what, operands with,
    const float *_Nonnull dense, double terms, bool is_bf16) {
  for (size_t place = 0; place < with.tokens * with.outputs; place++) {
    const float *x = with.x + place / with.outputs * with.inputs;
    const float *w = dense + place % with.outputs * with.inputs;
    double sum = with.bias ? with.bias[place % with.outputs] : 0, magnitude = fabs(sum);
    for (size_t i = 0; i < with.inputs; i++) {
      sum += (double)w[i] * x[i];
      magnitude += fabs((double)w[i] * x[i]);
    }
    double bound = (2 * terms + 1) * unit * magnitude;
    switch (with.epilogue) {
      case CSK_STORE: break;
      case CSK_STORE_GELU:
        // The slope is at most 1.13; the error function has an error of its own.
        bound = 1.13 * bound + 0.5 * (fabs(sum) + bound) * (1e-6 + 6 * unit);
        sum = 0.5 * sum * (1 + erf(sum / sqrt(2)));
        break;
      case CSK_ADD:
        sum += with.start[place];
        bound += unit * (fabs(sum) + bound);
        break;
    }
    const bool rounded = is_bf16 && is_rounded(with);
    const double found = rounded ? wide(with.y_bf16[place]) : with.y[place];
    compare(variant, what, found, sum, rounded ? bf16_bound(sum, bound) : bound);
  }
}

/// Compares a result in bf16 with the reference's, to the bit: products of two bf16 numbers are
/// exact, and all variants add them in the same order. GELUs differ in their last bits.
static void compare_with_reference(
    const char *_Nonnull variant, const char *_Nonnull what, operands with,
    const float *_Nonnull y, const uint16_t *_Nonnull y_bf16) {
  if (with.epilogue == CSK_STORE_GELU) return;
  for (size_t i = 0; i < with.tokens * with.outputs; i++) {
    const bool rounded = is_rounded(with);
    compare(variant, what, rounded ? wide(with.y_bf16[i]) : with.y[i],
            rounded ? wide(y_bf16[i]) : y[i], 0);
  }
}

static size_t random_outputs(void) {
  // Now and then more outputs than a tile sums up at once.
  return below(8) ? 1 + below(20) : CSK_TILE_OUTPUTS - 3 + below(9);
}

static void check_f32_columns(
    const csk_variant *_Nonnull variant, csk_epilogue epilogue, size_t kept, size_t group_size) {
  const size_t outputs = random_outputs(), inputs = 1 + below(230);
  layer made = random_layer(outputs, inputs, kept, group_size, false);
  operands with = random_operands(outputs, inputs, epilogue, false);
  void *memory;
  float *scratch = make_scratch(csk_f32_nm_scratch_count(outputs, inputs), &memory);
  variant->f32_nm_multiply(
      &made.weights, with.x, with.tokens, with.bias, epilogue, with.y, scratch);
  const double terms = (double)csk_f32_nm_kept(kept, group_size, inputs);
  compare_product(variant->name, "f32 columns", with, made.dense, terms, false);
  free_layer(made), free_operands(with), free(memory);
}

static void check_bf16_columns(
    const csk_variant *_Nonnull variant, csk_epilogue epilogue, size_t kept, size_t group_size) {
  const size_t outputs = random_outputs(), inputs = 1 + below(230);
  layer made = random_layer(outputs, inputs, kept, group_size, true);
  operands with = random_operands(outputs, inputs, epilogue, true);
  void *memory;
  float *scratch = make_scratch(csk_f32_nm_scratch_count(outputs, inputs), &memory);
  void *y = is_rounded(with) ? (void *)with.y_bf16 : (void *)with.y;
  variant->bf16_nm_multiply(
      &made.weights, with.x_bf16, with.tokens, with.bias, epilogue, y, scratch);
  const double terms = (double)csk_f32_nm_kept(kept, group_size, inputs);
  compare_product(variant->name, "bf16 columns", with, made.dense, terms, true);

  operands again = with;
  again.y = numbers(with.tokens * outputs), again.y_bf16 = room(with.tokens * outputs * 2);
  memcpy(again.y, with.start, with.tokens * outputs * sizeof(float));
  void *expected = is_rounded(with) ? (void *)again.y_bf16 : (void *)again.y;
  csk_variant_at(0)->bf16_nm_multiply(
      &made.weights, with.x_bf16, with.tokens, with.bias, epilogue, expected, scratch);
  compare_with_reference(variant->name, "bf16 columns' bits", with, again.y, again.y_bf16);
  free(again.y), free(again.y_bf16);
  free_layer(made), free_operands(with), free(memory);
}

void check_columns(const csk_variant *variant, size_t kept, size_t group_size) {
  for (csk_epilogue epilogue = CSK_STORE; epilogue <= CSK_ADD; epilogue++) {
    check_f32_columns(variant, epilogue, kept, group_size);
    check_bf16_columns(variant, epilogue, kept, group_size);
  }
}

/// Finds slots that cover the inputs of `mask`, each once, and returns how many; −1 if none do.
static int match(const csk_pairing *_Nonnull pairing, unsigned mask, uint8_t slots[_Nonnull 4]) {
  if (mask == 0) return 0;
  for (size_t slot = 0; slot < pairing->slots; slot++) {
    const unsigned both = 1u << pairing->pairs[slot][0] | 1u << pairing->pairs[slot][1];
    // The lowest input has to be in some pair; which comes first does not matter.
    if ((mask & both) != both || !(both & (mask & -mask))) continue;
    const int rest = match(pairing, mask & ~both, slots + 1);
    if (rest < 0) continue;
    slots[0] = (uint8_t)slot;
    return rest + 1;
  }
  return -1;
}

/// Returns the inputs with weights, filled up so that each group has what eight inputs keep of it.
static unsigned completed_mask(
    const csk_pairing *_Nonnull pairing, size_t group_size, const float *_Nonnull weights,
    size_t width) {
  unsigned mask = 0;
  for (size_t i = 0; i < width; i++) mask |= (unsigned)(weights[i] != 0) << i;
  for (size_t group = 0; group < CSK_PAIR_STEP; group += group_size) {
    const unsigned all = ((1u << group_size) - 1) << group;
    const size_t wanted = pairing->kept * group_size / CSK_PAIR_STEP;
    for (size_t i = group; i < group + group_size; i++) {
      if ((size_t)__builtin_popcount(mask & all) < wanted) mask |= 1u << i;
    }
  }
  return mask;
}

/// Packs weights two by two and returns how many pairs there are.
static size_t pack_pairs(
    const csk_pairing *_Nonnull pairing, size_t group_size, const layer *_Nonnull of,
    uint32_t *_Nonnull values, uint16_t *_Nonnull indices) {
  const size_t block = csk_pair_block_inputs(pairing), inputs = of->weights.inputs;
  size_t count = 0;
  for (size_t start = 0; start < inputs; start += block) {
    const size_t end = start + block < inputs ? start + block : inputs;
    for (size_t output = 0; output < of->weights.outputs; output++) {
      for (size_t step = start; step < end; step += CSK_PAIR_STEP) {
        const float *row = of->dense + output * inputs + step;
        const size_t width = end - step < CSK_PAIR_STEP ? end - step : CSK_PAIR_STEP;
        const unsigned mask = completed_mask(pairing, group_size, row, width);
        uint8_t slots[4];
        const int found = match(pairing, mask, slots);
        compare("pairing", "pairs of a set", found, (double)pairing->kept / 2, 0);
        for (int i = 0; i < found; i++) {
          const uint8_t low = pairing->pairs[slots[i]][0], high = pairing->pairs[slots[i]][1];
          const uint32_t low_bits = low < width ? nearest_bf16(row[low]) : 0;
          const uint32_t high_bits = high < width ? nearest_bf16(row[high]) : 0;
          values[count] = low_bits | high_bits << 16;
          const size_t slot = (step - start) / CSK_PAIR_STEP * pairing->slots + slots[i];
          indices[count++] = (uint16_t)(slot * CSK_PAIR_SLOT_UNITS);
        }
      }
    }
  }
  return count;
}

static void check_pair_product(
    const csk_variant *_Nonnull variant, const csk_pairing *_Nonnull pairing,
    csk_epilogue epilogue, size_t kept, size_t group_size) {
  // Blocks have from 48 to 192 inputs, so that most layers here have several.
  const size_t outputs = below(4) ? 1 + below(20) : 30 + below(40), inputs = 1 + below(420);
  layer made = random_layer(outputs, inputs, kept, group_size, true);
  const size_t steps = (inputs + CSK_PAIR_STEP - 1) / CSK_PAIR_STEP;
  const size_t pairs = outputs * steps * pairing->kept / 2;
  uint32_t *values = room(pairs * sizeof *values);
  uint16_t *indices = room(pairs * sizeof *indices);
  const size_t packed = pack_pairs(pairing, group_size, &made, values, indices);
  compare("pairing", "pairs of a layer", (double)packed, (double)pairs, 0);
  const csk_bf16_pair_weights weights = {
    .values = values, .indices = indices, .pairing = pairing, .outputs = outputs, .inputs = inputs,
  };
  operands with = random_operands(outputs, inputs, epilogue, true);
  void *memory;
  float *scratch = make_scratch(csk_bf16_pair_scratch_count(outputs), &memory);
  void *y = is_rounded(with) ? (void *)with.y_bf16 : (void *)with.y;
  variant->bf16_pair_multiply(
      &weights, with.x_bf16, with.tokens, with.bias, epilogue, y, scratch);
  compare_product(
      variant->name, "pairs", with, made.dense, (double)(steps * pairing->kept), true);

  operands again = with;
  again.y = numbers(with.tokens * outputs), again.y_bf16 = room(with.tokens * outputs * 2);
  memcpy(again.y, with.start, with.tokens * outputs * sizeof(float));
  void *expected = is_rounded(with) ? (void *)again.y_bf16 : (void *)again.y;
  csk_variant_at(0)->bf16_pair_multiply(
      &weights, with.x_bf16, with.tokens, with.bias, epilogue, expected, scratch);
  compare_with_reference(variant->name, "pairs' bits", with, again.y, again.y_bf16);
  free(again.y), free(again.y_bf16), free(values), free(indices);
  free_layer(made), free_operands(with), free(memory);
}

void check_pairs(const csk_variant *variant, size_t kept, size_t group_size) {
  const csk_pairing *pairing = csk_pairing_of(kept, group_size);
  const csk_variant *reference = csk_variant_at(0);
  if (!pairing) return;
  if (variant != reference && variant->bf16_pair_multiply == reference->bf16_pair_multiply) return;
  for (csk_epilogue epilogue = CSK_STORE; epilogue <= CSK_ADD; epilogue++) {
    check_pair_product(variant, pairing, epilogue, kept, group_size);
  }
}

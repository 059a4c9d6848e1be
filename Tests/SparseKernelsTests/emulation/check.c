// Runs every variant, whatever the processor, and compares it with the formulas in double
// precision.
// `run` compiles it with the kernels' own sources over emulated AVX-512.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CSparseKernels.h"

static const double unit = 0x1p-24;
static size_t compared;
static size_t failed;

static void compare(
    const char *variant, const char *what, double found, double expected, double bound) {
  compared++;
  if (fabs(found - expected) <= bound) return;
  failed++;
  if (failed <= 10) {
    fprintf(stderr, "%s %s: found %.9g, expected %.9g ± %.2g\n", variant, what, found, expected,
            bound);
  }
}

static uint64_t state = 1;

static uint64_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static size_t below(size_t bound) { return (size_t)(next_random() >> 33) % bound; }

static float number(void) { return (float)(next_random() >> 40) / (1 << 23) - 1; }

static void *room(size_t size) {
  void *memory = calloc(size, 1);
  if (!memory) abort();
  return memory;
}

static float *numbers(size_t count) {
  float *values = room(count * sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = number();
  return values;
}

typedef struct layer {
  float *dense;
  float *values;
  uint8_t *columns;
  csk_f32_nm_weights weights;
} layer;

/// Draws a layer and packs it: blocks of inputs, in them outputs, in them the kept weights.
static layer random_layer(size_t outputs, size_t inputs, size_t kept, size_t group_size) {
  layer made;
  made.dense = room(outputs * inputs * sizeof(float));
  made.values = room(outputs * inputs * sizeof(float));
  made.columns = room(outputs * inputs);
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
          made.columns[place] = (uint8_t)(group + i - start);
          made.values[place] = number();
          made.dense[output * inputs + group + i] = made.values[place++];
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

static void check_multiply(const csk_variant *variant, size_t kept, size_t group_size) {
  size_t tokens = 1 + below(150), inputs = 1 + below(230);
  // Now and then more outputs than a tile sums up at once.
  size_t outputs = below(8) ? 1 + below(20) : CSK_TILE_OUTPUTS - 3 + below(9);
  layer made = random_layer(outputs, inputs, kept, group_size);
  float *x = numbers(tokens * inputs);
  float *bias = below(4) ? numbers(outputs) : NULL;
  float *y = room(tokens * outputs * sizeof *y);
  float *scratch = room(csk_f32_nm_scratch_count(outputs, inputs) * sizeof *scratch);
  variant->f32_nm_multiply(&made.weights, x, tokens, bias, y, scratch);
  double operations = 2 * (double)csk_f32_nm_kept(kept, group_size, inputs) + 1;
  for (size_t t = 0; t < tokens; t++) {
    for (size_t o = 0; o < outputs; o++) {
      double sum = bias ? bias[o] : 0, magnitude = fabs(sum);
      for (size_t i = 0; i < inputs; i++) {
        double product = (double)made.dense[o * inputs + i] * x[t * inputs + i];
        sum += product;
        magnitude += fabs(product);
      }
      compare(variant->name, "multiply", y[t * outputs + o], sum, operations * unit * magnitude);
    }
  }
  free(made.dense), free(made.values), free(made.columns);
  free(x), free(bias), free(y), free(scratch);
}

static void check_layer_norm(const csk_variant *variant, size_t width) {
  enum { ROWS = 3 };
  const float epsilon = 1e-6f;
  float *x = numbers(ROWS * width), *scale = numbers(width), *shift = numbers(width);
  float *y = room(ROWS * width * sizeof *y);
  variant->f32_layer_norm(x, ROWS, width, scale, shift, epsilon, y);
  for (size_t row = 0; row < ROWS; row++) {
    const float *values = x + row * width;
    double mean = 0, variance = epsilon;
    for (size_t i = 0; i < width; i++) mean += values[i] / (double)width;
    for (size_t i = 0; i < width; i++) {
      variance += (values[i] - mean) * (values[i] - mean) / (double)width;
    }
    double deviation = sqrt(variance);
    double mean_error = ((double)width + 1) * unit;
    double relative =
        ((double)width + 4) * unit + mean_error * mean_error / (2 * variance) + 6 * unit;
    for (size_t i = 0; i < width; i++) {
      double normal = (values[i] - mean) / deviation;
      double rounding = fabs(normal) * relative + 2 * unit * (fabs(normal) + 1);
      double bound = mean_error / deviation + rounding;
      compare(variant->name, "layer norm", y[row * width + i], normal * scale[i] + shift[i], bound);
    }
  }
  free(x), free(scale), free(shift), free(y);
}

static void check_softmax(const csk_variant *variant, size_t width) {
  enum { ROWS = 3 };
  const float scale = 40;
  size_t stride = width + 2;
  float *x = numbers(ROWS * stride), *y = room(ROWS * stride * sizeof *y);
  for (size_t i = 0; i < ROWS * stride; i++) y[i] = x[i];
  variant->f32_softmax(y, ROWS, width, stride, scale);
  for (size_t row = 0; row < ROWS; row++) {
    const float *values = x + row * stride;
    double max = values[0], sum = 0;
    for (size_t i = 1; i < width; i++) max = values[i] > max ? values[i] : max;
    for (size_t i = 0; i < width; i++) sum += exp((values[i] - max) * scale);
    // Arguments reach down to −80 and round twice; the sum rounds once a term.
    double relative = (4 * 80 + 8 + (double)width) * unit;
    for (size_t i = 0; i < stride; i++) {
      double expected = i < width ? exp((values[i] - max) * scale) / sum : values[i];
      double bound = i < width ? relative * expected + 1e-37 : 0;
      compare(variant->name, "softmax", y[row * stride + i], expected, bound);
    }
  }
  free(x), free(y);
}

static void check_gelu(const csk_variant *variant, size_t count) {
  float *x = numbers(count), *y = room(count * sizeof *y);
  for (size_t i = 0; i < count; i++) y[i] = x[i] *= 8;
  variant->f32_gelu(y, count);
  for (size_t i = 0; i < count; i++) {
    double expected = 0.5 * x[i] * (1 + erf(x[i] / sqrt(2)));
    compare(variant->name, "gelu", y[i], expected, 0.5 * fabs(x[i]) * (1e-6 + 6 * unit));
  }
  free(x), free(y);
}

static float with_bits(uint32_t bits) {
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static float wide(uint16_t bits) { return with_bits((uint32_t)bits << 16); }

/// Returns the bf16 number nearest to a value, of two equally near the even one.
static uint16_t nearest_bf16(float value) {
  uint32_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  const uint16_t high = (uint16_t)(bits >> 16);
  if (isnan(value)) return high | 0x40;
  if (fabsf(value) < 0x1p-126f) return high & 0x8000;
  if (isinf(value)) return high;
  // The number beyond the largest one is 2¹²⁸.
  const double below = fabs(wide(high)), unit = ldexp(1, ilogb(below) - 7);
  const double rest = fabs(value) - below;
  const bool is_up = rest > unit / 2 || (rest == unit / 2 && high & 1);
  return high + is_up;
}

static void check_narrow(const csk_variant *variant, size_t count) {
  static const uint32_t special[] = {
    0, 0x80000000, 1, 0x807fffff, 0x00800000, 0x7f7fffff, 0xff7f8000, 0x7f800000, 0xff800000,
    0x7f800001, 0xffc12345, 0x3f808000, 0x3f818000, 0x3f808001, 0x007fffff, 0x7f7f7fff,
  };
  float *x = numbers(count), *again = room(count * sizeof *again);
  uint16_t *y = room(count * sizeof *y);
  for (size_t i = 0; i < count; i++) {
    size_t kind = below(20);
    x[i] = with_bits(kind < 16 ? special[kind] : (uint32_t)(next_random() >> 32));
  }
  variant->bf16_narrow(x, count, y);
  variant->bf16_widen(y, count, again);
  for (size_t i = 0; i < count; i++) {
    compare(variant->name, "narrow", y[i], nearest_bf16(x[i]), 0);
    compare(variant->name, "widen", memcmp(&again[i], (float[]){wide(y[i])}, sizeof(float)), 0, 0);
  }
  free(x), free(again), free(y);
}

/// A bf16 result may round another way than the formula's where fp32 errs by `bound`.
static double bf16_bound(double expected, double bound) {
  return bound + (fabs(expected) + bound) * 0x1p-8 + 0x1p-126;
}

static void check_bf16_gelu(const csk_variant *variant, size_t count) {
  float *x = numbers(count);
  uint16_t *y = room(count * sizeof *y);
  for (size_t i = 0; i < count; i++) x[i] = wide(y[i] = nearest_bf16(8 * x[i]));
  variant->bf16_gelu(y, count);
  for (size_t i = 0; i < count; i++) {
    double expected = 0.5 * x[i] * (1 + erf(x[i] / sqrt(2)));
    double bound = bf16_bound(expected, 0.5 * fabs(x[i]) * (1e-6 + 6 * unit));
    compare(variant->name, "bf16 gelu", wide(y[i]), expected, bound);
  }
  free(x), free(y);
}

/// The bf16 LayerNorm is that of fp32, rounded: to the bit, since both share the arithmetic.
static void check_bf16_layer_norm(const csk_variant *variant, size_t width) {
  enum { ROWS = 3 };
  float *x = numbers(ROWS * width), *scale = numbers(width), *shift = numbers(width);
  float *wide_y = room(ROWS * width * sizeof *wide_y);
  uint16_t *y = room(ROWS * width * sizeof *y);
  variant->f32_layer_norm(x, ROWS, width, scale, shift, 1e-6f, wide_y);
  variant->bf16_layer_norm(x, ROWS, width, scale, shift, 1e-6f, y);
  for (size_t i = 0; i < ROWS * width; i++) {
    compare(variant->name, "bf16 layer norm", y[i], nearest_bf16(wide_y[i]), 0);
  }
  free(x), free(scale), free(shift), free(wide_y), free(y);
}

/// Compares the attention of one image with softmax(Q · Kᵀ · scale) · V.
///
/// `qkv` holds what the kernel was given and `y` what it gave; the type rounds results and weights
/// by at most `rounding`.
static void compare_attention(
    const char *variant, const float *qkv, size_t tokens, size_t heads, size_t head_width,
    size_t queries, float scale, const float *y, double rounding) {
  const size_t width = heads * head_width;
  double *weights = room(tokens * sizeof *weights);
  for (size_t place = 0; place < queries * heads; place++) {
    const size_t query = place / heads, head = place % heads;
    const float *q = qkv + query * 3 * width + head * head_width;
    const float *k = qkv + width + head * head_width, *v = k + width;
    double max = -INFINITY, size = 0, largest = 0, sum = 0;
    for (size_t t = 0; t < tokens; t++) {
      double score = 0, magnitude = 0;
      for (size_t d = 0; d < head_width; d++) {
        score += (double)q[d] * k[t * 3 * width + d];
        magnitude += fabs((double)q[d] * k[t * 3 * width + d]);
      }
      weights[t] = score * scale;
      max = fmax(max, weights[t]);
      size = fmax(size, magnitude * scale);
    }
    for (size_t t = 0; t < tokens; t++) {
      largest = fmax(largest, max - weights[t]);
      sum += weights[t] = exp(weights[t] - max);
    }
    // A score rounds twice a product, the largest one too; then its distance to the largest one,
    // a factor of three roundings and their product round; exp2 has its own error.
    double exponent = 4 * ((double)head_width + 1) * unit * size + 6 * unit * largest;
    double power = 1.01 * (exponent + 1.1e-7 + 6 * unit);
    double relative = 2 * power + (2 * (double)tokens + 10) * unit + rounding;
    for (size_t d = 0; d < head_width; d++) {
      double total = 0, magnitude = 0;
      for (size_t t = 0; t < tokens; t++) {
        total += weights[t] * v[t * 3 * width + d] / sum;
        magnitude += weights[t] * fabs(v[t * 3 * width + d]) / sum;
      }
      double bound = 1.01 * (relative * magnitude + rounding * fabs(total)) + 1e-36;
      compare(variant, "attention", y[query * width + head * head_width + d], total, bound);
    }
  }
  free(weights);
}

static void check_attention(const csk_variant *variant) {
  const size_t tokens = 1 + below(70), heads = 1 + below(3), head_width = 1 + below(70);
  const size_t queries = below(3) ? tokens : 1 + below(tokens), width = heads * head_width;
  const float scale = 4 * fabsf(number()) / sqrtf((float)head_width) + 0.01f;
  float *qkv = numbers(tokens * 3 * width), *y = room(queries * width * sizeof *y);
  uint16_t *short_qkv = room(tokens * 3 * width * sizeof *short_qkv);
  uint16_t *short_y = room(queries * width * sizeof *short_y);
  float *scratch = numbers(csk_attention_scratch_count(tokens, head_width));
  variant->f32_attention(qkv, tokens, heads, head_width, queries, scale, y, scratch);
  compare_attention(variant->name, qkv, tokens, heads, head_width, queries, scale, y, 0);
  for (size_t i = 0; i < tokens * 3 * width; i++) {
    qkv[i] = wide(short_qkv[i] = nearest_bf16(2 * qkv[i]));
  }
  variant->bf16_attention(short_qkv, tokens, heads, head_width, queries, scale, short_y, scratch);
  for (size_t i = 0; i < queries * width; i++) y[i] = wide(short_y[i]);
  compare_attention(variant->name, qkv, tokens, heads, head_width, queries, scale, y, 0x1p-8);
  free(qkv), free(y), free(short_qkv), free(short_y), free(scratch);
}

static void check_additions(const csk_variant *variant, size_t width) {
  enum { ROWS = 3 };
  float *x = numbers(ROWS * width), *start = numbers(ROWS * width);
  float *sum = room(ROWS * width * sizeof *sum), *biased = room(ROWS * width * sizeof *biased);
  for (size_t i = 0; i < ROWS * width; i++) sum[i] = biased[i] = start[i];
  variant->f32_add(x, ROWS * width, sum);
  variant->f32_add_bias(x, ROWS, width, biased);
  for (size_t i = 0; i < ROWS * width; i++) {
    compare(variant->name, "add", sum[i], (double)(start[i] + x[i]), 0);
    compare(variant->name, "add bias", biased[i], (double)(start[i] + x[i % width]), 0);
  }
  free(x), free(start), free(sum), free(biased);
}

int main(void) {
  for (size_t index = 0; index < csk_variant_count(); index++) {
    const csk_variant *variant = csk_variant_at(index);
    size_t before = compared;
    for (size_t group_size = 4; group_size <= 16; group_size *= 2) {
      for (size_t kept = 1; kept <= group_size; kept++) {
        for (int round = 0; round < 8; round++) check_multiply(variant, kept, group_size);
      }
    }
    for (size_t width = 1; width <= 70; width++) {
      check_layer_norm(variant, width);
      check_softmax(variant, width);
      check_gelu(variant, 100 * width + width % 16);
      check_narrow(variant, 100 * width + width % 16);
      check_bf16_gelu(variant, 100 * width + width % 16);
      check_bf16_layer_norm(variant, width);
      check_additions(variant, width);
      check_attention(variant);
    }
    printf("%s: %zu numbers compared\n", variant->name, compared - before);
  }
  if (failed) fprintf(stderr, "%zu of %zu numbers differ\n", failed, compared);
  return failed ? 1 : 0;
}

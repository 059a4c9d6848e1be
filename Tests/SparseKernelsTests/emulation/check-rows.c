#include "check.h"

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

/// Returns v times the logistic function of v · (linear + cubic · v²).
static double sigmoid_gate(double v, double linear, double cubic) {
  return v / (1 + exp(-v * (linear + cubic * v * v)));
}

static void check_sigmoid_gate(const csk_variant *variant, size_t count) {
  float *x = numbers(count), *y = room(count * sizeof *y);
  uint16_t *z = room(count * sizeof *z);
  for (size_t i = 0; i < count; i++) {
    x[i] = wide(z[i] = nearest_bf16(8 * x[i]));
    y[i] = x[i];
  }
  variant->f32_sigmoid_gate(y, count, 1.5f, 0.0625f);
  variant->bf16_sigmoid_gate(z, count, 1.5f, 0.0625f);
  for (size_t i = 0; i < count; i++) {
    double expected = sigmoid_gate(x[i], 1.5, 0.0625);
    // Arguments reach down to −90 and round; far below, the exponential stops at its least.
    double bound = fabs(expected) * 400 * unit + 1e-35;
    compare(variant->name, "sigmoid gate", y[i], expected, bound);
    compare(variant->name, "bf16 sigmoid gate", wide(z[i]), expected, bf16_bound(expected, bound));
  }
  free(x), free(y), free(z);
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

void check_rows(const csk_variant *variant, size_t width) {
  const size_t many = 100 * width + width % 16;
  check_layer_norm(variant, width);
  check_softmax(variant, width);
  check_gelu(variant, many);
  check_sigmoid_gate(variant, many);
  check_narrow(variant, many);
  check_bf16_gelu(variant, many);
  check_bf16_layer_norm(variant, width);
  check_additions(variant, width);
}

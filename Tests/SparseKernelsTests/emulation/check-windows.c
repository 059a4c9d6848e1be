#include "check.h"

/// The operands of an attention in windows.
typedef struct window_case {
  csk_windows windows;
  size_t heads;
  size_t head_width;
  float scale;
  const float *_Nonnull qkv;
  const float *_Nonnull padding;
} window_case;

/// Returns a token's row: queries, keys and values.
static const float *row_of(window_case c, size_t place) {
  const int32_t row = c.windows.rows[place];
  return row < 0 ? c.padding : c.qkv + (size_t)row * 3 * c.heads * c.head_width;
}

/// Compares one head of a query with softmax(q · Kᵀ · scale + bias + mask) · V.
static void compare_query(
    const char *variant, window_case c, size_t place, size_t head, const float *y,
    double rounding) {
  const size_t width = c.heads * c.head_width, tokens = c.windows.tokens;
  const size_t first = place / tokens * tokens, query = place % tokens;
  const size_t padded = csk_whole_vectors(tokens);
  const float *q = row_of(c, place) + head * c.head_width;
  double *weights = room(tokens * sizeof *weights);
  double max = -INFINITY, size = 0, sum = 0;
  for (size_t t = 0; t < tokens; t++) {
    const float *k = row_of(c, first + t) + width + head * c.head_width;
    double score = 0, magnitude = 0;
    for (size_t d = 0; d < c.head_width; d++) {
      score += (double)q[d] * k[d];
      magnitude += fabs((double)q[d] * k[d]);
    }
    const double bias = c.windows.bias[(head * tokens + query) * padded + t] * 0.6931471805599453;
    const int32_t *zones = c.windows.zones ? c.windows.zones + place / tokens * padded : NULL;
    const double mask = zones && zones[t] != zones[query] ? -100 : 0;
    weights[t] = score * c.scale + bias + mask;
    max = fmax(max, weights[t]);
    size = fmax(size, magnitude * c.scale + fabs(bias) + fabs(mask));
  }
  for (size_t t = 0; t < tokens; t++) sum += weights[t] = exp(weights[t] - max);
  const double exponent = (4 * ((double)c.head_width + 3) + 6) * unit * size;
  const double power = 1.01 * (exponent + 1.1e-7 + 6 * unit);
  const double relative = 2 * power + (2 * (double)tokens + 10) * unit + rounding;
  for (size_t d = 0; d < c.head_width; d++) {
    double total = 0, magnitude = 0;
    for (size_t t = 0; t < tokens; t++) {
      const double v = row_of(c, first + t)[2 * width + head * c.head_width + d];
      total += weights[t] * v / sum;
      magnitude += weights[t] * fabs(v) / sum;
    }
    const double bound = 1.01 * (relative * magnitude + rounding * fabs(total)) + 1e-36;
    const size_t at = (size_t)c.windows.rows[place] * width + head * c.head_width + d;
    compare(variant, "window attention", y[at], total, bound);
  }
  free(weights);
}

/// Compares all rows of y.
static void compare_windows(
    const char *variant, window_case c, const float *y, double rounding) {
  for (size_t place = 0; place < c.windows.count * c.windows.tokens; place++) {
    if (c.windows.rows[place] < 0) continue;
    for (size_t head = 0; head < c.heads; head++) {
      compare_query(variant, c, place, head, y, rounding);
    }
  }
}

void check_windows(const csk_variant *variant) {
  const size_t count = 1 + below(3), tokens = 1 + below(50), heads = 1 + below(3);
  const size_t head_width = 1 + below(40), width = heads * head_width;
  const size_t places = count * tokens, padded = csk_whole_vectors(tokens);
  int32_t *rows = room(places * sizeof *rows), *zones = room(count * padded * sizeof *zones);
  const bool has_zones = below(2), has_padding = below(2);
  for (size_t place = 0; place < places; place++) {
    rows[place] = has_padding && below(4) == 0 ? -1 : (int32_t)(places - 1 - place);
    zones[place / tokens * padded + place % tokens] = (int32_t)below(3);
  }
  float *bias = numbers(heads * tokens * padded);
  for (size_t i = 0; i < heads * tokens * padded; i++) {
    if (i % padded >= tokens) bias[i] = CSK_NO_TOKEN;
  }
  float *qkv = numbers(places * 3 * width), *padding = numbers(3 * width);
  float *y = room(places * width * sizeof *y);
  void *memory;
  float *scratch = make_scratch(csk_attention_scratch_count(tokens, head_width), &memory);
  const window_case c = {
      .windows = {count, tokens, rows, has_zones ? zones : NULL, bias},
      .heads = heads,
      .head_width = head_width,
      .scale = 4 * fabsf(number()) / sqrtf((float)head_width) + 0.01f,
      .qkv = qkv,
      .padding = padding,
  };
  variant->f32_window_attention(
      qkv, &c.windows, heads, head_width, c.scale, padding, y, scratch);
  compare_windows(variant->name, c, y, 0);

  uint16_t *short_qkv = room(places * 3 * width * sizeof *short_qkv);
  uint16_t *short_padding = room(3 * width * sizeof *short_padding);
  uint16_t *short_y = room(places * width * sizeof *short_y);
  for (size_t i = 0; i < places * 3 * width; i++) {
    qkv[i] = wide(short_qkv[i] = nearest_bf16(2 * qkv[i]));
  }
  for (size_t i = 0; i < 3 * width; i++) {
    padding[i] = wide(short_padding[i] = nearest_bf16(padding[i]));
  }
  variant->bf16_window_attention(
      short_qkv, &c.windows, heads, head_width, c.scale, short_padding, short_y, scratch);
  for (size_t i = 0; i < places * width; i++) y[i] = wide(short_y[i]);
  compare_windows(variant->name, c, y, 0x1p-8);
  free(rows), free(zones), free(bias), free(qkv), free(padding), free(y), free(short_qkv);
  free(short_padding), free(short_y), free(memory);
}

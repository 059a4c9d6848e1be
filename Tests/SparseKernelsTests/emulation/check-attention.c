#include "check.h"

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

void check_attention(const csk_variant *variant) {
  const size_t tokens = 1 + below(70), heads = 1 + below(3), head_width = 1 + below(70);
  const size_t queries = below(3) ? tokens : 1 + below(tokens), width = heads * head_width;
  const float scale = 4 * fabsf(number()) / sqrtf((float)head_width) + 0.01f;
  float *qkv = numbers(tokens * 3 * width), *y = room(queries * width * sizeof *y);
  uint16_t *short_qkv = room(tokens * 3 * width * sizeof *short_qkv);
  uint16_t *short_y = room(queries * width * sizeof *short_y);
  void *memory;
  float *scratch = make_scratch(csk_attention_scratch_count(tokens, head_width), &memory);
  variant->f32_attention(qkv, tokens, heads, head_width, queries, scale, y, scratch);
  compare_attention(variant->name, qkv, tokens, heads, head_width, queries, scale, y, 0);
  for (size_t i = 0; i < tokens * 3 * width; i++) {
    qkv[i] = wide(short_qkv[i] = nearest_bf16(2 * qkv[i]));
  }
  variant->bf16_attention(short_qkv, tokens, heads, head_width, queries, scale, short_y, scratch);
  for (size_t i = 0; i < queries * width; i++) y[i] = wide(short_y[i]);
  compare_attention(variant->name, qkv, tokens, heads, head_width, queries, scale, y, 0x1p-8);
  free(qkv), free(y), free(short_qkv), free(short_y), free(memory);
}

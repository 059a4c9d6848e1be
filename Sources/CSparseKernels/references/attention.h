// The reference of the attention, for the elements that the including file has chosen.

#pragma once

#include "../scalar.h"

// s = q · k for each token, p = 2^((s − max) · scale / ln 2), y = Σ p · v / Σ p. The p that
// multiply values are rounded to elements, the ones that are summed are not.
static inline void attend(
    const element *_Nonnull qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, element *_Nonnull y, float *_Nonnull scratch) {
  const size_t width = heads * head_width, stride = 3 * width;
  const float factor = scale * CSK_LOG2_E;
  for (size_t query = 0; query < queries; query++) {
    for (size_t head = 0; head < heads; head++) {
      const element *q = qkv + query * stride + head * head_width;
      const element *k = qkv + width + head * head_width, *v = k + width;
      float *weights = scratch;
      element *to = y + query * width + head * head_width;
      for (size_t token = 0; token < tokens; token++) {
        weights[token] = 0;
        for (size_t d = 0; d < head_width; d++) {
          weights[token] += widened(q[d]) * widened(k[token * stride + d]);
        }
      }
      float max = weights[0];
      for (size_t token = 1; token < tokens; token++) {
        max = weights[token] > max ? weights[token] : max;
      }
      float sum = 0;
      for (size_t token = 0; token < tokens; token++) {
        const float power = csk_exp2_scalar((weights[token] - max) * factor);
        weights[token] = widened(narrowed(power));
        sum += power;
      }
      const float inverse = 1 / sum;
      for (size_t d = 0; d < head_width; d++) {
        float total = 0;
        for (size_t token = 0; token < tokens; token++) {
          total += weights[token] * widened(v[token * stride + d]);
        }
        to[d] = narrowed(total * inverse);
      }
    }
  }
}

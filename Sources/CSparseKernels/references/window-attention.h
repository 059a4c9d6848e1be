// The reference of the attention in windows, for the elements that the including file has chosen.

#pragma once

#include "../scalar.h"
#include "CSparseKernels.h"

/// Returns the queries of a row's head; its keys and values lie one and two widths behind.
static inline const element *_Nonnull csk_row(
    const element *_Nonnull qkv, const element *_Nonnull padding, int32_t row, size_t stride) {
  return row < 0 ? padding : qkv + (size_t)row * stride;
}

// s = q · k · scale / ln 2 + bias, lowered between zones; p = 2^(s − max), y = Σ p · v / Σ p. The
// p that multiply values are rounded to elements, the ones that are summed are not.
static inline void attend_windows(
    const element *_Nonnull qkv, const csk_windows *_Nonnull windows, size_t heads,
    size_t head_width, float scale, const element *_Nonnull padding, element *_Nonnull y,
    float *_Nonnull scratch) {
  const size_t width = heads * head_width, tokens = windows->tokens;
  const size_t padded = csk_whole_vectors(tokens);
  const float factor = scale * CSK_LOG2_E;
  float *weights = scratch;
  for (size_t window = 0; window < windows->count; window++) {
    const int32_t *rows = windows->rows + window * tokens;
    const int32_t *zones = windows->zones ? windows->zones + window * padded : NULL;
    for (size_t head = 0; head < heads; head++) {
      const float *bias = windows->bias + head * tokens * padded;
      for (size_t query = 0; query < tokens; query++) {
        if (rows[query] < 0) continue;
        const element *q = csk_row(qkv, padding, rows[query], 3 * width) + head * head_width;
        for (size_t token = 0; token < tokens; token++) {
          const element *k =
              csk_row(qkv, padding, rows[token], 3 * width) + width + head * head_width;
          float score = 0;
          for (size_t d = 0; d < head_width; d++) score += widened(q[d]) * widened(k[d]);
          weights[token] = score * factor + bias[query * padded + token];
          if (zones && zones[token] != zones[query]) weights[token] += CSK_OTHER_ZONE;
        }
        float max = weights[0];
        for (size_t token = 1; token < tokens; token++) {
          max = weights[token] > max ? weights[token] : max;
        }
        float sum = 0;
        for (size_t token = 0; token < tokens; token++) {
          const float power = csk_exp2_scalar(weights[token] - max);
          weights[token] = widened(narrowed(power));
          sum += power;
        }
        const float inverse = 1 / sum;
        element *to = y + (size_t)rows[query] * width + head * head_width;
        for (size_t d = 0; d < head_width; d++) {
          float total = 0;
          for (size_t token = 0; token < tokens; token++) {
            const element *v =
                csk_row(qkv, padding, rows[token], 3 * width) + 2 * width + head * head_width;
            total += weights[token] * widened(v[d]);
          }
          to[d] = narrowed(total * inverse);
        }
      }
    }
  }
}

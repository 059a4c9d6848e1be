#include "../scalar.h"
#include "CSparseKernels.h"

// s = q · k for each token, p = 2^((s − max) · scale / ln 2), y = Σ p · v / Σ p. The p that
// multiply values are rounded to bf16, the ones that are summed are not.
void csk_bf16_attention_6__scalar(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  const size_t width = heads * head_width, stride = 3 * width;
  const float factor = scale * CSK_LOG2_E;
  for (size_t query = 0; query < queries; query++) {
    for (size_t head = 0; head < heads; head++) {
      const uint16_t *q = qkv + query * stride + head * head_width;
      const uint16_t *k = qkv + width + head * head_width, *v = k + width;
      float *weights = scratch;
      uint16_t *to = y + query * width + head * head_width;
      for (size_t token = 0; token < tokens; token++) {
        weights[token] = 0;
        for (size_t d = 0; d < head_width; d++) {
          weights[token] += csk_widen(q[d]) * csk_widen(k[token * stride + d]);
        }
      }
      float max = weights[0];
      for (size_t token = 1; token < tokens; token++) {
        max = weights[token] > max ? weights[token] : max;
      }
      float sum = 0;
      for (size_t token = 0; token < tokens; token++) {
        const float power = csk_exp2_scalar((weights[token] - max) * factor);
        weights[token] = csk_widen(csk_narrow(power));
        sum += power;
      }
      const float inverse = 1 / sum;
      for (size_t d = 0; d < head_width; d++) {
        float total = 0;
        for (size_t token = 0; token < tokens; token++) {
          total += weights[token] * csk_widen(v[token * stride + d]);
        }
        to[d] = csk_narrow(total * inverse);
      }
    }
  }
}

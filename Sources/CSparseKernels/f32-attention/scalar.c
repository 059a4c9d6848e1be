#include "../scalar.h"
#include "CSparseKernels.h"

// s = q · k for each token, p = 2^((s − max) · scale / ln 2), y = Σ p · v / Σ p.
void csk_f32_attention_6__scalar(
    const float *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries, float scale,
    float *y, float *scratch) {
  const size_t width = heads * head_width, stride = 3 * width;
  const float factor = scale * CSK_LOG2_E;
  for (size_t query = 0; query < queries; query++) {
    for (size_t head = 0; head < heads; head++) {
      const float *q = qkv + query * stride + head * head_width;
      const float *k = qkv + width + head * head_width, *v = k + width;
      float *weights = scratch, *to = y + query * width + head * head_width;
      for (size_t token = 0; token < tokens; token++) {
        weights[token] = 0;
        for (size_t d = 0; d < head_width; d++) weights[token] += q[d] * k[token * stride + d];
      }
      float max = weights[0];
      for (size_t token = 1; token < tokens; token++) {
        max = weights[token] > max ? weights[token] : max;
      }
      float sum = 0;
      for (size_t token = 0; token < tokens; token++) {
        weights[token] = csk_exp2_scalar((weights[token] - max) * factor);
        sum += weights[token];
      }
      const float inverse = 1 / sum;
      for (size_t d = 0; d < head_width; d++) {
        float total = 0;
        for (size_t token = 0; token < tokens; token++) {
          total += weights[token] * v[token * stride + d];
        }
        to[d] = total * inverse;
      }
    }
  }
}

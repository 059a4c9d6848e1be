#include "../references/f32.h"
#include "../references/attention.h"
#include "CSparseKernels.h"

void csk_f32_attention_6__scalar(
    const float *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, float *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

#include "../references/bf16.h"
#include "../references/attention.h"
#include "CSparseKernels.h"

void csk_bf16_attention_6__scalar(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

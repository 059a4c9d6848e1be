#include "../vectors/avx512bf16.h"
#include "../elements/bf16.h"
#include "../templates/attention-avx512-pairs.h"
#include "../templates/attention-heads.h"

CSK_TARGET void csk_bf16_attention_6__avx512bf16(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

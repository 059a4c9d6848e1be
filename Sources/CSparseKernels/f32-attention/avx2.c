#include "../vectors/avx2.h"
#include "../elements/f32.h"
#include "../templates/attention-avx2.h"
#include "../templates/attention-heads.h"

CSK_TARGET void csk_f32_attention_6__avx2(
    const float *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries, float scale,
    float *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

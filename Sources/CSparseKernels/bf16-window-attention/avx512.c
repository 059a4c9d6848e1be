#include "../vectors/avx512.h"
#include "../elements/bf16.h"
#include "../templates/attention-avx512-fp32.h"
#include "../templates/window-attention.h"

CSK_TARGET void csk_bf16_window_attention_6__avx512(
    const uint16_t *qkv, const csk_windows *windows, size_t heads, size_t head_width, float scale,
    const uint16_t *padding, uint16_t *y, float *scratch) {
  attend_windows(qkv, windows, heads, head_width, scale, padding, y, scratch);
}

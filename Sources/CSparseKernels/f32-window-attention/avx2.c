#include "../vectors/avx2.h"
#include "../elements/f32.h"
#include "../templates/attention-avx2.h"
#include "../templates/window-attention.h"

CSK_TARGET void csk_f32_window_attention_6__avx2(
    const float *qkv, const csk_windows *windows, size_t heads, size_t head_width, float scale,
    const float *padding, float *y, float *scratch) {
  attend_windows(qkv, windows, heads, head_width, scale, padding, y, scratch);
}

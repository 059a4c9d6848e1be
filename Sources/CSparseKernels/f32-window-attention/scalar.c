#include "../references/f32.h"
#include "../references/window-attention.h"
#include "CSparseKernels.h"

void csk_f32_window_attention_6__scalar(
    const float *qkv, const csk_windows *windows, size_t heads, size_t head_width, float scale,
    const float *padding, float *y, float *scratch) {
  attend_windows(qkv, windows, heads, head_width, scale, padding, y, scratch);
}

#include "../references/bf16.h"
#include "../references/window-attention.h"
#include "CSparseKernels.h"

void csk_bf16_window_attention_6__scalar(
    const uint16_t *qkv, const csk_windows *windows, size_t heads, size_t head_width, float scale,
    const uint16_t *padding, uint16_t *y, float *scratch) {
  attend_windows(qkv, windows, heads, head_width, scale, padding, y, scratch);
}

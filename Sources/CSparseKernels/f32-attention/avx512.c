#include "../avx512.h"

typedef float element;

CSK_INLINE_AVX512 __m512 load_elements(uint16_t lanes, const float *_Nonnull from) {
  return _mm512_maskz_loadu_ps(lanes, from);
}

CSK_INLINE_AVX512 void store_elements(float *_Nonnull to, uint16_t lanes, __m512 v) {
  _mm512_mask_storeu_ps(to, lanes, v);
}

CSK_INLINE_AVX512 __m512 as_element(__m512 v) { return v; }

#include "../attention-avx512.h"

CSK_TARGET_AVX512 void csk_f32_attention_6__avx512(
    const float *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries, float scale,
    float *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

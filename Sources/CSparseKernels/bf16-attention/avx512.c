// Products of bf16 numbers in fp32: exact, and added as in the bf16 instructions but for their
// rounding.

#include "../avx512.h"

typedef uint16_t element;

CSK_INLINE_AVX512 __m512 load_elements(uint16_t lanes, const uint16_t *_Nonnull from) {
  return csk_widen_avx512(_mm256_maskz_loadu_epi16(lanes, from));
}

CSK_INLINE_AVX512 void store_elements(uint16_t *_Nonnull to, uint16_t lanes, __m512 v) {
  _mm256_mask_storeu_epi16(to, lanes, csk_narrow_avx512(v));
}

CSK_INLINE_AVX512 __m512 as_element(__m512 v) { return csk_widen_avx512(csk_narrow_avx512(v)); }

#include "../attention-avx512.h"

CSK_TARGET_AVX512 void csk_bf16_attention_6__avx512(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

// Products of bf16 numbers in fp32: exact, and added as in the bf16 instructions but for their
// rounding.

#include "../avx2.h"

typedef uint16_t element;

CSK_INLINE_AVX2 __m256 load_elements(const uint16_t *_Nonnull from, size_t count) {
  if (count < 8) return csk_widen_avx2(csk_load_part_avx2(from, count));
  return csk_widen_avx2(_mm_loadu_si128((const __m128i *)from));
}

CSK_INLINE_AVX2 void store_elements(uint16_t *_Nonnull to, size_t count, __m256 v) {
  if (count < 8) {
    csk_store_part_avx2(to, count, csk_narrow_avx2(v));
  } else {
    _mm_storeu_si128((__m128i *)to, csk_narrow_avx2(v));
  }
}

CSK_INLINE_AVX2 __m256 as_element(__m256 v) { return csk_widen_avx2(csk_narrow_avx2(v)); }

#include "../attention-avx2.h"

CSK_TARGET_AVX2 void csk_bf16_attention_6__avx2(
    const uint16_t *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries,
    float scale, uint16_t *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

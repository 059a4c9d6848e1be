#include "../avx2.h"

typedef float element;

CSK_INLINE_AVX2 __m256 load_elements(const float *_Nonnull from, size_t count) {
  return _mm256_maskload_ps(from, csk_first_lanes_avx2(count));
}

CSK_INLINE_AVX2 void store_elements(float *_Nonnull to, size_t count, __m256 v) {
  _mm256_maskstore_ps(to, csk_first_lanes_avx2(count), v);
}

CSK_INLINE_AVX2 __m256 as_element(__m256 v) { return v; }

#include "../attention-avx2.h"

CSK_TARGET_AVX2 void csk_f32_attention_6__avx2(
    const float *qkv, size_t tokens, size_t heads, size_t head_width, size_t queries, float scale,
    float *y, float *scratch) {
  attend(qkv, tokens, heads, head_width, queries, scale, y, scratch);
}

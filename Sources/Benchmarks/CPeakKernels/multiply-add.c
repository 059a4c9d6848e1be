#include "CPeakKernels.h"

#include <stdint.h>

// Factors whose sums stay ordinary numbers: neither subnormal nor infinite.
static const float first_factor = 0.75f;
static const float second_factor = 0.001f;

// The same factor twice, as bf16 (the upper half of a float).
static const uint32_t first_pair = 0x3f403f40u;
static const uint32_t second_pair = 0x3a833a83u;

#define TWELVE(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)
#define TWELVE_MORE(op)                                                                         \
  op(12) op(13) op(14) op(15) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23)

#define CLOBBER_LOW                                                                             \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",      \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define CLOBBER_HIGH                                                                            \
  "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm30", "xmm31"

/// The loop: `body` for each round, the counter in %0.
#define LOOP(body) "1:\n" body "dec %0\njnz 1b\n"

#define CLEAR_SSE(i) "xorps %%xmm" #i ", %%xmm" #i "\n"
// A product of its own each time, as the sparse reference has it: no fused instruction, one
// register for the product, which renaming makes independent.
#define ADD_SSE(i) "movaps %%xmm12, %%xmm14\nmulps %%xmm13, %%xmm14\naddps %%xmm14, %%xmm" #i "\n"

size_t cpk_f32_multiply_add__baseline(size_t rounds) {
  size_t left = rounds;
  if (left == 0) return 0;
  __asm__ volatile(
      TWELVE(CLEAR_SSE) "movss %1, %%xmm12\nshufps $0, %%xmm12, %%xmm12\n"
      "movss %2, %%xmm13\nshufps $0, %%xmm13, %%xmm13\n" LOOP(TWELVE(ADD_SSE))
      : "+r"(left)
      : "m"(first_factor), "m"(second_factor)
      : "cc", CLOBBER_LOW);
  return rounds * 12 * 4;
}

#define CLEAR_AVX(i) "vxorps %%xmm" #i ", %%xmm" #i ", %%xmm" #i "\n"
#define ADD_AVX2(i) "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #i "\n"

__attribute__((target("avx2,fma"))) size_t cpk_f32_multiply_add__avx2(size_t rounds) {
  size_t left = rounds;
  if (left == 0) return 0;
  __asm__ volatile(
      TWELVE(CLEAR_AVX) "vbroadcastss %1, %%ymm12\nvbroadcastss %2, %%ymm13\n"
      LOOP(TWELVE(ADD_AVX2)) "vzeroupper\n"
      : "+r"(left)
      : "m"(first_factor), "m"(second_factor)
      : "cc", CLOBBER_LOW);
  return rounds * 12 * 8;
}

#define CLEAR_AVX512(i) "vpxord %%zmm" #i ", %%zmm" #i ", %%zmm" #i "\n"
#define ADD_AVX512(i) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #i "\n"

__attribute__((target("avx512f"))) size_t cpk_f32_multiply_add__avx512(size_t rounds) {
  size_t left = rounds;
  if (left == 0) return 0;
  __asm__ volatile(
      TWELVE(CLEAR_AVX512) TWELVE_MORE(CLEAR_AVX512)
      "vbroadcastss %1, %%zmm30\nvbroadcastss %2, %%zmm31\n"
      LOOP(TWELVE(ADD_AVX512) TWELVE_MORE(ADD_AVX512)) "vzeroupper\n"
      : "+r"(left)
      : "m"(first_factor), "m"(second_factor)
      : "cc", CLOBBER_LOW, CLOBBER_HIGH);
  return rounds * 24 * 16;
}

#define ADD_BF16(i) "vdpbf16ps %%zmm30, %%zmm31, %%zmm" #i "\n"

__attribute__((target("avx512f,avx512bf16"))) size_t cpk_bf16_multiply_add__avx512bf16(
    size_t rounds) {
  size_t left = rounds;
  if (left == 0) return 0;
  __asm__ volatile(
      TWELVE(CLEAR_AVX512) TWELVE_MORE(CLEAR_AVX512)
      "vpbroadcastd %1, %%zmm30\nvpbroadcastd %2, %%zmm31\n"
      LOOP(TWELVE(ADD_BF16) TWELVE_MORE(ADD_BF16)) "vzeroupper\n"
      : "+r"(left)
      : "m"(first_pair), "m"(second_pair)
      : "cc", CLOBBER_LOW, CLOBBER_HIGH);
  return rounds * 24 * 32;
}

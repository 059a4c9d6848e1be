#include "CSparseKernels.h"

#define CSK_NAME_AND_SUPPORT(isa) .name = #isa, .is_supported = csk_cpu_supports_##isa

// The fp32 kernels of an instruction set.
#define CSK_F32_KERNELS(isa)                                                                    \
  .f32_nm_multiply = csk_f32_nm_multiply_80__##isa,                                             \
  .f32_layer_norm = csk_f32_layer_norm_row__##isa,                                              \
  .f32_softmax = csk_f32_softmax_row__##isa,                                                    \
  .f32_gelu = csk_f32_gelu_row__##isa,                                                          \
  .f32_sigmoid_gate = csk_f32_sigmoid_gate_row__##isa,                                          \
  .f32_add = csk_f32_add_row__##isa,                                                            \
  .f32_add_bias = csk_f32_add_bias_row__##isa,                                                  \
  .f32_attention = csk_f32_attention_6__##isa,                                                  \
  .f32_window_attention = csk_f32_window_attention_6__##isa

// The bf16 kernels of an instruction set.
#define CSK_BF16_KERNELS(isa)                                                                   \
  .bf16_narrow = csk_bf16_narrow_row__##isa,                                                    \
  .bf16_layer_norm = csk_bf16_layer_norm_row__##isa,                                            \
  .bf16_gelu = csk_bf16_gelu_row__##isa,                                                        \
  .bf16_sigmoid_gate = csk_bf16_sigmoid_gate_row__##isa,                                        \
  .bf16_attention = csk_bf16_attention_6__##isa,                                                \
  .bf16_window_attention = csk_bf16_window_attention_6__##isa

// Pairs pay with the instruction that multiplies them alone; without it the reference serves.
#define CSK_BF16_PRODUCTS(isa, pair_isa)                                                        \
  .bf16_nm_multiply = csk_bf16_nm_multiply_80__##isa,                                           \
  .bf16_pair_multiply = csk_bf16_pair_multiply_48__##pair_isa

#define CSK_BF16_WIDEN(isa) .bf16_widen = csk_bf16_widen_row__##isa

static const csk_variant variants[] = {
    {
        CSK_NAME_AND_SUPPORT(scalar),
        CSK_F32_KERNELS(scalar),
        CSK_BF16_PRODUCTS(scalar, scalar),
        CSK_BF16_KERNELS(scalar),
        CSK_BF16_WIDEN(scalar),
    },
    {
        CSK_NAME_AND_SUPPORT(avx2),
        CSK_F32_KERNELS(avx2),
        CSK_BF16_PRODUCTS(avx2, scalar),
        CSK_BF16_KERNELS(avx2),
        CSK_BF16_WIDEN(avx2),
    },
    {
        CSK_NAME_AND_SUPPORT(avx512),
        CSK_F32_KERNELS(avx512),
        CSK_BF16_PRODUCTS(avx512, scalar),
        CSK_BF16_KERNELS(avx512),
        CSK_BF16_WIDEN(avx512),
    },
    // Fp32 has nothing to gain from bf16 instructions: equal functions, equal bits.
    {
        CSK_NAME_AND_SUPPORT(avx512bf16),
        CSK_F32_KERNELS(avx512),
        CSK_BF16_PRODUCTS(avx512, avx512bf16),
        CSK_BF16_KERNELS(avx512bf16),
        CSK_BF16_WIDEN(avx512),
    },
};

size_t csk_variant_count(void) { return sizeof variants / sizeof variants[0]; }

const csk_variant *csk_variant_at(size_t index) {
  if (index >= csk_variant_count()) __builtin_trap();
  return &variants[index];
}

#include "CSparseKernels.h"

#define CSK_VARIANT(isa)                                                                        \
  {                                                                                             \
    .name = #isa,                                                                               \
    .is_supported = csk_cpu_supports_##isa,                                                     \
    .f32_nm_multiply = csk_f32_nm_multiply_80__##isa,                                           \
    .f32_layer_norm = csk_f32_layer_norm_row__##isa,                                            \
    .f32_softmax = csk_f32_softmax_row__##isa,                                                  \
    .f32_gelu = csk_f32_gelu_row__##isa,                                                        \
    .f32_add = csk_f32_add_row__##isa,                                                          \
    .f32_add_bias = csk_f32_add_bias_row__##isa,                                                \
  }

static const csk_variant variants[] = {
    CSK_VARIANT(scalar),
    CSK_VARIANT(avx2),
    CSK_VARIANT(avx512),
};

size_t csk_variant_count(void) { return sizeof variants / sizeof variants[0]; }

const csk_variant *csk_variant_at(size_t index) {
  if (index >= csk_variant_count()) __builtin_trap();
  return &variants[index];
}

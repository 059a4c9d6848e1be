#include "../vectors/avx512.h"
#include "../elements/bf16.h"
#include "../templates/sigmoid-gate.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_bf16_sigmoid_gate_row__avx512(
    uint16_t *values, size_t count, float linear, float cubic) {
  sigmoid_gate_row(values, count, linear, cubic);
}

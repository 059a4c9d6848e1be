#include "../vectors/avx512.h"
#include "../elements/f32.h"
#include "../templates/sigmoid-gate.h"
#include "CSparseKernels.h"

CSK_TARGET void csk_f32_sigmoid_gate_row__avx512(
    float *values, size_t count, float linear, float cubic) {
  sigmoid_gate_row(values, count, linear, cubic);
}

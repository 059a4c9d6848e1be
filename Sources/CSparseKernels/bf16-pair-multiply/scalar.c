#include "../scalar.h"
#include "CSparseKernels.h"

// y[t][o] = bias[o] + Σ value · x[t][input], pair after pair, the higher input of each first.
void csk_bf16_pair_multiply_48__scalar(
    const csk_bf16_pair_weights *weights, const uint16_t *x, size_t tokens, const float *bias,
    csk_epilogue epilogue, void *y, float *scratch) {
  (void)scratch;
  const size_t outputs = weights->outputs, inputs = weights->inputs;
  const csk_pairing *pairing = weights->pairing;
  const size_t block_inputs = csk_pair_block_inputs(pairing);
  for (size_t token = 0; token < tokens; token++) {
    const uint16_t *row = x + token * inputs;
    for (size_t output = 0; output < outputs; output++) {
      float sum = bias ? bias[output] : 0;
      size_t start = 0;
      for (size_t block = 0; block < inputs; block += block_inputs) {
        size_t width = inputs - block < block_inputs ? inputs - block : block_inputs;
        size_t steps = (width + CSK_PAIR_STEP - 1) / CSK_PAIR_STEP;
        size_t pairs = steps * pairing->kept / 2;
        for (size_t i = 0; i < pairs; i++) {
          size_t slot = weights->indices[start + output * pairs + i] / CSK_PAIR_SLOT_UNITS;
          uint32_t value = weights->values[start + output * pairs + i];
          size_t step = block + slot / pairing->slots * CSK_PAIR_STEP;
          size_t low = step + pairing->pairs[slot % pairing->slots][0];
          size_t high = step + pairing->pairs[slot % pairing->slots][1];
          // Inputs beyond the last are zero.
          if (high < inputs) sum += csk_widen((uint16_t)(value >> 16)) * csk_widen(row[high]);
          if (low < inputs) sum += csk_widen((uint16_t)value) * csk_widen(row[low]);
        }
        start += outputs * pairs;
      }
      csk_finish(true, sum, epilogue, y, token * outputs + output);
    }
  }
}

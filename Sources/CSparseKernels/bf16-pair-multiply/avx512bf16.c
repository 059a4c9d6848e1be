// Sums of up to 48 tokens by 16 to a register. A tile's tokens are transposed and laid out in the
// pairs of the pairing, a block of inputs at a time, small enough for the first-level cache; then
// all outputs pass, each taking its pairs from their slots: one load and one vdpbf16ps for 16
// tokens. Loads are the limit, so four weights are loaded at once and spread in registers, and two
// outputs take turns so that enough sums are under way.

#include "../vectors/avx512bf16.h"
#include "../pairings.h"
#include "CSparseKernels.h"

enum { LANES = 16, TILE = CSK_PAIR_TILE_TOKENS, REGISTERS = TILE / LANES, TURNS = 2 };

/// Lays the pairs of eight inputs out; `natural` holds the pairs (0, 1), (2, 3), (4, 5), (6, 7).
CSK_INLINE void fill_step(
    const csk_pairing *_Nonnull pairing, const __m512 natural[_Nonnull 4], float *_Nonnull to) {
  const __mmask32 high_halves = 0xaaaaaaaa;
  // An input's activations in the low halves, and in the high ones; the others hold anything.
  __m512i low[8], high[8];
  for (size_t i = 0; i < 4; i++) {
    const __m512i pair = _mm512_castps_si512(natural[i]);
    low[2 * i] = pair;
    low[2 * i + 1] = _mm512_srli_epi32(pair, 16);
    high[2 * i] = _mm512_slli_epi32(pair, 16);
    high[2 * i + 1] = pair;
  }
#pragma clang loop unroll(full)
  for (size_t slot = 0; slot < pairing->slots; slot++) {
    const size_t a = pairing->pairs[slot][0], b = pairing->pairs[slot][1];
    _mm512_store_si512(to + slot * TILE, _mm512_mask_mov_epi16(low[a], high_halves, high[b]));
  }
}

/// Lays `inputs` inputs of up to 16 tokens out in the slots of their pairs, see `fill_step`.
CSK_INLINE void fill_tokens(
    const csk_pairing *_Nonnull pairing, const uint16_t *_Nonnull x, size_t stride, size_t tokens,
    size_t inputs, float *_Nonnull slots) {
  for (size_t input = 0; input < inputs; input += 32) {
    const size_t rest = inputs - input;
    const __mmask32 used = rest < 32 ? (__mmask32)((1u << rest) - 1) : 0xffffffff;
    __m512 row[16];
    for (size_t token = 0; token < 16; token++) {
      const __mmask32 here = token < tokens ? used : 0;
      const uint16_t *from = x + (token < tokens ? token : 0) * stride + input;
      row[token] = _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(here, from));
    }
    csk_transpose(row);
    for (size_t step = 0; step < 4 && input + step * CSK_PAIR_STEP < inputs; step++) {
      fill_step(pairing, row + 4 * step,
                slots + (input / CSK_PAIR_STEP + step) * pairing->slots * TILE);
    }
  }
}

typedef void (*fill_fn)(
    const uint16_t *_Nonnull x, size_t stride, size_t tokens, size_t inputs,
    float *_Nonnull slots);

#define FILL(pattern)                                                                           \
  CSK_TARGET static void fill_##pattern(                                             \
      const uint16_t *_Nonnull x, size_t stride, size_t tokens, size_t inputs,                  \
      float *_Nonnull slots) {                                                                  \
    fill_tokens(&csk_pairing_##pattern, x, stride, tokens, inputs, slots);                      \
  }

FILL(1_of_4)
FILL(2_of_4)
FILL(3_of_4)
FILL(2_of_8)
FILL(4_of_8)
FILL(6_of_8)

/// Returns the function that lays activations out for a pairing, of equal pairs at least.
static fill_fn _Nonnull fill_for(const csk_pairing *_Nonnull pairing) {
  switch (pairing->slots * 10 + pairing->kept) {
    case 162: return fill_1_of_4;
    case 124: return fill_2_of_4;
    case 86: return fill_3_of_4;
    case 282: return fill_2_of_8;
    case 204: return fill_4_of_8;
    case 126: return fill_6_of_8;
    default: __builtin_trap();
  }
}

/// Adds the products of one pair of weights of each of `turns` outputs.
CSK_INLINE void add_pair(
    size_t registers, __m512i weights, size_t place, const float *_Nonnull slots,
    __m512 sum[_Nonnull REGISTERS]) {
  const float *from = slots + 2 * place;
  for (size_t i = 0; i < registers; i++) {
    sum[i] = _mm512_dpbf16_ps(
        sum[i], (__m512bh)weights, (__m512bh)_mm512_load_si512(from + i * LANES));
  }
}

/// Adds the products of a block for `turns` ≤ 2 neighbouring outputs of `pairs` pairs each.
CSK_INLINE void add_outputs(
    size_t registers, size_t turns, const uint32_t *_Nonnull values,
    const uint16_t *_Nonnull indices, size_t pairs, const float *_Nonnull slots, bool is_first,
    const float *_Nullable bias, float *_Nonnull sums) {
  __m512 sum[TURNS][REGISTERS];
  for (size_t turn = 0; turn < turns; turn++) {
    const __m512 start = is_first && bias ? _mm512_set1_ps(bias[turn]) : _mm512_setzero_ps();
    for (size_t i = 0; i < registers; i++) {
      sum[turn][i] = is_first ? start : _mm512_load_ps(sums + turn * TILE + i * LANES);
    }
  }
  size_t pair = 0;
  for (; pair + 4 <= pairs; pair += 4) {
    __m512i four[TURNS];
    uint64_t place[TURNS];
    for (size_t turn = 0; turn < turns; turn++) {
      const __m128i *from = (const __m128i *)(values + turn * pairs + pair);
      four[turn] = _mm512_broadcast_i32x4(_mm_loadu_si128(from));
      CSK_KEEP_IN_REGISTER(four[turn]);
      __builtin_memcpy(&place[turn], indices + turn * pairs + pair, sizeof place[turn]);
    }
    for (size_t turn = 0; turn < turns; turn++) {
      add_pair(registers, _mm512_shuffle_epi32(four[turn], 0x00), (uint16_t)place[turn], slots,
               sum[turn]);
    }
    for (size_t turn = 0; turn < turns; turn++) {
      add_pair(registers, _mm512_shuffle_epi32(four[turn], 0x55), (uint16_t)(place[turn] >> 16),
               slots, sum[turn]);
    }
    for (size_t turn = 0; turn < turns; turn++) {
      add_pair(registers, _mm512_shuffle_epi32(four[turn], 0xaa), (uint16_t)(place[turn] >> 32),
               slots, sum[turn]);
    }
    for (size_t turn = 0; turn < turns; turn++) {
      add_pair(registers, _mm512_shuffle_epi32(four[turn], 0xff), place[turn] >> 48, slots,
               sum[turn]);
    }
  }
  for (; pair < pairs; pair++) {
    for (size_t turn = 0; turn < turns; turn++) {
      add_pair(registers, _mm512_set1_epi32((int)values[turn * pairs + pair]),
               indices[turn * pairs + pair], slots, sum[turn]);
    }
  }
  for (size_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < registers; i++) {
      _mm512_store_ps(sums + turn * TILE + i * LANES, sum[turn][i]);
    }
  }
}

/// What is wanted in the second-level cache soon: the activations that are laid out next, and the
/// elements of the tile's results if they are due.
///
/// Both are rows far apart, which the processor does not foresee; without this, laying out and
/// finishing take a fifth of the time.
typedef struct prefetch {
  /// The first activation of each row.
  const uint8_t *_Nonnull activations;
  size_t activation_rows;
  size_t activation_size;
  size_t activation_stride;
  /// The first result of each row.
  uint8_t *_Nonnull results;
  size_t result_rows;
  size_t result_stride;
  /// The bytes of an output's result.
  size_t result_size;
} prefetch;

enum { LINE = 64 };

/// Asks for a part of what is wanted soon, in step with the outputs.
CSK_INLINE void prefetch_part(const prefetch *_Nonnull wanted, size_t output) {
  const size_t turn = output / TURNS;
  if (turn < wanted->activation_rows) {
    const uint8_t *row = wanted->activations + turn * wanted->activation_stride;
    for (size_t place = 0; place < wanted->activation_size; place += LINE) {
      _mm_prefetch((const char *)row + place, _MM_HINT_T1);
    }
  }
  // A line holds the results of some outputs: as they pass, it is asked for in all rows.
  const size_t turns_of_line = LINE / wanted->result_size / TURNS;
  const size_t rows = (TILE + turns_of_line - 1) / turns_of_line;
  const size_t first = turn % turns_of_line * rows;
  const size_t line = output * wanted->result_size / LINE * LINE;
  for (size_t row = first; row < first + rows && row < wanted->result_rows; row++) {
    _mm_prefetch(
        (const char *)wanted->results + row * wanted->result_stride + line, _MM_HINT_T1);
  }
}

/// Adds the products of a block to the sums of all outputs, for `registers` · 16 tokens of a tile.
CSK_INLINE void add_block(
    size_t registers, const csk_bf16_pair_weights *_Nonnull weights, size_t start, size_t pairs,
    const float *_Nonnull slots, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums, const prefetch *_Nonnull wanted) {
  const uint32_t *values = weights->values + start;
  const uint16_t *indices = weights->indices + start;
  const size_t outputs = weights->outputs;
  size_t output = 0;
  for (; output + TURNS <= outputs; output += TURNS) {
    prefetch_part(wanted, output);
    add_outputs(registers, TURNS, values + output * pairs, indices + output * pairs, pairs, slots,
                is_first, bias ? bias + output : NULL, sums + output * TILE);
  }
  if (output < outputs) {
    add_outputs(registers, 1, values + output * pairs, indices + output * pairs, pairs, slots,
                is_first, bias ? bias + output : NULL, sums + output * TILE);
  }
}

typedef void (*add_block_fn)(
    const csk_bf16_pair_weights *_Nonnull weights, size_t start, size_t pairs,
    const float *_Nonnull slots, bool is_first, const float *_Nullable bias,
    float *_Nonnull sums, const prefetch *_Nonnull wanted);

#define ADD_BLOCK(registers)                                                                    \
  CSK_TARGET static void add_block_##registers(                                      \
      const csk_bf16_pair_weights *_Nonnull weights, size_t start, size_t pairs,                \
      const float *_Nonnull slots, bool is_first, const float *_Nullable bias,                  \
      float *_Nonnull sums, const prefetch *_Nonnull wanted) {                                  \
    add_block(registers, weights, start, pairs, slots, is_first, bias, sums, wanted);           \
  }

ADD_BLOCK(1)
ADD_BLOCK(2)
ADD_BLOCK(3)

static const add_block_fn _Nonnull add_block_by_registers[] = {
    add_block_1, add_block_2, add_block_3,
};

/// Rounds the sums of up to 32 outputs and 16 tokens to bf16 rows of y, `stride` apart.
CSK_INLINE void store_rounded(
    const float *_Nonnull sums, size_t outputs, size_t tokens, bool has_gelu,
    uint16_t *_Nonnull y, size_t stride) {
  // Takes the words of both halves in turn, so that two outputs of a token lie side by side.
  const __m512i in_turn = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
      23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  __m512 row[16];
  for (size_t i = 0; i < 16; i++) {
    __m512 even = _mm512_load_ps(sums + 2 * i * TILE);
    __m512 odd = _mm512_load_ps(sums + (2 * i + 1) * TILE);
    if (has_gelu) {
      even = csk_gelu(even);
      odd = csk_gelu(odd);
    }
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
    row[i] = _mm512_castsi512_ps(_mm512_permutexvar_epi16(in_turn, both));
  }
  csk_transpose(row);
  const __mmask32 used = outputs < 32 ? (__mmask32)((1u << outputs) - 1) : 0xffffffff;
  for (size_t token = 0; token < tokens; token++) {
    _mm512_mask_storeu_epi16(y + token * stride, used, _mm512_castps_si512(row[token]));
  }
}

/// Adds the sums of up to 16 outputs and 16 tokens to rows of y, `stride` apart.
CSK_INLINE void add_sums(
    const float *_Nonnull sums, size_t outputs, size_t tokens, float *_Nonnull y, size_t stride) {
  __m512 row[16];
  for (size_t i = 0; i < 16; i++) row[i] = _mm512_load_ps(sums + i * TILE);
  csk_transpose(row);
  const __mmask16 used = csk_first_lanes(outputs < 16 ? outputs : 16);
  for (size_t token = 0; token < tokens; token++) {
    const __m512 old = _mm512_maskz_loadu_ps(used, y + token * stride);
    const __m512 new = _mm512_add_ps(old, row[token]);
    _mm512_mask_storeu_ps(y + token * stride, used, new);
  }
}

/// Brings the sums of a tile to where the epilogue wants them; `token` is the tile's first.
CSK_TARGET static void finish(
    const float *_Nonnull sums, size_t outputs, size_t token, size_t tokens,
    csk_epilogue epilogue, void *_Nonnull y) {
  for (size_t i = 0; i < tokens; i += LANES) {
    const size_t count = tokens - i < LANES ? tokens - i : LANES;
    const size_t row = (token + i) * outputs;
    if (epilogue == CSK_ADD) {
      for (size_t output = 0; output < outputs; output += 16) {
        add_sums(sums + output * TILE + i, outputs - output, count, (float *)y + row + output,
                 outputs);
      }
    } else if (epilogue == CSK_STORE_GELU) {
      for (size_t output = 0; output < outputs; output += 32) {
        store_rounded(sums + output * TILE + i, outputs - output, count, true,
                      (uint16_t *)y + row + output, outputs);
      }
    } else {
      for (size_t output = 0; output < outputs; output += 32) {
        store_rounded(sums + output * TILE + i, outputs - output, count, false,
                      (uint16_t *)y + row + output, outputs);
      }
    }
  }
}

CSK_TARGET void csk_bf16_pair_multiply_48__avx512bf16(
    const csk_bf16_pair_weights *weights, const uint16_t *x, size_t tokens, const float *bias,
    csk_epilogue epilogue, void *y, float *scratch) {
  const size_t inputs = weights->inputs, outputs = weights->outputs;
  const csk_pairing *pairing = weights->pairing;
  const fill_fn fill = fill_for(pairing);
  const size_t block_inputs = csk_pair_block_inputs(pairing);
  float *slots = (float *)(((uintptr_t)scratch + 63) / 64 * 64);
  float *sums = slots + CSK_PAIR_BLOCK_SLOTS * TILE;
  size_t registers_left = (tokens + LANES - 1) / LANES;
  for (size_t token = 0; token < tokens;) {
    // Four registers are two and two, since one alone takes nearly as long as two.
    const size_t registers =
        registers_left == 4 ? 2 : registers_left < REGISTERS ? registers_left : REGISTERS;
    const size_t rest = tokens - token;
    const size_t count = rest < registers * LANES ? rest : registers * LANES;
    size_t start = 0;
    for (size_t input = 0; input < inputs; input += block_inputs) {
      const size_t block = inputs - input < block_inputs ? inputs - input : block_inputs;
      const size_t steps = (block + CSK_PAIR_STEP - 1) / CSK_PAIR_STEP;
      const size_t pairs = steps * pairing->kept / 2;
      for (size_t i = 0; i < registers; i++) {
        const size_t first = token + i * LANES;
        const size_t left = tokens - first;
        fill(x + first * inputs + input, inputs, left < LANES ? left : LANES, block,
             slots + i * LANES);
      }
      const bool is_last = input + block >= inputs;
      const size_t next_token = is_last ? token + count : token;
      const size_t next_rows = tokens - next_token;
      const size_t next_input = is_last ? 0 : input + block;
      const size_t next_inputs =
          inputs - next_input < block_inputs ? inputs - next_input : block_inputs;
      const size_t result_size = epilogue == CSK_ADD ? sizeof(float) : sizeof(uint16_t);
      const prefetch wanted = {
        .activations = (const uint8_t *)(x + next_token * inputs + next_input),
        .activation_rows = next_rows < TILE ? next_rows : TILE,
        .activation_size = next_inputs * sizeof(uint16_t),
        .activation_stride = inputs * sizeof(uint16_t),
        .results = (uint8_t *)y + token * outputs * result_size,
        .result_rows = is_last ? count : 0,
        .result_stride = outputs * result_size,
        .result_size = result_size,
      };
      add_block_by_registers[registers - 1](
          weights, start, pairs, slots, input == 0, bias, sums, &wanted);
      start += outputs * pairs;
    }
    finish(sums, outputs, token, count, epilogue, y);
    token += count;
    registers_left -= registers;
  }
}

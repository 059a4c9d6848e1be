// Runs every variant and compares it with the formulas in double precision.
// `run` compiles it with the kernels' own sources over emulated AVX-512. With `--supported` it
// keeps to the variants that the processor has and ELSA_INSTRUCTION_SET allows.

#include "check.h"

static size_t compared;
static size_t failed;

void compare(
    const char *variant, const char *what, double found, double expected, double bound) {
  compared++;
  if (fabs(found - expected) <= bound) return;
  failed++;
  if (failed <= 10) {
    fprintf(stderr, "%s %s: found %.9g, expected %.9g ± %.2g\n", variant, what, found, expected,
            bound);
  }
}

static uint64_t state = 1;

uint64_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

size_t below(size_t bound) { return (size_t)(next_random() >> 33) % bound; }

float number(void) { return (float)(next_random() >> 40) / (1 << 23) - 1; }

void *room(size_t size) {
  void *memory = calloc(size, 1);
  if (!memory) abort();
  return memory;
}

float *numbers(size_t count) {
  float *values = room(count * sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = number();
  return values;
}

float *make_scratch(size_t count, void **memory) {
  const size_t shift = below(16);
  float *start = malloc((shift + count) * sizeof *start);
  if (!start) abort();
#ifndef CHECK_UNDEFINED
  memset(start, 0xff, (shift + count) * sizeof *start);
#endif
  *memory = start;
  return start + shift;
}

float with_bits(uint32_t bits) {
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float wide(uint16_t bits) { return with_bits((uint32_t)bits << 16); }

uint16_t nearest_bf16(float value) {
  uint32_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  const uint16_t high = (uint16_t)(bits >> 16);
  if (isnan(value)) return high | 0x40;
  if (fabsf(value) < 0x1p-126f) return high & 0x8000;
  if (isinf(value)) return high;
  // The number beyond the largest one is 2¹²⁸.
  const double below = fabs(wide(high)), unit = ldexp(1, ilogb(below) - 7);
  const double rest = fabs(value) - below;
  const bool is_up = rest > unit / 2 || (rest == unit / 2 && high & 1);
  return high + is_up;
}

double bf16_bound(double expected, double bound) {
  return bound + (fabs(expected) + bound) * 0x1p-8 + 0x1p-126;
}

int main(int count, char **arguments) {
  const bool keeps_to_supported = count > 1 && strcmp(arguments[1], "--supported") == 0;
  if (count > 1 + keeps_to_supported) {
    fprintf(stderr, "usage: check [--supported]\n");
    return 2;
  }
  for (size_t index = 0; index < csk_variant_count(); index++) {
    const csk_variant *variant = csk_variant_at(index);
    if (keeps_to_supported && !variant->is_supported()) continue;
    size_t before = compared;
    for (size_t group_size = 4; group_size <= 16; group_size *= 2) {
      for (size_t kept = 1; kept <= group_size; kept++) {
        for (int round = 0; round < 6; round++) check_columns(variant, kept, group_size);
        for (int round = 0; round < 12; round++) check_pairs(variant, kept, group_size);
      }
    }
    for (size_t width = 1; width <= 70; width++) {
      check_rows(variant, width);
      check_attention(variant);
      check_windows(variant);
    }
    printf("%s: %zu numbers compared\n", variant->name, compared - before);
  }
  if (failed) fprintf(stderr, "%zu of %zu numbers differ\n", failed, compared);
  return failed ? 1 : 0;
}

// What the processor can do (CPUID) and what the operating system saves of it (XCR0).

#include <cpuid.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "CSparseKernels.h"

enum {
  // CPUID leaf 1, register C.
  HAS_FMA = 1u << 12,
  HAS_OSXSAVE = 1u << 27,
  HAS_AVX = 1u << 28,
  // CPUID leaf 7, register B.
  HAS_AVX2 = 1u << 5,
  HAS_AVX512F = 1u << 16,
  HAS_AVX512DQ = 1u << 17,
  HAS_AVX512BW = 1u << 30,
  // CPUID leaf 7, register C.
  HAS_AVX512VNNI = 1u << 11,
  // CPUID leaf 7, subleaf 1, register A.
  HAS_AVX512BF16 = 1u << 5,
  // Register states that the operating system saves.
  SAVES_SSE_AND_AVX = 0x06,
  SAVES_AVX512 = 0xe6,
};

static const unsigned HAS_AVX512VL = 1u << 31;

typedef struct features {
  unsigned leaf1_c;
  unsigned leaf7_b;
  unsigned leaf7_c;
  unsigned leaf7_1_a;
  unsigned saved_states;
} features;

static features read_features(void) {
  features found = {0};
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  found.leaf1_c = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    found.leaf7_b = b;
    found.leaf7_c = c;
    // Register A holds the last subleaf.
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) found.leaf7_1_a = a;
  }
  if (found.leaf1_c & HAS_OSXSAVE) {
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    found.saved_states = low;
  }
  return found;
}

static bool has_all(unsigned found, unsigned wanted) { return (found & wanted) == wanted; }

bool csk_cpu_supports_scalar(void) { return true; }

enum { KNOWN = 1u, AVX2 = 2u, AVX512 = 4u, AVX512BF16 = 8u };

// Returns the variants up to the one that ELSA_INSTRUCTION_SET names: tests force a variant so. A
// name that is none of them limits nothing here; the program refuses it.
static unsigned allowed(void) {
  const char *limit = getenv("ELSA_INSTRUCTION_SET");
  if (!limit) return ~0u;
  if (strcmp(limit, "baseline") == 0) return KNOWN;
  if (strcmp(limit, "avx2") == 0) return KNOWN | AVX2;
  if (strcmp(limit, "avx512") == 0) return KNOWN | AVX2 | AVX512;
  return ~0u;
}

static unsigned read_supported(void) {
  features found = read_features();
  unsigned wanted = HAS_AVX512F | HAS_AVX512DQ | HAS_AVX512BW | HAS_AVX512VL;
  bool avx2 = has_all(found.leaf1_c, HAS_FMA | HAS_AVX) && has_all(found.leaf7_b, HAS_AVX2) &&
              has_all(found.saved_states, SAVES_SSE_AND_AVX);
  bool avx512 =
      avx2 && has_all(found.leaf7_b, wanted) && has_all(found.saved_states, SAVES_AVX512);
  // Every processor with the bf16 instructions has VNNI, and oneDNN asks for both.
  bool avx512bf16 = avx512 && has_all(found.leaf7_c, HAS_AVX512VNNI) &&
                    has_all(found.leaf7_1_a, HAS_AVX512BF16);
  unsigned found_all =
      KNOWN | (avx2 ? AVX2 : 0) | (avx512 ? AVX512 : 0) | (avx512bf16 ? AVX512BF16 : 0);
  return found_all & allowed();
}

// CPUID leaves a virtual machine and takes tens of microseconds there, so it is asked once.
static unsigned supported(void) {
  static _Atomic unsigned cached = 0;
  unsigned found = atomic_load_explicit(&cached, memory_order_relaxed);
  if (found == 0) {
    found = read_supported();
    atomic_store_explicit(&cached, found, memory_order_relaxed);
  }
  return found;
}

bool csk_cpu_supports_avx2(void) { return supported() & AVX2; }

bool csk_cpu_supports_avx512(void) { return supported() & AVX512; }

bool csk_cpu_supports_avx512bf16(void) { return supported() & AVX512BF16; }

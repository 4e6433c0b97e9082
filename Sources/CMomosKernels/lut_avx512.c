#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni"))), \
                             apply_to = function)

#include "lut_quantise.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// Orders in which bytes and words are picked from two vectors.
static const struct {
  _Alignas(64) uint8_t even_bytes[64];
  _Alignas(64) uint8_t odd_bytes[64];
  _Alignas(64) uint16_t odd_words[32];
  _Alignas(64) uint16_t first_pairs[32];
  _Alignas(64) uint16_t second_pairs[32];
} orders = {
#define EIGHT(first, step)                                                                                       \
  first, first + step, first + 2 * step, first + 3 * step, first + 4 * step, first + 5 * step, first + 6 * step, \
      first + 7 * step
#define SIXTEEN(first, step) EIGHT(first, step), EIGHT(first + 8 * step, step)
#define THIRTY_TWO(first, step) SIXTEEN(first, step), SIXTEEN(first + 16 * step, step)
#define PAIRS(first) first, first + 32, first + 1, first + 33, first + 2, first + 34, first + 3, first + 35
    .even_bytes = {THIRTY_TWO(0, 2), THIRTY_TWO(64, 2)},
    .odd_bytes = {THIRTY_TWO(1, 2), THIRTY_TWO(65, 2)},
    .odd_words = {THIRTY_TWO(1, 2)},
    .first_pairs = {PAIRS(0), PAIRS(4), PAIRS(8), PAIRS(12)},
    .second_pairs = {PAIRS(16), PAIRS(20), PAIRS(24), PAIRS(28)},
};

/// Fetches a line past the second-level cache: indices are read once.
INLINE void fetch(const uint8_t *indices) { _mm_prefetch((const char *)indices, _MM_HINT_NTA); }

#include "lut_avx512_build.h"
#include "lut_avx512_sweep.h"

const momos_lut_kernels momos_lut_avx512 = {
    .name = "avx512", .quantise = lut_quantise, .build = build, .sweep = sweep};

#pragma clang attribute pop

#endif

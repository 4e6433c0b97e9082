#if defined(__x86_64__)
#include <immintrin.h>

#include "gemm_sets.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), \
                             apply_to = function)
#define GEMM_LANES 16
#define GEMM_ROWS 8
#define MULTIPLY_ADD(pairs, inputs, sum) \
  ((lanes)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(pairs), (__m512bh)(inputs)))
#define PARTIAL(source, count) _mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), source)
#define PACKED_FLOATS 2
#define PACKED(source, count) packed_pairs(source, count)

/// Up to 32 values rounded to 16 pairs of bf16, the earlier value in the low half.
static inline __m512 packed_pairs(const float *source, size_t count) {
  const __m512 low = PARTIAL(source, count < 16 ? count : 16);
  const __m512 high = count > 16 ? PARTIAL(source + 16, count - 16) : _mm512_setzero_ps();
  return (__m512)_mm512_cvtne2ps_pbh(high, low);
}

#include "gemm_tile.h"
#include "direct_unpack.h"
#include "direct_offsets.h"
#define MOSAIC_FUNCTION void momos_multiply_mosaic_pairs
#include "direct_mosaic.h"
#pragma clang attribute pop
#endif

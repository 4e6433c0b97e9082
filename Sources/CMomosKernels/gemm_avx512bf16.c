#if defined(__x86_64__)
#include <immintrin.h>

#include "gemm_sets.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), \
                             apply_to = function)
#define GEMM_LANES 16
#define GEMM_ROWS 8
#define NARROW_PANEL 1
#define WIDE_PANEL 3
#define DOT_VECTORS 3
#define MULTIPLIES_MOTIFS 1
#define MULTIPLY_ADD(pairs, inputs, sum) \
  ((lanes)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(pairs), (__m512bh)(inputs)))
#define PARTIAL(source, count) ((lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), source))
#define WIDENED_F16(source) ((lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(source))))
#define WIDENED_BF16(source) \
  ((lanes)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(source))), 16))
#define PACKED_FLOATS 2
#define PACKED(source, count) ((lanes)packed_pairs(source, count))

/// The first `count` values of `source`, and zeros, as 16 pairs of bf16 with the earlier value in the low half.
static inline __attribute__((always_inline)) __m512 packed_pairs(const float *source, size_t count) {
  const __mmask32 mask = count < 32 ? (1u << count) - 1 : 0xffffffffu;
  const __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, source);
  const __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), source + 16);
  return (__m512)_mm512_cvtne2ps_pbh(high, low);
}

#define MULTIPLY_DENSE void momos_multiply_dense_pairs
#define MULTIPLY_MOSAIC void momos_multiply_mosaic_pairs
#include "gemm_bodies.h"
#pragma clang attribute pop
#endif

#if defined(__x86_64__)
#include <immintrin.h>

#include "gemm_sets.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), \
                             apply_to = function)
#define GEMM_LANES 16
#define GEMM_ROWS 8
#define NARROW_PANEL 1
#define WIDE_PANEL 3
#define DOT_VECTORS 3
#define MULTIPLIES_MOTIFS 1
#define MULTIPLY_ADD(a, b, sum) __builtin_elementwise_fma(a, b, sum)
#define PARTIAL(source, count) ((lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), source))
#define STORE_PARTIAL(target, count, value) \
  _mm512_mask_storeu_ps(target, (__mmask16)((1u << (count)) - 1), (__m512)(value))
#define WIDENED_F16(source) ((lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(source))))
#define WIDENED_BF16(source) \
  ((lanes)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(source))), 16))
#define MULTIPLY_DENSE static void multiply_dense
#define MULTIPLY_MOSAIC static void multiply_mosaic
#include "gemm_bodies.h"

const momos_gemm_table momos_gemm_avx512 = {
    .name = "avx512",
    .multiply_dense = multiply_dense,
    .multiply_mosaic = multiply_mosaic,
    CONVOLUTION_MEMBERS,
};

const momos_gemm_table momos_gemm_avx512bf16 = {
    .name = "avx512bf16",
    .multiply_dense = multiply_dense,
    .multiply_mosaic = multiply_mosaic,
    CONVOLUTION_MEMBERS,
    .multiply_dense_pairs = momos_multiply_dense_pairs,
    .multiply_mosaic_pairs = momos_multiply_mosaic_pairs,
};
#pragma clang attribute pop
#endif

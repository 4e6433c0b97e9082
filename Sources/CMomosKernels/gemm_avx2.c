#if defined(__x86_64__)
#include <immintrin.h>

#include "gemm_sets.h"

/// Ones where the first lanes are loaded: the mask of `count` lanes starts at element 8 - count.
static const int32_t lane_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define GEMM_LANES 8
#define GEMM_ROWS 4
#define NARROW_PANEL 2
#define WIDE_PANEL 2
#define DOT_VECTORS 2
#define MULTIPLIES_MOTIFS 0
#define MULTIPLY_ADD(a, b, sum) __builtin_elementwise_fma(a, b, sum)
#define PARTIAL(source, count) \
  ((lanes)_mm256_maskload_ps(source, _mm256_loadu_si256((const __m256i *)(lane_masks + 8 - (count)))))
#define STORE_PARTIAL(target, count, value) \
  _mm256_maskstore_ps(target, _mm256_loadu_si256((const __m256i *)(lane_masks + 8 - (count))), (__m256)(value))
#define WIDENED_F16(source) ((lanes)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source))))
#define WIDENED_BF16(source) \
  ((lanes)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(source))), 16))
#define MULTIPLY_DENSE static void multiply_dense
#define MULTIPLY_MOSAIC static void multiply_mosaic
#include "gemm_bodies.h"

const momos_gemm_table momos_gemm_avx2 = {
    .name = "avx2",
    .multiply_dense = multiply_dense,
    .multiply_mosaic = multiply_mosaic,
    CONVOLUTION_MEMBERS,
};
#pragma clang attribute pop
#endif

#if defined(__x86_64__)
#include <immintrin.h>

#define FIT_LANES 8
#define FIT_TILE_ROWS 6
#define FIT_TILE_VECTORS 2
#define FIT_TABLE momos_fit_avx2
#define FIT_NAME "avx2"
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "fit_lanes.h"

INLINE lanes lesser(lanes a, lanes b) { return (lanes)_mm256_min_ps((__m256)a, (__m256)b); }

INLINE lanes looked_up(const float *table, size_t padded, index_lanes index) {
  (void)padded;
  return (lanes)_mm256_i32gather_ps(table, (__m256i)index, 4);
}

INLINE uint32_t bits_below(index_lanes keys, int32_t bound) {
  const __m256i is_below = _mm256_cmpgt_epi32(_mm256_set1_epi32(bound), (__m256i)keys);
  return (uint32_t)_mm256_movemask_ps((__m256)is_below);
}

#include "fit_bodies.h"
#pragma clang attribute pop
#endif

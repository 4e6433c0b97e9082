#if defined(__x86_64__)
#include <immintrin.h>

#define FIT_LANES 16
#define FIT_TILE_ROWS 8
#define FIT_TILE_VECTORS 3
#define FIT_TABLE momos_fit_avx512
#define FIT_NAME "avx512"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "fit_lanes.h"

/// The lesser of two, `b` if they are not ordered.
INLINE lanes lesser(lanes a, lanes b) { return (lanes)_mm512_min_ps((__m512)a, (__m512)b); }

INLINE lanes looked_up(const float *table, size_t padded, index_lanes index) {
  const __m512i at = (__m512i)index;
  if (padded == 16) return (lanes)_mm512_permutexvar_ps(at, _mm512_loadu_ps(table));
  const __m512 low = _mm512_permutex2var_ps(_mm512_loadu_ps(table), at, _mm512_loadu_ps(table + 16));
  if (padded == 32) return (lanes)low;
  if (padded != 64) return (lanes)_mm512_i32gather_ps(at, table, 4);
  const __m512 high = _mm512_permutex2var_ps(_mm512_loadu_ps(table + 32), at, _mm512_loadu_ps(table + 48));
  return (lanes)_mm512_mask_blend_ps(_mm512_test_epi32_mask(at, _mm512_set1_epi32(32)), low, high);
}

INLINE uint32_t bits_below(index_lanes keys, int32_t bound) {
  return _mm512_cmplt_epi32_mask((__m512i)keys, _mm512_set1_epi32(bound));
}

#include "fit_bodies.h"
#pragma clang attribute pop
#endif

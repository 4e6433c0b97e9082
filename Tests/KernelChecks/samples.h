// Seeded Gaussian values, packed indices and weights of each type, for the check and the benchmark of products.
#ifndef GEMM_SAMPLES_H
#define GEMM_SAMPLES_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "momos_gemm.h"

static uint64_t random_state = 0x9E3779B97F4A7C15u;

static inline uint32_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 32);
}

/// Close to Gaussian: the sum of four uniform values, variance 1.
static inline float gaussian(void) {
  float sum = 0;
  for (int i = 0; i < 4; i++) sum += (float)(random_bits() >> 8) * 0x1p-24f - 0.5f;
  return sum * 1.7320508f;
}

static inline void fill_gaussian(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = gaussian();
}

static inline size_t packed_byte_count(size_t block_count, uint32_t width) { return (block_count * width + 7) / 8; }

/// Packs index `value` as number t of a row that was all zeros.
static inline void pack_index(uint8_t *row, size_t t, uint32_t width, uint32_t value) {
  for (uint32_t i = 0; i < width; i++) {
    const size_t bit = t * width + i;
    if (value >> i & 1) row[bit / 8] |= (uint8_t)(1u << (bit % 8));
  }
}

#endif

// Quantisation of x, compiled once for each instruction set. Every sum has one fixed order, so all give the same bits.

#include <string.h>

#include "lut_internal.h"

static inline uint32_t lut_bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float lut_float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// The bits of the largest of some magnitudes, signs ignored: they order like the numbers, infinity and NaN last.
static inline uint32_t lut_largest_bits(const float *values, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = lut_bits_of(values[i]) & 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  return largest;
}

/// Sums of each block, pairs first; `values` and `spare` are overwritten, one of them holds the sums.
static inline const float *lut_block_sums(float *restrict values, float *restrict spare, uint32_t block_length) {
  size_t count = LUT_WINDOW_COLUMNS;
  for (uint32_t width = 2; width <= block_length; width *= 2) {
    count /= 2;
    float *restrict to = width == 2 || width == 8 ? spare : values;
    const float *restrict from = to == spare ? values : spare;
    for (size_t i = 0; i < count; i++) to[i] = from[2 * i] + from[2 * i + 1];
  }
  return block_length == 2 || block_length == 8 ? spare : values;
}

/// bounds[t] = square of what no product of a motif and window t exceeds: the smaller one of the bounds by the
/// Euclidean norms of both, and by the magnitudes of all values and the motifs' largest values.
static inline void lut_square_bounds(const momos_lut_dictionary *dictionary, const float *window, float *bounds) {
  enum { WIDTH = LUT_WINDOW_COLUMNS, LANES = 16 };
  const uint32_t block_length = dictionary->block_length;
  const size_t blocks = MOMOS_LUT_GROUP_COLUMNS / block_length;
  float squares[WIDTH], spare[WIDTH], front[WIDTH], front_spare[WIDTH], back[WIDTH], back_spare[WIDTH];
  for (size_t j = 0; j < WIDTH; j += LANES)
    for (size_t o = 0; o < LANES; o++) {
      squares[j + o] = window[j + o] * window[j + o];
      front[j + o] = __builtin_fabsf(window[j + o]) * dictionary->largest_values[0][o];
    }
  const float *norms = lut_block_sums(squares, spare, block_length);
  const float *sums = lut_block_sums(front, front_spare, block_length);
  if (dictionary->motif_length == block_length) {
    for (size_t t = 0; t < blocks; t++) {
      const float by_norm = norms[t] * dictionary->largest_square, by_sum = sums[t] * sums[t];
      bounds[t] = by_norm < by_sum ? by_norm : by_sum;
    }
    return;
  }
  for (size_t j = 0; j < WIDTH; j += LANES)
    for (size_t o = 0; o < LANES; o++)
      back[j + o] = __builtin_fabsf(window[j + o]) * dictionary->largest_values[1][o];
  const float *next_sums = lut_block_sums(back, back_spare, block_length);
  for (size_t t = 0; t < blocks; t++) {
    const float sum = sums[t] + next_sums[t + 1];
    const float by_norm = (norms[t] + norms[t + 1]) * dictionary->largest_square, by_sum = sum * sum;
    bounds[t] = by_norm < by_sum ? by_norm : by_sum;
  }
}

static lut_quantisation lut_quantise(const momos_lut_dictionary *dictionary, const float *restrict window,
                                     int16_t *restrict quantised) {
  float scaled[LUT_WINDOW_COLUMNS], bounds[MOMOS_LUT_GROUP_COLUMNS / 2];
  const uint32_t largest = lut_largest_bits(window, LUT_WINDOW_COLUMNS);
  const bool is_finite = largest < 0x7f800000;
  if (largest == 0 || !is_finite || dictionary->motif_unit == 0) {
    memset(quantised, 0, LUT_WINDOW_COLUMNS * sizeof *quantised);
    return (lut_quantisation){is_finite ? 0 : __builtin_nanf(""), 0};
  }
  // A power of two brings the largest magnitude near 1, so that no square overflows and none that matters underflows.
  const uint32_t exponent = largest >> 23;
  const float factor = lut_float_of((exponent < 254 ? 254 - exponent : 1) << 23);
  for (size_t j = 0; j < LUT_WINDOW_COLUMNS; j++) scaled[j] = window[j] * factor;
  lut_square_bounds(dictionary, scaled, bounds);
  const size_t blocks = MOMOS_LUT_GROUP_COLUMNS / dictionary->block_length;
  const float bound = __builtin_sqrtf(lut_float_of(lut_largest_bits(bounds, blocks)));
  const float widest = 32767 / (lut_float_of(largest) * factor);
  const uint32_t shift = dictionary->product_limit > LUT_SHIFT_THRESHOLD * bound * widest;
  const float fitting = dictionary->product_limit / (shift ? 2 * bound : bound);
  const float ratio = fitting < widest ? fitting : widest;
  const float rounding = 0x1.8p23f;  // added, it leaves the nearest integer in the lowest bits
  for (size_t j = 0; j < LUT_WINDOW_COLUMNS; j++)
    quantised[j] = (int16_t)lut_bits_of(scaled[j] * ratio + rounding);
  const double unit = (shift ? 32768 : 65536) * dictionary->motif_unit;
  return (lut_quantisation){(float)(unit / ((double)ratio * factor)), shift};
}

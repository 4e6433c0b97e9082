// Quantisation of x, compiled once for each instruction set; the compiler splits the vectors into what the set has.
// Every sum has one fixed order, so all give the same bits.

#include <string.h>

#include "lut_internal.h"

#pragma STDC FP_CONTRACT OFF

#define LUT_LANES 16
#define LUT_WINDOW_VECTORS (LUT_WINDOW_COLUMNS / LUT_LANES)

typedef float lut_floats __attribute__((ext_vector_type(LUT_LANES)));
typedef uint32_t lut_words __attribute__((ext_vector_type(LUT_LANES)));
typedef uint16_t lut_halves __attribute__((ext_vector_type(LUT_LANES)));

// Macros, since passing a vector to a function would depend on the instruction set.
typedef float lut_floats_anywhere __attribute__((ext_vector_type(LUT_LANES), aligned(4), may_alias));
typedef uint16_t lut_halves_anywhere __attribute__((ext_vector_type(LUT_LANES), aligned(2), may_alias));
#define LUT_LOADED(source) (*(const lut_floats_anywhere *)(source))
#define LUT_STORE(target, value) (*(lut_floats_anywhere *)(target) = (value))
#define LUT_BITS(floats) __builtin_bit_cast(lut_words, floats)

static inline float lut_float_of(uint32_t bits) { return __builtin_bit_cast(float, bits); }

/// The bits of the largest magnitude of some vectors of values. Bits order like magnitudes, NaN above infinity.
static inline uint32_t lut_largest_bits(const float *values, size_t vector_count) {
  lut_words largest = 0;
  for (size_t i = 0; i < vector_count; i++) {
    const lut_floats here = LUT_LOADED(values + i * LUT_LANES);
    largest = __builtin_elementwise_max(largest, LUT_BITS(here) & 0x7fffffff);
  }
  return __builtin_reduce_max(largest);
}

/// Sums of neighbours in two vectors.
#define LUT_PAIR_SUMS(a, b)                                                                   \
  (__builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) + \
   __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))

/// Replaces sums of pairs of columns, for LUT_WINDOW_COLUMNS columns, by sums of blocks.
static inline void lut_sum_pairs(float *sums, uint32_t block_length) {
  const lut_floats zero = 0;
  size_t count = LUT_WINDOW_VECTORS / 2;
  for (uint32_t width = 4; width <= block_length; width *= 2) {
    const size_t from = count;
    count = (count + 1) / 2;
    for (size_t i = 0; i < count; i++) {
      const lut_floats a = LUT_LOADED(sums + 2 * i * LUT_LANES);
      const lut_floats b = 2 * i + 1 < from ? LUT_LOADED(sums + (2 * i + 1) * LUT_LANES) : zero;
      LUT_STORE(sums + i * LUT_LANES, LUT_PAIR_SUMS(a, b));
    }
  }
}

/// Sums over each block of squares, and of magnitudes times the largest values of the motifs' halves.
static inline void lut_block_sums(const momos_lut_dictionary *dictionary, const float *window, float *squares,
                                  float *front, float *back) {
  const uint32_t block_length = dictionary->block_length;
  const bool is_overlapping = dictionary->motif_length > block_length;
  const lut_floats front_factor = LUT_LOADED(dictionary->largest_values[0]);
  const lut_floats back_factor = LUT_LOADED(dictionary->largest_values[1]);
  for (size_t i = 0; i < LUT_WINDOW_COLUMNS / 2; i += LUT_LANES) {
    const lut_floats a = LUT_LOADED(window + 2 * i), b = LUT_LOADED(window + 2 * i + LUT_LANES);
    const lut_floats a_size = __builtin_elementwise_abs(a), b_size = __builtin_elementwise_abs(b);
    LUT_STORE(squares + i, LUT_PAIR_SUMS(a * a, b * b));
    LUT_STORE(front + i, LUT_PAIR_SUMS(a_size * front_factor, b_size * front_factor));
    if (is_overlapping) LUT_STORE(back + i, LUT_PAIR_SUMS(a_size * back_factor, b_size * back_factor));
  }
  lut_sum_pairs(squares, block_length);
  lut_sum_pairs(front, block_length);
  if (is_overlapping) lut_sum_pairs(back, block_length);
}

/// Sizes of the windows of a segment.
typedef struct {
  float square_bound;  ///< of all products of a motif and a window, as its square
  float square_sum;    ///< of all windows' values
  float window_count;  ///< windows that are not zero
} lut_sizes;

/// The sum of the lanes of a vector in memory.
static inline float lut_lane_sum(const float *lanes) {
  float sum = 0;
  for (size_t i = 0; i < LUT_LANES; i++) sum += lanes[i];
  return sum;
}

/// A window's bound is the smaller one of the product of Euclidean norms, and the sum of its magnitudes times the
/// motifs' largest values.
static inline lut_sizes lut_sizes_of(const momos_lut_dictionary *dictionary, const float *window) {
  float squares[LUT_WINDOW_COLUMNS / 2], front[LUT_WINDOW_COLUMNS / 2], back[LUT_WINDOW_COLUMNS / 2];
  const uint32_t block_length = dictionary->block_length;
  const bool is_overlapping = dictionary->motif_length > block_length;
  lut_block_sums(dictionary, window, squares, front, back);
  const size_t blocks = lut_ceiling_quotient(lut_segment_blocks(dictionary), LUT_LANES) * LUT_LANES;
  lut_floats square_sum = 0, window_count = 0;
  const lut_floats one = 1;
  for (size_t t = 0; t < blocks; t += LUT_LANES) {
    lut_floats norm = LUT_LOADED(squares + t), sum = LUT_LOADED(front + t);
    if (is_overlapping) {
      norm += LUT_LOADED(squares + t + 1);
      sum += LUT_LOADED(back + t + 1);
    }
    LUT_STORE(front + t, __builtin_elementwise_min(norm * dictionary->largest_square, sum * sum));
    square_sum += norm;
    window_count += __builtin_bit_cast(lut_floats, LUT_BITS(one) & (lut_words)(norm > 0));
  }
  LUT_STORE(squares, square_sum);
  LUT_STORE(back, window_count);
  return (lut_sizes){lut_float_of(lut_largest_bits(front, blocks / LUT_LANES)), lut_lane_sum(squares),
                     lut_lane_sum(back)};
}

/// True if rounding entries to one byte plane costs no more than it may. x is the windows' values times `ratio`.
static inline bool lut_suits_one_plane(const momos_lut_dictionary *dictionary, lut_sizes sizes, float ratio,
                                       uint32_t shift) {
  const float unit = shift ? 0x1p23f : 0x1p24f;
  const float rounding = sizes.window_count * (unit * unit / 12);
  const float products = sizes.square_sum * (ratio * ratio) * dictionary->mean_square;
  return rounding <= products * (MOMOS_LUT_ONE_PLANE_ERROR * MOMOS_LUT_ONE_PLANE_ERROR);
}

static lut_quantisation lut_quantise(const momos_lut_dictionary *dictionary, const float *window,
                                     bool allows_one_plane, int16_t *quantised) {
  const uint32_t largest = lut_largest_bits(window, LUT_WINDOW_VECTORS);
  const bool is_finite = largest < 0x7f800000;
  if (largest == 0 || !is_finite || dictionary->motif_unit == 0) {
    memset(quantised, 0, LUT_WINDOW_COLUMNS * sizeof *quantised);
    return (lut_quantisation){is_finite ? 0 : __builtin_nanf(""), 0, allows_one_plane ? 1 : 2};
  }
  // A power of two brings the largest magnitude near 1: no square overflows, and none that matters underflows.
  const uint32_t exponent = largest >> 23;
  const float factor = lut_float_of((exponent < 254 ? 254 - exponent : 1) << 23);
  float scaled[LUT_WINDOW_COLUMNS];
  for (size_t j = 0; j < LUT_WINDOW_COLUMNS; j += LUT_LANES) LUT_STORE(scaled + j, LUT_LOADED(window + j) * factor);
  const lut_sizes sizes = lut_sizes_of(dictionary, scaled);
  const float bound = __builtin_sqrtf(sizes.square_bound);
  const float widest = 32767 / (lut_float_of(largest) * factor);
  const uint32_t shift = dictionary->product_limit > LUT_SHIFT_THRESHOLD * bound * widest;
  const float fitting = dictionary->product_limit / (shift ? 2 * bound : bound);
  const float ratio = fitting < widest ? fitting : widest;
  const float rounding = 0x1.8p23f;  // added, it leaves the nearest integer in the lowest bits
  for (size_t j = 0; j < LUT_WINDOW_COLUMNS; j += LUT_LANES) {
    const lut_floats rounded = LUT_LOADED(scaled + j) * ratio + rounding;
    *(lut_halves_anywhere *)(quantised + j) = __builtin_convertvector(LUT_BITS(rounded), lut_halves);
  }
  const uint32_t planes = allows_one_plane && lut_suits_one_plane(dictionary, sizes, ratio, shift) ? 1 : 2;
  const double unit = (planes == 1 ? 256 : 1) * (shift ? 32768 : 65536) * dictionary->motif_unit;
  return (lut_quantisation){(float)(unit / ((double)ratio * factor)), shift, planes};
}

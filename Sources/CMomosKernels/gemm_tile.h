// Tiles of GEMM_ROWS rows times a panel of up to three vectors of GEMM_LANES lanes, one lane for each vector of the
// batch.
//
// The including file defines GEMM_LANES (4, 8 or 16), GEMM_ROWS (4 or 8), how many vectors of lanes the narrowest and
// the widest panel have (NARROW_PANEL and WIDE_PANEL, where multiples of the narrowest make up any panel), how many
// vectors of the batch are multiplied at a time without panels (DOT_VECTORS, 2 or 3), MULTIPLY_ADD(a, b, sum), and
// PARTIAL(source, count): the first `count` (at most GEMM_LANES) values of `source`, then zeros, reading no further.
// MULTIPLIES_MOTIFS is 1 where loads are so much faster than products that panels are multiplied straight from the
// motifs of tile layouts, and 0 where these are laid out first.
// STORE_PARTIAL(target, count, value) stores the first `count` lanes of a vector of single floats.
// A lane holds one float32, or PACKED_FLOATS values that PACKED(source, count) makes of the first `count` of them.

#include "gemm_plan.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float lanes __attribute__((ext_vector_type(GEMM_LANES)));
typedef float four __attribute__((ext_vector_type(4)));
typedef float unaligned_lanes __attribute__((ext_vector_type(GEMM_LANES), aligned(4), may_alias));
typedef float unaligned_four __attribute__((ext_vector_type(4), aligned(4), may_alias));

/// A vector as squares of four lanes.
typedef union {
  lanes all;
  four square[GEMM_LANES / 4];
} squares;

INLINE lanes loaded(const float *source) { return *(const unaligned_lanes *)source; }
INLINE four loaded_four(const float *source) { return *(const unaligned_four *)source; }
INLINE void store_four(float *target, four value) { *(unaligned_four *)target = value; }

// The same shuffle in every square of two vectors: 0 to 3 are lanes of the first, 4 to 7 of the second.
#define LANE(i, q) ((i) < 4 ? 4 * (q) + (i) : GEMM_LANES + 4 * (q) + (i) - 4)
#define SQUARE(q, a, b, c, d) LANE(a, q), LANE(b, q), LANE(c, q), LANE(d, q)
#if GEMM_LANES == 16
#define SHUFFLED(v, w, ...) \
  __builtin_shufflevector(v, w, SQUARE(0, __VA_ARGS__), SQUARE(1, __VA_ARGS__), SQUARE(2, __VA_ARGS__), \
                          SQUARE(3, __VA_ARGS__))
#elif GEMM_LANES == 8
#define SHUFFLED(v, w, ...) __builtin_shufflevector(v, w, SQUARE(0, __VA_ARGS__), SQUARE(1, __VA_ARGS__))
#else
#define SHUFFLED(v, w, ...) __builtin_shufflevector(v, w, SQUARE(0, __VA_ARGS__))
#endif

/// Transposes every square of four vectors: square q of out[k] is lane 4 q + k of all four.
INLINE void transpose_squares(lanes a, lanes b, lanes c, lanes d, squares out[4]) {
  const lanes ab_low = SHUFFLED(a, b, 0, 4, 1, 5), ab_high = SHUFFLED(a, b, 2, 6, 3, 7);
  const lanes cd_low = SHUFFLED(c, d, 0, 4, 1, 5), cd_high = SHUFFLED(c, d, 2, 6, 3, 7);
  out[0].all = SHUFFLED(ab_low, cd_low, 0, 1, 4, 5);
  out[1].all = SHUFFLED(ab_low, cd_low, 2, 3, 6, 7);
  out[2].all = SHUFFLED(ab_high, cd_high, 0, 1, 4, 5);
  out[3].all = SHUFFLED(ab_high, cd_high, 2, 3, 6, 7);
}

#ifndef PACKED
#define PACKED(source, count) ((count) == GEMM_LANES ? loaded(source) : PARTIAL(source, count))
#endif

/// Where the sums of one tile go: the first `rows` rows (at most GEMM_ROWS) of the first `count` vectors of y.
typedef struct {
  float *y;
  size_t y_stride;
  const uint32_t *numbers;  ///< of the rows in y; NULL: in their order
  size_t rows;
  size_t count;
  const float *scale;  ///< of the rows' sums; NULL for ones
  int replaces;  ///< 0: the sums are added to y; otherwise y becomes 0 + the sums
} tile_target;

/// Adds the sums of rows row to row + 3 of one vector of the batch.
INLINE void add_rows(const tile_target *target, size_t vector, size_t row, four sums) {
  float *y = target->y + vector * target->y_stride;
  if (target->scale)
    for (size_t i = 0; i < 4 && row + i < target->rows; i++) sums[i] *= target->scale[row + i];
  if (target->numbers) {
    const uint32_t *const numbers = target->numbers + row;
    if (row + 4 <= target->rows && target->replaces) {
      UNROLLED for (int i = 0; i < 4; i++) y[numbers[i]] = 0 + sums[i];
    } else {
      for (size_t i = 0; row + i < target->rows && i < 4; i++)
        y[numbers[i]] = (target->replaces ? 0 : y[numbers[i]]) + sums[i];
    }
    return;
  }
  y += row;
  if (row + 4 <= target->rows) {
    store_four(y, (target->replaces ? (four){0} : loaded_four(y)) + sums);
  } else {
    for (int i = 0; row + i < target->rows; i++) y[i] = (target->replaces ? 0 : y[i]) + sums[i];
  }
}

/// Adds a tile whose lanes are vectors of the batch.
INLINE void add_tile(const tile_target *target, lanes sum[GEMM_ROWS][WIDE_PANEL], const int vectors) {
  four transposed[WIDE_PANEL * GEMM_LANES][GEMM_ROWS / 4];
  UNROLLED for (int v = 0; v < vectors; v++) {
    UNROLLED for (int g = 0; g < GEMM_ROWS / 4; g++) {
      squares out[4];
      transpose_squares(sum[4 * g][v], sum[4 * g + 1][v], sum[4 * g + 2][v], sum[4 * g + 3][v], out);
      UNROLLED for (int lane = 0; lane < GEMM_LANES; lane++)
        transposed[v * GEMM_LANES + lane][g] = out[lane % 4].square[lane / 4];
    }
  }
  for (size_t vector = 0; vector < target->count; vector++)
    for (int g = 0; g < GEMM_ROWS / 4; g++) add_rows(target, vector, 4 * g, transposed[vector][g]);
}

/// The same with the number of vectors chosen at run time.
static void add_sums(const tile_target *target, lanes sum[GEMM_ROWS][WIDE_PANEL], size_t vectors) {
  switch (vectors) {
#if NARROW_PANEL == 1
    case 1: return add_tile(target, sum, 1);
#endif
    case 2: return add_tile(target, sum, 2);
#if WIDE_PANEL == 3
    case 3: return add_tile(target, sum, 3);
#endif
  }
}

/// Floats of a vector asked for ahead of their packing.
#define PACKING_AHEAD 32

/// How many vectors of a batch fill panels.
static size_t packed_count(size_t batch) {
  const size_t narrowest = NARROW_PANEL * GEMM_LANES;
  return batch / narrowest * narrowest;
}

/// panel[j, b] = the values of vector b packed in lane j, for b < width, a multiple of GEMM_LANES, and as many lanes
/// as `floats` values x[b * x_stride + ...] fill. Vectors from `count` on repeat the last one.
static void pack_panel(const float *x, size_t x_stride, size_t floats, size_t count, size_t width, float *panel) {
  const size_t lane_count = divided_up(floats, PACKED_FLOATS);
  for (size_t j = 0; j < lane_count; j += GEMM_LANES) {
    const size_t first = j * PACKED_FLOATS;
    const size_t length = smallest(floats - first, GEMM_LANES * PACKED_FLOATS);
    for (size_t b = 0; b < width; b += 4) {
      lanes from[4];
      squares out[4];
      UNROLLED for (size_t i = 0; i < 4; i++) {
        const float *source = x + smallest(b + i, count - 1) * x_stride + first;
        // These are too many rows for the processor to see where each one goes on.
        for (size_t at = 0; at < length; at += 16) __builtin_prefetch(source + PACKING_AHEAD + at, 0, 3);
        from[i] = PACKED(source, length);
      }
      transpose_squares(from[0], from[1], from[2], from[3], out);
      float *to = panel + j * width + b;
      for (size_t k = 0; k < GEMM_LANES && j + k < lane_count; k++)
        store_four(to + k * width, out[k % 4].square[k / 4]);
    }
  }
}

/// Packs the vectors of a batch that fill panels, from value `first` on, into one panel after the other.
static void pack_panels(const momos_batch *batch, size_t first, size_t floats, float *panels) {
  const size_t packed = packed_count(batch->batch);
  for (size_t b = 0; b < packed;) {
    const size_t width = even_group((packed - b) / GEMM_LANES, WIDE_PANEL) * GEMM_LANES;
    pack_panel(batch->x + b * batch->x_stride + first, batch->x_stride, floats, width, width,
               panels + b * divided_up(floats, PACKED_FLOATS));
    b += width;
  }
}

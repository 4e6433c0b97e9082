#ifndef MOMOS_LUT_INTERNAL_H
#define MOMOS_LUT_INTERNAL_H

#include "momos_lut.h"

/// Columns that hold the windows of a segment: a group, the longest halo of overlapping motifs, and zeros.
#define LUT_WINDOW_COLUMNS (MOMOS_LUT_GROUP_COLUMNS + 32)

/// How much a plane byte, which is unsigned, exceeds the signed byte that it stands for.
#define LUT_PLANE_BIAS 128

/// Where products start that are to be doubled `shift` times: with the biases of the plane bytes, and half a unit for
/// rounding. The top bytes of the doubled product are the plane bytes of its entry, of two planes the high one first.
static inline int32_t lut_product_start(uint32_t shift, uint32_t plane_count) {
  return (int32_t)((plane_count == 1 ? 0x80800000 : 0x80808000) >> shift);
}

/// What takes the biases away from the sums over `blocks` blocks.
static inline int32_t lut_fold_start(size_t blocks, uint32_t plane_count) {
  return -(int32_t)blocks * LUT_PLANE_BIAS * (plane_count == 1 ? 1 : 257);
}

/// Measures of a layout: strips of rows, bundles of blocks.
typedef struct {
  size_t bundle_blocks;  ///< blocks whose indices lie together
  size_t strip_rows;     ///< rows whose indices lie together
  size_t strip_bytes;    ///< bytes of one bundle of one strip
  size_t tile_strips;    ///< strips of a full row tile
} lut_geometry;

static inline lut_geometry lut_geometry_of(momos_lut_layout layout) {
  switch (layout) {
    case MOMOS_LUT_K16: return (lut_geometry){8, 16, 64, 8};
    case MOMOS_LUT_K64: return (lut_geometry){4, 64, 192, 4};
    default: return (lut_geometry){1, 64, 64, 4};
  }
}

/// Blocks of a full segment: a group, so that indices are read in their order; but fewer where tables of 256
/// entries would leave no room for indices in the first-level cache.
static inline size_t lut_segment_blocks(const momos_lut_dictionary *dictionary) {
  const size_t group = MOMOS_LUT_GROUP_COLUMNS / dictionary->block_length;
  return dictionary->entry_count == 256 && group > 32 ? 32 : group;
}

static inline size_t lut_ceiling_quotient(size_t a, size_t b) { return a / b + (a % b != 0); }

static inline size_t lut_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// By how much products must fall short of their limit at the finest x of 16 bits, before they are doubled: below
/// that, what entries gain is less than what x loses.
#define LUT_SHIFT_THRESHOLD 1.2f

/// How the windows of a segment were quantised.
typedef struct {
  float scale;     ///< value of 1 in table entries, NaN if a value of x is not finite
  uint32_t shift;  ///< doublings of products, 0 or 1
  uint32_t plane_count;  ///< byte planes of the tables, 1 or 2
} lut_quantisation;

/// Indices that will be read soon, for fetching them into the cache: any address will do.
typedef struct {
  const uint8_t *first;
  size_t stride;
} lut_upcoming;

/// The lookups of one segment of a stage, for a range of rows and some vectors.
typedef struct {
  const uint8_t *indices;  ///< the range's row tiles of the segment's group
  size_t tile_stride;      ///< bytes from one full row tile to the next
  size_t first_bundle;     ///< of the segment in its group
  size_t bundle_count;     ///< of the segment
  size_t strip_count;      ///< of the range
  size_t entry_count;
  bool is_signed;
  const uint8_t *tables;  ///< [vector_count] tables, `table_bytes` apart
  size_t table_bytes;
  const lut_quantisation *quantisations;  ///< [vector_count]
  float *sums;          ///< [vector_count] rows of the range, `sums_stride` apart
  size_t sums_stride;
  size_t vector_count;
  lut_upcoming upcoming;  ///< row tiles of the sweep that follows
} lut_sweep;

/// The first index of the segment in a row tile that has `strips` strips.
static inline const uint8_t *lut_tile_indices(const lut_sweep *sweep, lut_geometry geometry, size_t tile,
                                              size_t strips) {
  return sweep->indices + tile * sweep->tile_stride + sweep->first_bundle * strips * geometry.strip_bytes;
}

/// The steps that depend on the instruction set.
struct momos_lut_kernels {
  const char *name;

  /// Quantises the LUT_WINDOW_COLUMNS columns that hold a segment's windows.
  lut_quantisation (*quantise)(const momos_lut_dictionary *dictionary, const float *window, bool allows_one_plane,
                               int16_t *quantised);

  /// Fills the tables of a segment's bundles, in the form that `sweep` of the same kernels reads: at most 2 bytes an
  /// entry.
  /// It may fill up to the next multiple of 4 blocks. Meanwhile it may fetch some of the upcoming indices.
  void (*build)(const momos_lut_dictionary *dictionary, const int16_t *quantised, lut_quantisation quantisation,
                size_t bundle_count, lut_upcoming upcoming, uint8_t *tables);

  /// sums[vector][row] = fma(scale, sum over blocks of the looked-up entries, sums[vector][row]).
  void (*sweep)(momos_lut_layout layout, const lut_sweep *sweep);
};

extern const momos_lut_kernels momos_lut_scalar;
#if defined(__x86_64__)
extern const momos_lut_kernels momos_lut_avx2;
extern const momos_lut_kernels momos_lut_avx512;
#elif defined(__aarch64__)
extern const momos_lut_kernels momos_lut_neon;
#endif

#endif

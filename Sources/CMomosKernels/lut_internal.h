#ifndef MOMOS_LUT_INTERNAL_H
#define MOMOS_LUT_INTERNAL_H

#include "momos_lut.h"

/// Columns that the windows of one group cover: a group and the longest halo of overlapping motifs.
#define LUT_WINDOW_COLUMNS (MOMOS_LUT_GROUP_COLUMNS + 16)

/// What an unsigned plane byte says more than the signed byte it stands for.
#define LUT_PLANE_BIAS 128

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

static inline size_t lut_ceiling_quotient(size_t a, size_t b) { return a / b + (a % b != 0); }

static inline size_t lut_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// By how much products must fall short of their limit at the finest x of 16 bits, before they are doubled: below that,
/// what entries gain is less than what x loses.
#define LUT_SHIFT_THRESHOLD 1.2f

/// How the windows of a group were quantised.
typedef struct {
  float scale;     ///< value of 1 in table entries, NaN if a value of x is not finite
  uint32_t shift;  ///< doublings of products, 0 or 1
} lut_quantisation;

/// The lookups of one group and stage, for a range of rows and some vectors.
typedef struct {
  const uint8_t *indices;  ///< the range's tiles of the group, one after another
  size_t bundle_count;     ///< bundles of the group
  size_t strip_count;      ///< strips of the range
  size_t entry_count;
  bool is_signed;
  const uint8_t *tables;   ///< [vector_count] tables, `table_bytes` apart
  size_t table_bytes;
  const float *scales;     ///< [vector_count]
  float *sums;             ///< [vector_count] rows of the range, `sums_stride` apart
  size_t sums_stride;
  size_t vector_count;
} lut_sweep;

/// The steps that depend on the instruction set. Both pointers are aligned; both arrays may be read up to their
/// multiple of 64 bytes.
struct momos_lut_kernels {
  const char *name;
  uint32_t vectorised_layouts;  ///< bit l for layout l

  /// Quantises the LUT_WINDOW_COLUMNS columns of a group's windows.
  lut_quantisation (*quantise)(const momos_lut_dictionary *dictionary, const float *window,
                               int16_t *quantised);

  /// Fills the tables of `bundle_count` bundles of blocks, in the form that `sweep` of the same kernels reads; at most
  /// 2 bytes for each entry.
  void (*build)(const momos_lut_dictionary *dictionary, const int16_t *quantised, uint32_t shift,
                size_t bundle_count, uint8_t *tables);

  /// sums[vector][row] = fma(scale, sum over blocks of the looked-up entries, sums[vector][row]).
  void (*sweep)(momos_lut_layout layout, const lut_sweep *sweep);
};

extern const momos_lut_kernels momos_lut_scalar_kernels;
#if defined(__x86_64__)
extern const momos_lut_kernels momos_lut_avx512_kernels;
#endif

#endif

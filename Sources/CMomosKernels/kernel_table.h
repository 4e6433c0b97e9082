#ifndef MOMOS_KERNEL_TABLE_H
#define MOMOS_KERNEL_TABLE_H

#include "momos_kernels.h"

extern const momos_kernel_table momos_kernels_scalar;

/// strip_lookups.h
typedef void strip_lookups(const uint8_t *strip, size_t block_step, size_t blocks, const float *tables, size_t stride,
                           float *sum);
strip_lookups momos_scalar_strip_lookups;
#if defined(__x86_64__)
extern const momos_kernel_table momos_kernels_avx2;
extern const momos_kernel_table momos_kernels_avx512;
strip_lookups momos_avx2_strip_lookups;
#elif defined(__aarch64__)
extern const momos_kernel_table momos_kernels_neon;
#endif

/// Blocks whose products form one group.
static inline size_t group_block_count(const momos_stage *stage) {
  size_t count = MOMOS_GROUP_COLUMNS / stage->block_length;
  return count > 0 ? count : 1;
}

/// Entries of one table, padded.
static inline size_t table_stride(const momos_stage *stage) {
  size_t count = (size_t)1 << stage->index_width;
  return (count + MOMOS_LANES - 1) / MOMOS_LANES * MOMOS_LANES;
}

/// Blocks whose tables are built together: as many of a group as fit 64 Ki entries, at least one.
static inline size_t table_batch(const momos_stage *stage) {
  size_t batch = 65536 / table_stride(stage);
  size_t group = group_block_count(stage);
  return batch < 1 ? 1 : batch < group ? batch : group;
}

/// The measures of a tile layout: [group][row tile][bundle of the group][strip of the tile].
typedef struct {
  size_t bundle_blocks;  ///< blocks that share the bytes of a row
  size_t bytes_per_row;  ///< of a bundle
  size_t strip_rows;
  size_t tile_rows;
} tile_shape;

static inline tile_shape tile_shape_of(momos_layout layout) {
  switch (layout) {
    case MOMOS_LAYOUT_TILE_K16: return (tile_shape){8, 4, 16, 128};
    case MOMOS_LAYOUT_TILE_K64: return (tile_shape){4, 3, 64, 256};
    default: return (tile_shape){1, 1, 64, 256};
  }
}

/// Rows of the tile that holds a row, with those that pad its last strip.
static inline size_t tile_row_count(const momos_stage *stage, const tile_shape *shape, size_t row) {
  const size_t padded_rows = (stage->row_count + shape->strip_rows - 1) / shape->strip_rows * shape->strip_rows;
  const size_t rest = padded_rows - row / shape->tile_rows * shape->tile_rows;
  return rest < shape->tile_rows ? rest : shape->tile_rows;
}

/// The first byte of the strip that holds a row of a bundle.
static inline size_t strip_offset(const momos_stage *stage, const tile_shape *shape, size_t row, size_t bundle) {
  const size_t bundles = (stage->block_count + shape->bundle_blocks - 1) / shape->bundle_blocks;
  const size_t group_bundles = MOMOS_GROUP_COLUMNS / stage->block_length / shape->bundle_blocks;
  const size_t padded_rows = (stage->row_count + shape->strip_rows - 1) / shape->strip_rows * shape->strip_rows;
  const size_t group_start = bundle / group_bundles * group_bundles;
  const size_t bundles_here = bundles - group_start < group_bundles ? bundles - group_start : group_bundles;
  const size_t tile_start = row / shape->tile_rows * shape->tile_rows;
  const size_t rows_here = tile_row_count(stage, shape, row);
  const size_t steps = group_start * padded_rows + tile_start * bundles_here + (bundle - group_start) * rows_here +
                       (row - tile_start) / shape->strip_rows * shape->strip_rows;
  return steps * shape->bytes_per_row;
}

/// The index of a row of a strip, for the block at `member` of its bundle.
static inline size_t strip_index(momos_layout layout, const uint8_t *strip, size_t row, size_t member) {
  if (layout == MOMOS_LAYOUT_TILE_K16) return (strip[row * 4 + member % 4] >> (member / 4 * 4)) & 15;
  const uint8_t *byte = strip + (row < 32 ? 2 * row : 2 * row - 63);
  if (layout == MOMOS_LAYOUT_TILE_K256) return *byte;
  if (member < 3) return byte[64 * member] & 63;
  return (byte[0] >> 6) | (byte[64] >> 6) << 2 | (byte[128] >> 6) << 4;
}

#endif

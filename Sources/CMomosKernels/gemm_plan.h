// What all instruction sets agree on: the blocking of a product and the sizes of its scratch.
#ifndef MOMOS_GEMM_PLAN_H
#define MOMOS_GEMM_PLAN_H

#include "momos_gemm.h"

/// Most columns whose products are summed on their own; a packed panel of 48 vectors over as many stays in level 2.
#ifndef COLUMN_BLOCK
#define COLUMN_BLOCK 1024
#endif

/// The same for batches smaller than `WIDE_BATCH`, which sweep whole rows.
#define NARROW_COLUMN_BLOCK 8192

/// Smallest batch whose products are blocked.
#define WIDE_BATCH 4

/// Most vectors packed at a time: four panels of the widest kind.
#ifndef BATCH_BLOCK
#define BATCH_BLOCK 192
#endif

/// Vectors of `GEMM_LANES` in the widest panel.
#define PANEL_VECTORS 3

/// Most lanes and rows of a tile in any instruction set.
#define MOST_LANES 16
#define MOST_ROWS 8

/// Most blocks of a mosaic whose offsets are unpacked at a time, and the floats from one row of offsets to the next
/// (not a multiple of 4096 bytes over four rows, so that rows keep to different cache sets).
#define OFFSET_BLOCK 512
#define OFFSET_STRIDE 528

static inline size_t smallest(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t divided_up(size_t count, size_t divisor) { return (count + divisor - 1) / divisor; }

/// Vectors of the batch packed at a time: as even as multiples of the widest panel allow.
static inline size_t batch_block(size_t batch) {
  const size_t widest = PANEL_VECTORS * MOST_LANES;
  const size_t block_count = divided_up(batch, BATCH_BLOCK);
  return block_count == 0 ? widest : divided_up(divided_up(batch, block_count), widest) * widest;
}

/// Vectors of lanes in the next panel, where `vectors` are left: panels differ by at most one vector.
static inline size_t panel_vectors(size_t vectors) { return divided_up(vectors, divided_up(vectors, PANEL_VECTORS)); }

/// Blocks of a mosaic in one column block: a multiple of 8, so that column blocks begin at whole bytes of indices.
static inline size_t mosaic_block_count(const momos_mosaic_weight *weight) {
  return smallest(COLUMN_BLOCK / weight->block_length, OFFSET_BLOCK) / 8 * 8;
}

/// y = 0 for rows [row_begin, row_end) and every vector of the batch.
static inline void clear_rows(const momos_batch *batch, size_t row_begin, size_t row_end) {
  for (size_t b = 0; b < batch->batch; b++)
    for (size_t i = row_begin; i < row_end; i++) batch->y[b * batch->y_stride + i] = 0;
}

/// Vectors [first, first + count) of a batch.
static inline momos_batch batch_range(const momos_batch *batch, size_t first, size_t count) {
  momos_batch range = *batch;
  range.x += first * batch->x_stride;
  range.y += first * batch->y_stride;
  range.batch = count;
  return range;
}

#endif

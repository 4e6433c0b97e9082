// What all instruction sets agree on: the blocking of a product and the sizes of its scratch.
#ifndef MOMOS_GEMM_PLAN_H
#define MOMOS_GEMM_PLAN_H

#include "momos_gemm.h"

/// Values in one lane: 1, or 2 where pairs are multiplied.
#ifndef PACKED_FLOATS
#define PACKED_FLOATS 1
#endif

/// Most lanes of columns whose products are summed on their own; a tile of rows over as many, and a packed panel of 48
/// vectors, stay in level 2.
#define LANE_BLOCK 2048
#define COLUMN_BLOCK (LANE_BLOCK * PACKED_FLOATS)

/// The same for dense products with fewer vectors than `WIDE_BATCH`, which sweep whole rows.
#define NARROW_COLUMN_BLOCK 8192

/// Smallest batch whose dense products are blocked.
#define WIDE_BATCH 4

/// Most lanes of vectors packed at a time: 512 vectors of a whole column block, since rows are laid out anew for each
/// of these batches. They stream from level 3.
#define PANEL_LANES (512 * LANE_BLOCK)

/// Most tiles of rows that each panel is multiplied by while it is near; they stay in level 2 beside it.
#define TILE_GROUP 4

/// Vectors of the batch in the widest panel of any instruction set.
#define MOST_PANEL_WIDTH 48

/// Most rows of a tile in any instruction set.
#define MOST_ROWS 8

/// Largest block length of a mosaic.
#define MOST_BLOCK_LENGTH 64

/// Floats from one row of an expanded tile to the next: expansion may begin within a block before the column block
/// and end within a block after it.
#define TILE_STRIDE (MOST_BLOCK_LENGTH + COLUMN_BLOCK + MOST_BLOCK_LENGTH)

/// Offsets of the motifs of one row: those of a column block, one before it, and what rounding to 8 on both sides
/// adds. As many hold those of a whole tile in 256 columns.
#define OFFSET_COUNT (COLUMN_BLOCK + 32)

/// Floats of one expanded tile.
#define TILE_SIZE (MOST_ROWS * TILE_STRIDE)

/// Scratch: offsets, packed motifs, expanded tiles, then packed panels, here after a single tile. Tiles begin at another
/// place of a page than offsets, which are read while rows are written.
#define MOTIFS_BEGIN OFFSET_COUNT
#define TILES_BEGIN (MOTIFS_BEGIN + MOMOS_MOST_NEAR_MOTIFS / 2 + 256)
#define PANELS_BEGIN (TILES_BEGIN + TILE_SIZE)

/// At least as many in every instruction set.
#define MOST_PANELS_BEGIN (2 * PANELS_BEGIN)
#define MOST_TILE_SIZE (2 * TILE_SIZE)

static inline size_t smallest(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t divided_up(size_t count, size_t divisor) { return (count + divisor - 1) / divisor; }

/// Vectors of the batch packed at a time: as even as multiples of the widest panel allow.
/// lanes: columns, or pairs of them.
static inline size_t batch_block(size_t batch, size_t lanes) {
  if (batch == 0 || lanes == 0) return MOST_PANEL_WIDTH;
  const size_t block_count = divided_up(batch, PANEL_LANES / smallest(lanes, LANE_BLOCK));
  return divided_up(divided_up(batch, block_count), MOST_PANEL_WIDTH) * MOST_PANEL_WIDTH;
}

/// Tiles that are laid out together: one for a single panel, which is near for every tile.
static inline size_t tile_group_count(size_t batch) { return batch > MOST_PANEL_WIDTH ? TILE_GROUP : 1; }

/// The size of the next group when `left` are left and a group has at most `most`: groups differ by at most one.
static inline size_t even_group(size_t left, size_t most) { return divided_up(left, divided_up(left, most)); }

/// y = 0 for rows [row_begin, row_end) and every vector of the batch.
static inline void clear_rows(const momos_batch *batch, size_t row_begin, size_t row_end) {
  for (size_t b = 0; b < batch->batch; b++)
    for (size_t i = row_begin; i < row_end; i++)
      batch->y[b * batch->y_stride + (batch->y_numbers ? batch->y_numbers[i] : i)] = 0;
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

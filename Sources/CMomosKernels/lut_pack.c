// The tile layouts of the file format, section 9.

#include <string.h>

#include "lut_internal.h"

size_t momos_lut_index_bytes(momos_lut_layout layout, size_t rows, size_t blocks) {
  const lut_geometry geometry = lut_geometry_of(layout);
  return lut_ceiling_quotient(blocks, geometry.bundle_blocks) * lut_ceiling_quotient(rows, geometry.strip_rows) *
         geometry.strip_bytes;
}

/// Puts the index of block b of a bundle, in row `row` of a strip, into the strip's zeroed bytes.
static void put_index(momos_lut_layout layout, uint8_t *strip, size_t row, size_t b, uint32_t index) {
  uint8_t *place = strip + 2 * (row % 32) + row / 32;
  if (layout == MOMOS_LUT_K16)
    strip[4 * row + b % 4] |= (uint8_t)(index << (b < 4 ? 0 : 4));
  else if (layout == MOMOS_LUT_K256)
    *place = (uint8_t)index;
  else if (b < 3)
    place[64 * b] |= (uint8_t)index;
  else
    for (size_t line = 0; line < 3; line++) place[64 * line] |= (uint8_t)((index >> 2 * line & 3) << 6);
}

static uint16_t index_at(momos_lut_layout layout, const uint8_t *strip, size_t row, size_t b) {
  const uint8_t *place = strip + 2 * (row % 32) + row / 32;
  if (layout == MOMOS_LUT_K16) return strip[4 * row + b % 4] >> (b < 4 ? 0 : 4) & 15;
  if (layout == MOMOS_LUT_K256) return *place;
  if (b < 3) return place[64 * b] & 63;
  return (uint16_t)(place[0] >> 6 | place[64] >> 6 << 2 | place[128] >> 6 << 4);
}

/// The indices of one row in one group of a layout.
typedef struct {
  size_t row, first_block, block_count;
  size_t strip_offset;   ///< of the row's strip in the first bundle
  size_t bundle_stride;  ///< from one bundle of the strip to the next
} row_piece;

/// The pieces of all rows, in the order of `number`, which is below groups * rows.
static row_piece piece_of(lut_geometry geometry, size_t group_blocks, size_t rows, size_t blocks, size_t number) {
  const size_t tile_rows = geometry.tile_strips * geometry.strip_rows;
  const size_t row = number % rows, first_block = number / rows * group_blocks;
  const size_t count = lut_smaller(group_blocks, blocks - first_block);
  const size_t bundles = lut_ceiling_quotient(count, geometry.bundle_blocks);
  const size_t tile_begin = row / tile_rows * tile_rows;
  const size_t strips = lut_ceiling_quotient(lut_smaller(tile_rows, rows - tile_begin), geometry.strip_rows);
  const size_t before = first_block / geometry.bundle_blocks * lut_ceiling_quotient(rows, geometry.strip_rows) +
                        tile_begin / geometry.strip_rows * bundles;
  return (row_piece){row, first_block, count,
                     (before + (row - tile_begin) / geometry.strip_rows) * geometry.strip_bytes,
                     strips * geometry.strip_bytes};
}

void momos_lut_pack(momos_lut_layout layout, uint32_t block_length, const uint16_t *indices, size_t rows,
                    size_t blocks, uint8_t *packed) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const size_t group = MOMOS_LUT_GROUP_COLUMNS / block_length;
  memset(packed, 0, momos_lut_index_bytes(layout, rows, blocks));
  for (size_t i = 0; i < rows * lut_ceiling_quotient(blocks, group); i++) {
    const row_piece piece = piece_of(geometry, group, rows, blocks, i);
    for (size_t t = 0; t < piece.block_count; t++)
      put_index(layout, packed + piece.strip_offset + t / geometry.bundle_blocks * piece.bundle_stride,
                piece.row % geometry.strip_rows, t % geometry.bundle_blocks,
                indices[piece.row * blocks + piece.first_block + t]);
  }
}

void momos_lut_unpack(momos_lut_layout layout, uint32_t block_length, const uint8_t *packed, size_t rows,
                      size_t blocks, uint16_t *indices) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const size_t group = MOMOS_LUT_GROUP_COLUMNS / block_length;
  for (size_t i = 0; i < rows * lut_ceiling_quotient(blocks, group); i++) {
    const row_piece piece = piece_of(geometry, group, rows, blocks, i);
    for (size_t t = 0; t < piece.block_count; t++)
      indices[piece.row * blocks + piece.first_block + t] =
          index_at(layout, packed + piece.strip_offset + t / geometry.bundle_blocks * piece.bundle_stride,
                   piece.row % geometry.strip_rows, t % geometry.bundle_blocks);
  }
}

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
  const size_t place = 2 * (row % 32) + row / 32;
  switch (layout) {
    case MOMOS_LUT_K16:
      strip[4 * row + b % 4] |= (uint8_t)(index << (b < 4 ? 0 : 4));
      break;
    case MOMOS_LUT_K64:
      if (b < 3)
        strip[64 * b + place] |= (uint8_t)index;
      else
        for (size_t line = 0; line < 3; line++)
          strip[64 * line + place] |= (uint8_t)((index >> 2 * line & 3) << 6);
      break;
    default: strip[place] = (uint8_t)index;
  }
}

void momos_lut_pack(momos_lut_layout layout, uint32_t block_length, const uint16_t *indices, size_t rows,
                    size_t blocks, uint8_t *packed) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const size_t group = MOMOS_LUT_GROUP_COLUMNS / block_length;
  const size_t tile_rows = geometry.tile_strips * geometry.strip_rows;
  memset(packed, 0, momos_lut_index_bytes(layout, rows, blocks));
  for (size_t first = 0; first < blocks; first += group) {
    const size_t count = lut_smaller(group, blocks - first);
    for (size_t begin = 0; begin < rows; begin += tile_rows) {
      const size_t height = lut_smaller(tile_rows, rows - begin);
      const size_t strips = lut_ceiling_quotient(height, geometry.strip_rows);
      for (size_t i = 0; i < height; i++)
        for (size_t t = 0; t < count; t++)
          put_index(layout,
                    packed + (t / geometry.bundle_blocks * strips + i / geometry.strip_rows) * geometry.strip_bytes,
                    i % geometry.strip_rows, t % geometry.bundle_blocks, indices[(begin + i) * blocks + first + t]);
      packed += lut_ceiling_quotient(count, geometry.bundle_blocks) * strips * geometry.strip_bytes;
    }
  }
}

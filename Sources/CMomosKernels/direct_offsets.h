// Unpacking of motif indices into byte offsets of their motifs. The including file may define UNPACK_EIGHT.

#include <string.h>

#include "kernel_table.h"

#ifndef UNPACK_EIGHT
/// Index number `t` of a packed row.
static inline uint32_t packed_index(const uint8_t *row, size_t t, uint32_t width) {
  const size_t bit = t * width, byte = bit / 8, end = (bit + width + 7) / 8;
  uint32_t value = 0;
  for (size_t i = byte; i < end; i++) value |= (uint32_t)row[i] << (8 * (i - byte));
  return (value >> (bit % 8)) & ((1u << width) - 1);
}
#endif

/// `unpack_offsets` for one tile layout, which the compiler knows.
INLINE void unpack_layout(const momos_stage *stage, const momos_layout layout, size_t row, size_t begin, size_t count,
                          uint32_t *offsets) {
  const tile_shape shape = tile_shape_of(layout);
  const size_t group = MOMOS_GROUP_COLUMNS / stage->block_length;
  const size_t step = tile_row_count(stage, &shape, row) * shape.bytes_per_row, strip_row = row % shape.strip_rows;
  const uint32_t motif_byte_count = stage->motif_length * (uint32_t)sizeof(float);
  // Blocks of one group at a time: its strips lie at equal distances.
  for (size_t t = 0; t < count;) {
    const size_t left = group - (begin + t) % group, end = count - t < left ? count : t + left;
    const uint8_t *strip = stage->indices + strip_offset(stage, &shape, row, (begin + t) / shape.bundle_blocks);
    for (size_t member = (begin + t) % shape.bundle_blocks; t < end; t++) {
      offsets[t] = (uint32_t)strip_index(layout, strip, strip_row, member) * motif_byte_count;
      if (++member == shape.bundle_blocks) {
        member = 0;
        strip += step;
      }
    }
  }
}

/// `unpack_offsets` for a tile layout.
static void unpack_tiled_offsets(const momos_stage *stage, size_t row, size_t begin, size_t count, uint32_t *offsets) {
  switch (stage->layout) {
    case MOMOS_LAYOUT_TILE_K16: return unpack_layout(stage, MOMOS_LAYOUT_TILE_K16, row, begin, count, offsets);
    case MOMOS_LAYOUT_TILE_K64: return unpack_layout(stage, MOMOS_LAYOUT_TILE_K64, row, begin, count, offsets);
    default: return unpack_layout(stage, MOMOS_LAYOUT_TILE_K256, row, begin, count, offsets);
  }
}

/// offsets[t] = byte offset of the motif of block begin + t of a row, for t < count; begin is a multiple of 8. Up to
/// seven more offsets are written.
static void unpack_offsets(const momos_stage *stage, size_t row, size_t begin, size_t count,
                           uint32_t *offsets) {
  const uint32_t width = stage->index_width, motif_byte_count = stage->motif_length * (uint32_t)sizeof(float);
  if (width == 0) {
    memset(offsets, 0, count * sizeof *offsets);
    return;
  }
  if (stage->layout != MOMOS_LAYOUT_ROW_MAJOR) {
    unpack_tiled_offsets(stage, row, begin, count, offsets);
    return;
  }
  const uint8_t *packed = stage->indices + row * stage->row_byte_count;
#ifdef UNPACK_EIGHT
  const eight_unpacking unpacking = unpacking_of_width(width, motif_byte_count);
  for (size_t t = 0, byte = begin / 8 * width; t < count; t += 8, byte += width) {
    uint8_t last[16] = {0};
    const size_t left = stage->row_byte_count - byte;
    if (left < sizeof last) memcpy(last, packed + byte, left);
    unpack_eight(&unpacking, left < sizeof last ? last : packed + byte, offsets + t);
  }
#else
  for (size_t t = 0; t < count; t++) offsets[t] = packed_index(packed, begin + t, width) * motif_byte_count;
#endif
}

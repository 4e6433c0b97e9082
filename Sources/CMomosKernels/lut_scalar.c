// The specification in code: tables of 16-bit entries, one lookup after another.

#include <math.h>

#include "lut_quantise.h"

/// An entry of a table from the product of a motif and a window.
static inline int16_t entry_of(int32_t product, uint32_t shift) {
  const int32_t value = (product * (1 << shift) + 32768) >> 16;
  return (int16_t)((value & 255) == 128 ? value + 1 : value);
}

/// Element `offset` of the motif of table entry m.
static inline int16_t motif_element(const momos_lut_dictionary *dictionary, size_t m, size_t offset) {
  const size_t lanes = lut_smaller(64, dictionary->entry_count);
  const size_t chunk = m / lanes * dictionary->motif_length * lanes;
  return dictionary->motifs[chunk + offset / 2 * lanes * 2 + m % lanes * 2 + offset % 2];
}

/// tables: int16 [blocks, entry_count].
static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised, uint32_t shift,
                  size_t bundle_count, lut_upcoming upcoming, uint8_t *tables) {
  (void)upcoming;
  const size_t blocks = bundle_count * lut_geometry_of(dictionary->layout).bundle_blocks;
  int16_t *entries = (int16_t *)(void *)tables;
  for (size_t t = 0; t < blocks; t++) {
    const int16_t *window = quantised + t * dictionary->block_length;
    for (size_t m = 0; m < dictionary->entry_count; m++) {
      int32_t product = 0;
      for (size_t o = 0; o < dictionary->motif_length; o++) product += motif_element(dictionary, m, o) * window[o];
      *entries++ = entry_of(product, shift);
    }
  }
}

/// The index of block `b` of a bundle in row `row` of a strip, both from 0.
static inline uint32_t index_at(momos_lut_layout layout, const uint8_t *strip, size_t row, size_t b) {
  const size_t place = 2 * (row % 32) + row / 32;
  switch (layout) {
    case MOMOS_LUT_K16: return strip[4 * row + b % 4] >> (b < 4 ? 0 : 4) & 15;
    case MOMOS_LUT_K64:
      if (b < 3) return strip[64 * b + place] & 63;
      return (uint32_t)(strip[place] >> 6 | strip[64 + place] >> 6 << 2 | strip[128 + place] >> 6 << 4);
    default: return strip[place];
  }
}

static inline int32_t looked_up(const lut_sweep *sweep, const int16_t *table, uint32_t index) {
  if (!sweep->is_signed) return table[index];
  return index & 128 ? -table[index & 127] : table[index];
}

/// Adds the lookups of one row to its sum.
static void sweep_row(momos_lut_layout layout, const lut_sweep *sweep, const uint8_t *strip, size_t tile_strips,
                      size_t row, size_t vector) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const int16_t *table = (const int16_t *)(const void *)(sweep->tables + vector * sweep->table_bytes);
  int32_t total = 0;
  for (size_t bundle = 0; bundle < sweep->bundle_count; bundle++) {
    for (size_t b = 0; b < geometry.bundle_blocks; b++, table += sweep->entry_count)
      total += looked_up(sweep, table, index_at(layout, strip, row % geometry.strip_rows, b));
    strip += tile_strips * geometry.strip_bytes;
  }
  float *sum = sweep->sums + vector * sweep->sums_stride + row;
  *sum = fmaf(sweep->scales[vector], (float)total, *sum);
}

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  const lut_geometry geometry = lut_geometry_of(layout);
  for (size_t first = 0; first < sweep->strip_count; first += geometry.tile_strips) {
    const size_t strips = lut_smaller(geometry.tile_strips, sweep->strip_count - first);
    const uint8_t *indices = lut_tile_indices(sweep, geometry, first / geometry.tile_strips, strips);
    for (size_t vector = 0; vector < sweep->vector_count; vector++)
      for (size_t i = 0; i < strips * geometry.strip_rows; i++)
        sweep_row(layout, sweep, indices + i / geometry.strip_rows * geometry.strip_bytes, strips,
                  first * geometry.strip_rows + i, vector);
  }
}

const momos_lut_kernels momos_lut_scalar_kernels = {
    .name = "scalar", .vectorised_layouts = 0, .quantise = lut_quantise, .build = build, .sweep = sweep};

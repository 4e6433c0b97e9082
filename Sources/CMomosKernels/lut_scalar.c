// The specification in code: tables of 16-bit entries, one lookup after another.

#include <math.h>

#include "lut_quantise.h"

/// An entry of a table from the product of a motif and a window.
static inline int16_t entry_of(int32_t product, lut_quantisation quantisation) {
  const int32_t doubled = product * (1 << quantisation.shift);
  if (quantisation.plane_count == 1) return (int16_t)((doubled + (1 << 23)) >> 24);
  const int32_t value = (doubled + 32768) >> 16;
  return (int16_t)((value & 255) == 128 ? value + 1 : value);
}

/// Products of one window with `lanes` motifs whose pairs of elements lie side by side.
static void multiply_motifs(const int16_t *motifs, size_t lanes, size_t pairs, const int16_t *window,
                            int32_t *products) {
  memset(products, 0, lanes * sizeof *products);
  for (size_t p = 0; p < pairs; p++, motifs += 2 * lanes)
    for (size_t m = 0; m < lanes; m++)
      products[m] += motifs[2 * m] * window[2 * p] + motifs[2 * m + 1] * window[2 * p + 1];
}

/// tables: int16 [blocks, entry_count].
static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised,
                  lut_quantisation quantisation, size_t bundle_count, lut_upcoming upcoming, uint8_t *tables) {
  (void)upcoming;
  const size_t blocks = bundle_count * lut_geometry_of(dictionary->layout).bundle_blocks;
  const size_t lanes = lut_smaller(64, dictionary->entry_count);
  int16_t *entries = (int16_t *)(void *)tables;
  for (size_t t = 0; t < blocks; t++)
    for (size_t m = 0; m < dictionary->entry_count; m += lanes, entries += lanes) {
      int32_t products[64];
      multiply_motifs(dictionary->motifs + m * dictionary->motif_length, lanes, dictionary->motif_length / 2,
                      quantised + t * dictionary->block_length, products);
      for (size_t i = 0; i < lanes; i++) entries[i] = entry_of(products[i], quantisation);
    }
}

/// Indices of block b of a bundle for all rows of a strip.
static void unpack(momos_lut_layout layout, const uint8_t *strip, size_t b, uint8_t *indices) {
  if (layout == MOMOS_LUT_K16) {
    for (size_t row = 0; row < 16; row++) indices[row] = strip[4 * row + b % 4] >> (b < 4 ? 0 : 4) & 15;
    return;
  }
  for (size_t row = 0; row < 64; row++) {
    const uint8_t *place = strip + 2 * (row % 32) + row / 32;
    if (layout == MOMOS_LUT_K256)
      indices[row] = *place;
    else if (b < 3)
      indices[row] = place[64 * b] & 63;
    else
      indices[row] = (uint8_t)(place[0] >> 6 | place[64] >> 6 << 2 | place[128] >> 6 << 4);
  }
}

/// Adds the lookups of a strip with one vector's tables to the rows' totals.
static void add_strip(momos_lut_layout layout, const lut_sweep *sweep, const uint8_t *strip, size_t bundle_stride,
                      const uint8_t *tables, int32_t *totals) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const int16_t *table = (const int16_t *)(const void *)tables;
  uint8_t indices[64];
  for (size_t bundle = 0; bundle < sweep->bundle_count; bundle++, strip += bundle_stride)
    for (size_t b = 0; b < geometry.bundle_blocks; b++, table += sweep->entry_count) {
      unpack(layout, strip, b, indices);
      if (sweep->is_signed)
        for (size_t row = 0; row < geometry.strip_rows; row++)
          totals[row] += table[indices[row] & 127] * (1 - (indices[row] >> 7) * 2);
      else
        for (size_t row = 0; row < geometry.strip_rows; row++) totals[row] += table[indices[row]];
    }
}

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  const lut_geometry geometry = lut_geometry_of(layout);
  for (size_t first = 0; first < sweep->strip_count; first += geometry.tile_strips) {
    const size_t strips = lut_smaller(geometry.tile_strips, sweep->strip_count - first);
    const uint8_t *indices = lut_tile_indices(sweep, geometry, first / geometry.tile_strips, strips);
    for (size_t i = 0; i < strips * sweep->vector_count; i++) {
      const size_t strip = i % strips, vector = i / strips;
      int32_t totals[64] = {0};
      add_strip(layout, sweep, indices + strip * geometry.strip_bytes, strips * geometry.strip_bytes,
                sweep->tables + vector * sweep->table_bytes, totals);
      float *sums = sweep->sums + vector * sweep->sums_stride + (first + strip) * geometry.strip_rows;
      for (size_t row = 0; row < geometry.strip_rows; row++)
        sums[row] = fmaf(sweep->quantisations[vector].scale, (float)totals[row], sums[row]);
    }
  }
}

const momos_lut_kernels momos_lut_scalar = {
    .name = "scalar", .quantise = lut_quantise, .build = build, .sweep = sweep};

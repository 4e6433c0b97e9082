#if defined(__aarch64__)

#include <arm_neon.h>

#include "lut_quantise.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// How far ahead of the lookups indices are fetched, in bytes.
#define FETCH_AHEAD 4096

/// Vectors of 16 indices that are looked up together; a line has four.
#define AT_ONCE 2

// Tables: [blocks, plane, entry_count], low plane first of two; with 16 entries [half bundles, plane, 4 blocks, 16].

/// The planes of 16 entries of the table of one window; a single one goes to `low`.
INLINE void build_entries(const int16_t *motifs, size_t lanes, size_t pairs, const int16_t *window,
                          lut_quantisation quantisation, uint8_t *low, uint8_t *high) {
  const uint32_t shift = quantisation.shift, planes = quantisation.plane_count;
  uint8x8_t low_bytes[2], high_bytes[2];
  UNROLLED for (int half = 0; half < 2; half++) {
    int32x4_t front = vdupq_n_s32(lut_product_start(shift, planes)), back = front;
    for (size_t p = 0; p < pairs; p++) {
      const int16x8x2_t elements = vld2q_s16(motifs + p * 2 * lanes + 16 * half);
      UNROLLED for (int o = 0; o < 2; o++) {
        front = vmlal_n_s16(front, vget_low_s16(elements.val[o]), window[2 * p + o]);
        back = vmlal_n_s16(back, vget_high_s16(elements.val[o]), window[2 * p + o]);
      }
    }
    const int32x4_t doublings = vdupq_n_s32((int32_t)shift);
    const uint32x4_t first = vshlq_u32(vreinterpretq_u32_s32(front), doublings);
    const uint32x4_t second = vshlq_u32(vreinterpretq_u32_s32(back), doublings);
    const uint16x8_t words = vshrn_high_n_u32(vshrn_n_u32(first, 16), second, 16);
    low_bytes[half] = vmovn_u16(words);
    high_bytes[half] = vshrn_n_u16(words, 8);
  }
  vst1q_u8(planes == 1 ? low : high, vcombine_u8(high_bytes[0], high_bytes[1]));
  if (planes == 2) vst1q_u8(low, vmaxq_u8(vcombine_u8(low_bytes[0], low_bytes[1]), vdupq_n_u8(1)));
}

static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised, lut_quantisation quantisation,
                  size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  (void)upcoming;
  const size_t planes = quantisation.plane_count;
  const size_t blocks = bundles * lut_geometry_of(dictionary->layout).bundle_blocks;
  const size_t entries = dictionary->entry_count, lanes = lut_smaller(64, entries);
  const size_t pairs = dictionary->motif_length / 2;
  for (size_t t = 0; t < blocks; t++)
    for (size_t m = 0; m < entries; m += 16) {
      const int16_t *motifs = dictionary->motifs + m / lanes * lanes * dictionary->motif_length + m % lanes * 2;
      uint8_t *low = entries == 16 ? tables + t / 4 * 64 * planes + t % 4 * 16 : tables + t * planes * entries + m;
      build_entries(motifs, lanes, pairs, quantised + t * dictionary->block_length, quantisation, low,
                    low + (entries == 16 ? 64 : entries));
    }
}

INLINE uint8x16x4_t loaded_entries(const uint8_t *entries) { return vld1q_u8_x4(entries); }

INLINE void fetch(const uint8_t *indices) { __builtin_prefetch(indices + FETCH_AHEAD, 0, 0); }

/// sums += scale * (low + 256 * high + start) for 4 rows.
INLINE void fold_four(uint32x4_t low, uint32x4_t high, int32x4_t start, float scale, float *sums) {
  const int32x4_t total = vaddq_s32(vreinterpretq_s32_u32(vaddq_u32(low, vshlq_n_u32(high, 8))), start);
  vst1q_f32(sums, vfmaq_n_f32(vld1q_f32(sums), vcvtq_f32_s32(total), scale));
}

// Strips of 64 rows. Sums are as in the AVX-512 kernels: of whole words, and of the words' upper bytes; a single plane
// takes the place of the low one.

typedef struct {
  uint16x8_t both, odd;
} plane_sums;

INLINE void add_bytes(plane_sums *sums, uint8x16_t bytes) {
  const uint16x8_t words = vreinterpretq_u16_u8(bytes);
  sums->both = vaddq_u16(sums->both, words);
  sums->odd = vsraq_n_u16(sums->odd, words, 8);
}

/// Looks up AT_ONCE vectors in a table of 64, 128 or 256 entries; with 128, bit 7 of an index negates.
INLINE void add_lookups(plane_sums sums[AT_ONCE][2], const uint8x16_t indices[AT_ONCE], const uint8_t *table,
                        const int planes, const int entries) {
  UNROLLED for (int plane = 0; plane < planes; plane++)
    UNROLLED for (int i = 0; i < AT_ONCE; i++) {
      const uint8_t *part = table + plane * entries;
      const uint8x16_t place = entries == 256 ? indices[i] : vandq_u8(indices[i], vdupq_n_u8((uint8_t)(entries - 1)));
      uint8x16_t found = vqtbl4q_u8(loaded_entries(part), place);
      UNROLLED for (int first = 64; first < entries; first += 64)
        found = vqtbx4q_u8(found, loaded_entries(part + first), vsubq_u8(place, vdupq_n_u8((uint8_t)first)));
      if (entries == 128) {
        const uint8x16_t negative = vcltzq_s8(vreinterpretq_s8_u8(indices[i]));
        found = vsubq_u8(veorq_u8(found, negative), negative);
      }
      add_bytes(&sums[i][plane], found);
    }
}

/// Index of block 3 of a bundle in the low six bits, from the top bits of three lines.
INLINE uint8x16_t fourth_index(uint8x16_t first, uint8x16_t second, uint8x16_t third) {
  const uint8x16_t two = vsriq_n_u8(vandq_u8(second, vdupq_n_u8(0xc0)), first, 2);  // bits 7, 6, then 5, 4
  return vsriq_n_u8(third, two, 2);                                               // third, second, first: 7 to 2
}

/// Folds 16 AT_ONCE rows of a strip: rows i and 32 + i for 8 AT_ONCE successive i.
INLINE void fold_rows(plane_sums sums[AT_ONCE][2], const int planes, size_t blocks, float scale, float *rows) {
  const int32x4_t start = vdupq_n_s32(lut_fold_start(blocks, planes));
  UNROLLED for (int i = 0; i < AT_ONCE; i++)
    UNROLLED for (int odd = 0; odd < 2; odd++) {
      uint16x8_t words[2];
      UNROLLED for (int plane = 0; plane < 2; plane++) {
        const plane_sums here = sums[i][plane];
        words[plane] = odd ? here.odd : vsubq_u16(here.both, vshlq_n_u16(here.odd, 8));
      }
      float *to = rows + 8 * i + 32 * odd;
      fold_four(vmovl_u16(vget_low_u16(words[0])), vmovl_u16(vget_low_u16(words[1])), start, scale, to);
      fold_four(vmovl_high_u16(words[0]), vmovl_high_u16(words[1]), start, scale, to + 4);
    }
}

/// AT_ONCE vectors of each line, for all bundles; lines of one bundle of a row tile and the next are `stride` apart.
INLINE void sweep_part(const int planes, const int entries, const uint8_t *indices, size_t stride,
                       const uint8_t *tables, size_t bundles, float scale, float *rows) {
  plane_sums sums[AT_ONCE][2];
  memset(sums, 0, sizeof sums);
  for (size_t bundle = 0; bundle < bundles; bundle++, indices += stride) {
    uint8x16_t lines[4][AT_ONCE];
    fetch(indices);
    const int line_count = entries == 64 ? 3 : 1;
    UNROLLED for (int l = 0; l < line_count; l++)
      UNROLLED for (int i = 0; i < AT_ONCE; i++) lines[l][i] = vld1q_u8(indices + 64 * l + 16 * i);
    if (entries == 64)
      UNROLLED for (int i = 0; i < AT_ONCE; i++)
        lines[3][i] = vshrq_n_u8(fourth_index(lines[0][i], lines[1][i], lines[2][i]), 2);
    UNROLLED for (int l = 0; l < (entries == 64 ? 4 : 1); l++, tables += planes * entries)
      add_lookups(sums, lines[l], tables, planes, entries);
  }
  fold_rows(sums, planes, bundles * (entries == 64 ? 4 : 1), scale, rows);
}

INLINE void sweep_strips(const int planes, const int entries, const uint8_t *indices, size_t strips,
                         size_t strip_bytes, const uint8_t *tables, size_t bundles, float scale, float *sums) {
  for (size_t i = 0; i < strips; i++)
    for (size_t part = 0; part < 4 / AT_ONCE; part++)
      sweep_part(planes, entries, indices + i * strip_bytes + part * 16 * AT_ONCE, strips * strip_bytes, tables,
                 bundles, scale, sums + 64 * i + 8 * AT_ONCE * part);
}

// Strips of 16 rows: a 32-bit lane is a row, and its four bytes are four blocks.

INLINE void sweep_small_strip(const int planes, const uint8_t *indices, size_t stride, const uint8_t *tables,
                              size_t bundles, float scale, float *rows) {
  const uint8x16_t table_of_byte = vreinterpretq_u8_u32(vdupq_n_u32(0x30201000));
  uint16x8_t sums[4][2];
  memset(sums, 0, sizeof sums);
  for (size_t bundle = 0; bundle < bundles; bundle++, indices += stride, tables += 128 * planes) {
    fetch(indices);
    UNROLLED for (int half = 0; half < 2; half++)
      UNROLLED for (int plane = 0; plane < planes; plane++) {
        const uint8x16x4_t entries = loaded_entries(tables + 64 * planes * half + 64 * plane);
        UNROLLED for (int i = 0; i < 4; i++) {
          const uint8x16_t here = vld1q_u8(indices + 16 * i);
          const uint8x16_t nibble = half ? vshrq_n_u8(here, 4) : vandq_u8(here, vdupq_n_u8(15));
          sums[i][plane] = vpadalq_u8(sums[i][plane], vqtbl4q_u8(entries, vorrq_u8(nibble, table_of_byte)));
        }
      }
  }
  const int32x4_t start = vdupq_n_s32(lut_fold_start(8 * bundles, planes));
  UNROLLED for (int i = 0; i < 4; i++)
    fold_four(vpaddlq_u16(sums[i][0]), vpaddlq_u16(sums[i][1]), start, scale, rows + 4 * i);
}

/// One row tile with one vector.
INLINE void sweep_tile(momos_lut_layout layout, const int planes, const lut_sweep *sweep, const uint8_t *indices,
                       size_t strips, size_t vector, float *sums) {
  const uint8_t *tables = sweep->tables + vector * sweep->table_bytes;
  const size_t bundles = sweep->bundle_count;
  const float scale = sweep->quantisations[vector].scale;
  if (layout == MOMOS_LUT_K16)
    for (size_t i = 0; i < strips; i++)
      sweep_small_strip(planes, indices + 64 * i, 64 * strips, tables, bundles, scale, sums + 16 * i);
  else if (layout == MOMOS_LUT_K64)
    sweep_strips(planes, 64, indices, strips, 192, tables, bundles, scale, sums);
  else if (sweep->is_signed)
    sweep_strips(planes, 128, indices, strips, 64, tables, bundles, scale, sums);
  else
    sweep_strips(planes, 256, indices, strips, 64, tables, bundles, scale, sums);
}

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  const lut_geometry geometry = lut_geometry_of(layout);
  for (size_t first = 0; first < sweep->strip_count; first += geometry.tile_strips) {
    const size_t strips = lut_smaller(geometry.tile_strips, sweep->strip_count - first);
    const uint8_t *indices = lut_tile_indices(sweep, geometry, first / geometry.tile_strips, strips);
    float *sums = sweep->sums + first * geometry.strip_rows;
    for (size_t v = 0; v < sweep->vector_count; v++)
      if (sweep->quantisations[v].plane_count == 1)
        sweep_tile(layout, 1, sweep, indices, strips, v, sums + v * sweep->sums_stride);
      else
        sweep_tile(layout, 2, sweep, indices, strips, v, sums + v * sweep->sums_stride);
  }
}

const momos_lut_kernels momos_lut_neon = {
    .name = "neon", .quantise = lut_quantise, .build = build, .sweep = sweep};

#endif

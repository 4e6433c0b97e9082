#if defined(__x86_64__)

#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni"))), apply_to = function)

#include "lut_quantise.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// How far ahead of the lookups indices are fetched, in bytes.
#define FETCH_AHEAD 8192

/// Bytes that are fetched while BLOCKS_AT_ONCE tables are built.
#define FETCH_WHILE_BUILDING 1024

/// Where products start that are to be doubled `shift` times: with the biases of both plane bytes, and half a unit for
/// rounding. The two top bytes of the doubled product are the high and the low plane byte of its entry.
#define PRODUCT_START(shift) _mm512_set1_epi32((int32_t)(0x80808000 >> (shift)))

/// Blocks whose tables are built together; divides the blocks of a full group.
#define BLOCKS_AT_ONCE 4

static const struct {
  _Alignas(64) uint8_t even_bytes[64];
  _Alignas(64) uint8_t odd_bytes[64];
  _Alignas(64) uint16_t odd_words[32];
  _Alignas(64) uint16_t first_pairs[32];
  _Alignas(64) uint16_t second_pairs[32];
} orders = {
#define EIGHT(first, step)                                                                                  \
  first, first + step, first + 2 * step, first + 3 * step, first + 4 * step, first + 5 * step, first + 6 * step, \
      first + 7 * step
#define SIXTEEN(first, step) EIGHT(first, step), EIGHT(first + 8 * step, step)
#define THIRTY_TWO(first, step) SIXTEEN(first, step), SIXTEEN(first + 16 * step, step)
#define PAIRS(first) first, first + 32, first + 1, first + 33, first + 2, first + 34, first + 3, first + 35
    .even_bytes = {THIRTY_TWO(0, 2), THIRTY_TWO(64, 2)},
    .odd_bytes = {THIRTY_TWO(1, 2), THIRTY_TWO(65, 2)},
    .odd_words = {THIRTY_TWO(1, 2)},
    .first_pairs = {PAIRS(0), PAIRS(4), PAIRS(8), PAIRS(12)},
    .second_pairs = {PAIRS(16), PAIRS(20), PAIRS(24), PAIRS(28)},
};

/// Both planes of 64 entries, from their products.
INLINE void store_planes(const __m512i products[4], const uint32_t shift, uint8_t *low, uint8_t *high) {
  const __m512i odd_words = _mm512_load_si512(orders.odd_words);
  __m512i doubled[4];
  UNROLLED for (int i = 0; i < 4; i++) doubled[i] = shift ? _mm512_slli_epi32(products[i], 1) : products[i];
  const __m512i front = _mm512_permutex2var_epi16(doubled[0], odd_words, doubled[1]);
  const __m512i back = _mm512_permutex2var_epi16(doubled[2], odd_words, doubled[3]);
  const __m512i low_bytes = _mm512_permutex2var_epi8(front, _mm512_load_si512(orders.even_bytes), back);
  const __m512i high_bytes = _mm512_permutex2var_epi8(front, _mm512_load_si512(orders.odd_bytes), back);
  _mm512_store_si512(low, _mm512_max_epu8(low_bytes, _mm512_set1_epi8(1)));
  _mm512_store_si512(high, high_bytes);
}

INLINE void fetch(const uint8_t *indices) { _mm_prefetch((const char *)indices, _MM_HINT_NTA); }

/// Fetches part `part` of `parts` that lie evenly among the upcoming row tiles.
INLINE void fetch_part(lut_upcoming upcoming, size_t part) {
  const uint8_t *first = upcoming.first + part * upcoming.stride;
  UNROLLED for (int i = 0; i < FETCH_WHILE_BUILDING; i += 64) fetch(first + i);
}

/// A pair of quantised values in all lanes.
INLINE __m512i pair_in_all_lanes(const int16_t *pair) {
  int32_t both;
  memcpy(&both, pair, sizeof both);
  return _mm512_set1_epi32(both);
}

/// tables: [blocks, plane, entry_count], low plane first; 64, 128 or 256 entries.
INLINE void build_large(const momos_lut_dictionary *dictionary, const int16_t *quantised, const uint32_t shift,
                        size_t blocks, lut_upcoming upcoming, uint8_t *tables) {
  const size_t entries = dictionary->entry_count, stride = dictionary->block_length;
  const size_t pairs = dictionary->motif_length / 2;
  for (size_t t = 0; t < blocks; t += BLOCKS_AT_ONCE) {
    const int16_t *motifs = dictionary->motifs;
    fetch_part(upcoming, t / BLOCKS_AT_ONCE);
    for (size_t m = 0; m < entries; m += 64) {
      __m512i products[BLOCKS_AT_ONCE][4];
      UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++)
        UNROLLED for (int i = 0; i < 4; i++) products[b][i] = PRODUCT_START(shift);
      for (size_t p = 0; p < pairs; p++, motifs += 128)
        UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++) {
          const __m512i x = pair_in_all_lanes(quantised + (t + b) * stride + 2 * p);
          UNROLLED for (int i = 0; i < 4; i++)
            products[b][i] = _mm512_dpwssd_epi32(products[b][i], _mm512_load_si512(motifs + 32 * i), x);
        }
      UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++) {
        uint8_t *table = tables + (t + b) * 2 * entries + m;
        store_planes(products[b], shift, table, table + entries);
      }
    }
  }
}

/// tables: [bundles, plane, 8 blocks, 16 entries], low plane first.
INLINE void build_k16(const momos_lut_dictionary *dictionary, const int16_t *quantised, const uint32_t shift,
                      size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  const size_t stride = dictionary->block_length, pairs = dictionary->motif_length / 2;
  for (size_t bundle = 0; bundle < bundles; bundle++, tables += 256, quantised += 8 * stride) {
    __m512i products[8];
    fetch_part(upcoming, bundle);
    UNROLLED for (int b = 0; b < 8; b++) products[b] = PRODUCT_START(shift);
    for (size_t p = 0; p < pairs; p++) {
      const __m512i motifs = _mm512_load_si512(dictionary->motifs + 32 * p);
      UNROLLED for (int b = 0; b < 8; b++)
        products[b] = _mm512_dpwssd_epi32(products[b], motifs, pair_in_all_lanes(quantised + b * stride + 2 * p));
    }
    store_planes(products, shift, tables, tables + 128);
    store_planes(products + 4, shift, tables + 64, tables + 192);
  }
}

INLINE void build_shifted(const momos_lut_dictionary *dictionary, const int16_t *quantised, const uint32_t shift,
                          size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  if (dictionary->layout == MOMOS_LUT_K16)
    build_k16(dictionary, quantised, shift, bundles, upcoming, tables);
  else
    build_large(dictionary, quantised, shift, bundles * lut_geometry_of(dictionary->layout).bundle_blocks, upcoming,
                tables);
}

static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised, uint32_t shift, size_t bundles,
                  lut_upcoming upcoming, uint8_t *tables) {
  if (shift)
    build_shifted(dictionary, quantised, 1, bundles, upcoming, tables);
  else
    build_shifted(dictionary, quantised, 0, bundles, upcoming, tables);
}

// Strips of 64 rows: 16-bit sums of both planes. Words hold two rows' bytes; `both` sums whole words, `odd` their upper
// bytes, so that the sum of lower bytes is both - (odd << 8), exact for up to 257 blocks.

typedef struct {
  __m512i both, odd;
} plane_sums;

typedef struct {
  plane_sums low, high;
} strip_sums;

INLINE void add_bytes(plane_sums *sums, __m512i bytes) {
  sums->both = _mm512_add_epi16(sums->both, bytes);
  sums->odd = _mm512_add_epi16(sums->odd, _mm512_srli_epi16(bytes, 8));
}

INLINE __m512i even_sum(plane_sums sums) { return _mm512_sub_epi16(sums.both, _mm512_slli_epi16(sums.odd, 8)); }

/// sums += scale * (low + 256 * high + start) for 16 rows whose sums lie side by side in 16-bit pairs.
INLINE void fold_pairs(__m512i pairs, __m512i start, __m512 scale, float *sums) {
  const __m512i total = _mm512_dpwssd_epi32(start, pairs, _mm512_set1_epi32(256 << 16 | 1));
  _mm512_store_ps(sums, _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(total), _mm512_load_ps(sums)));
}

/// Folds 32 rows. Sums of up to 128 blocks are below 2^15, so they may be read as signed.
INLINE void fold_half_strip(__m512i low, __m512i high, __m512i start, __m512 scale, float *sums) {
  const __m512i first = _mm512_permutex2var_epi16(low, _mm512_load_si512(orders.first_pairs), high);
  const __m512i second = _mm512_permutex2var_epi16(low, _mm512_load_si512(orders.second_pairs), high);
  fold_pairs(first, start, scale, sums);
  fold_pairs(second, start, scale, sums + 16);
}

/// Adds the sums of `blocks` lookups of 64 rows to their float sums.
INLINE void fold_strip(const strip_sums *strip, size_t blocks, float scale, float *sums) {
  const __m512i start = _mm512_set1_epi32(-(int32_t)blocks * LUT_PLANE_BIAS * 257);
  const __m512 scales = _mm512_set1_ps(scale);
  fold_half_strip(even_sum(strip->low), even_sum(strip->high), start, scales, sums);
  fold_half_strip(strip->low.odd, strip->high.odd, start, scales, sums + 32);
}

INLINE void clear_strips(strip_sums *strips, const int count) {
  UNROLLED for (int i = 0; i < count; i++) {
    strips[i].low = (plane_sums){_mm512_setzero_si512(), _mm512_setzero_si512()};
    strips[i].high = strips[i].low;
  }
}

/// Keeps loads of the sums from moving up into the lookups, where they would push the sums out of registers.
#define BARRIER() __asm__ volatile("" ::: "memory")

INLINE void fold_strips(const strip_sums *strips, const int count, size_t blocks, float scale, float *sums) {
  BARRIER();
  UNROLLED for (int i = 0; i < count; i++) fold_strip(strips + i, blocks, scale, sums + 64 * i);
}

/// What to fetch during the lookups of a row tile: bytes from an index to the one to be fetched, which change where the
/// latter enters the next tile.
typedef struct {
  ptrdiff_t first, second;
  size_t first_bundles;  ///< bundles to which `first` applies
} fetch_plan;

/// The address of row tile `tile` of a sweep, or of the sweep that follows.
INLINE intptr_t tile_to_fetch(const lut_sweep *sweep, const uint8_t *indices, size_t tile, size_t target,
                              size_t tile_count) {
  if (target < tile_count) return (intptr_t)indices + (intptr_t)((target - tile) * sweep->tile_stride);
  return (intptr_t)sweep->upcoming.first + (intptr_t)((target - tile_count) * sweep->upcoming.stride);
}

INLINE fetch_plan plan_fetches(const lut_sweep *sweep, lut_geometry geometry, size_t tile, const uint8_t *indices) {
  const size_t tile_count = lut_ceiling_quotient(sweep->strip_count, geometry.tile_strips);
  const size_t bundle_bytes = geometry.tile_strips * geometry.strip_bytes;
  const size_t lead = FETCH_AHEAD / bundle_bytes, target = tile + lead / sweep->bundle_count;
  const size_t turn = sweep->bundle_count - lead % sweep->bundle_count;
  const intptr_t here = (intptr_t)indices, whole = (intptr_t)(sweep->bundle_count * bundle_bytes);
  const intptr_t lead_bytes = whole - (intptr_t)(turn * bundle_bytes);
  return (fetch_plan){tile_to_fetch(sweep, indices, tile, target, tile_count) + lead_bytes - here,
                      tile_to_fetch(sweep, indices, tile, target + 1, tile_count) + lead_bytes - whole - here, turn};
}

/// The entries that 64 indices select from one plane of 256.
INLINE __m512i looked_up_in_256(__m512i indices, __mmask64 upper, const __m512i plane[4]) {
  const __m512i a = _mm512_permutex2var_epi8(plane[0], indices, plane[1]);
  const __m512i b = _mm512_permutex2var_epi8(plane[2], indices, plane[3]);
  return _mm512_mask_blend_epi8(upper, a, b);
}

INLINE void tile_of_256(const uint8_t *indices, fetch_plan plan, const uint8_t *tables, size_t blocks, const int strips, float scale,
                        float *sums) {
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t t = 0; t < blocks; t++, tables += 512, indices += 64 * strips) {
    const uint8_t *ahead = indices + (t < plan.first_bundles ? plan.first : plan.second);
    __m512i planes[8];
    UNROLLED for (int i = 0; i < 8; i++) planes[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __mmask64 upper = _mm512_movepi8_mask(here);
      add_bytes(&totals[i].low, looked_up_in_256(here, upper, planes));
      add_bytes(&totals[i].high, looked_up_in_256(here, upper, planes + 4));
    }
  }
  fold_strips(totals, strips, blocks, scale, sums);
}

INLINE __m512i negated(__m512i bytes, __mmask64 where) {
  return _mm512_mask_sub_epi8(bytes, where, _mm512_setzero_si512(), bytes);
}

INLINE void tile_of_signed_128(const uint8_t *indices, fetch_plan plan, const uint8_t *tables, size_t blocks, const int strips,
                               float scale, float *sums) {
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t t = 0; t < blocks; t++, tables += 256, indices += 64 * strips) {
    const uint8_t *ahead = indices + (t < plan.first_bundles ? plan.first : plan.second);
    __m512i planes[4];
    UNROLLED for (int i = 0; i < 4; i++) planes[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __mmask64 negative = _mm512_movepi8_mask(here);
      add_bytes(&totals[i].low, negated(_mm512_permutex2var_epi8(planes[0], here, planes[1]), negative));
      add_bytes(&totals[i].high, negated(_mm512_permutex2var_epi8(planes[2], here, planes[3]), negative));
    }
  }
  fold_strips(totals, strips, blocks, scale, sums);
}

/// Truth tables of three operands: first ? second : third, and (first & second) | third.
enum { SELECT = 0xca, AND_OR = 0xea };

/// The index of block 3 of a bundle in the lowest six bits of each byte, from the top bits of three lines.
INLINE __m512i fourth_indices(const __m512i lines[3]) {
  const __m512i middle = _mm512_set1_epi8(0x0c), lower = _mm512_set1_epi8(0x0f);
  const __m512i two = _mm512_ternarylogic_epi64(middle, _mm512_srli_epi16(lines[1], 4),
                                                _mm512_srli_epi16(lines[0], 6), SELECT);
  return _mm512_ternarylogic_epi64(lower, two, _mm512_srli_epi16(lines[2], 2), SELECT);
}

INLINE void tile_of_64(const uint8_t *indices, fetch_plan plan, const uint8_t *tables, size_t bundles, const int strips, float scale,
                       float *sums) {
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t bundle = 0; bundle < bundles; bundle++, tables += 512) {
    const uint8_t *ahead = indices + (bundle < plan.first_bundles ? plan.first : plan.second);
    __m512i planes[8];
    UNROLLED for (int i = 0; i < 8; i++) planes[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++, indices += 192) {
      __m512i lines[3];
      UNROLLED for (int l = 0; l < 3; l++) {
        fetch(ahead + 192 * i + 64 * l);
        lines[l] = _mm512_load_si512(indices + 64 * l);
        add_bytes(&totals[i].low, _mm512_permutexvar_epi8(lines[l], planes[2 * l]));
        add_bytes(&totals[i].high, _mm512_permutexvar_epi8(lines[l], planes[2 * l + 1]));
      }
      const __m512i fourth = fourth_indices(lines);
      add_bytes(&totals[i].low, _mm512_permutexvar_epi8(fourth, planes[6]));
      add_bytes(&totals[i].high, _mm512_permutexvar_epi8(fourth, planes[7]));
    }
  }
  fold_strips(totals, strips, 4 * bundles, scale, sums);
}

// Strips of 16 rows: a 32-bit lane is a row, and its four bytes are four blocks, whose entries add up in the lane.

INLINE void add_blocks(__m512i *low, __m512i *high, __m512i places, const __m512i planes[2]) {
  const __m512i ones = _mm512_set1_epi8(1);
  *low = _mm512_dpbusd_epi32(*low, _mm512_permutexvar_epi8(places, planes[0]), ones);
  *high = _mm512_dpbusd_epi32(*high, _mm512_permutexvar_epi8(places, planes[1]), ones);
}

INLINE void tile_of_16(const uint8_t *indices, fetch_plan plan, const uint8_t *tables, size_t bundles, const int strips, float scale,
                       float *sums) {
  const __m512i nibble = _mm512_set1_epi8(15), table_of_byte = _mm512_set1_epi32(0x30201000);
  __m512i low[8], high[8];
  UNROLLED for (int i = 0; i < strips; i++) low[i] = high[i] = _mm512_setzero_si512();
  for (size_t bundle = 0; bundle < bundles; bundle++, tables += 256, indices += 64 * strips) {
    const uint8_t *ahead = indices + (bundle < plan.first_bundles ? plan.first : plan.second);
    const __m512i front[2] = {_mm512_load_si512(tables), _mm512_load_si512(tables + 128)};
    const __m512i back[2] = {_mm512_load_si512(tables + 64), _mm512_load_si512(tables + 192)};
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __m512i shifted = _mm512_srli_epi16(here, 4);
      add_blocks(&low[i], &high[i], _mm512_ternarylogic_epi64(here, nibble, table_of_byte, AND_OR), front);
      add_blocks(&low[i], &high[i], _mm512_ternarylogic_epi64(shifted, nibble, table_of_byte, AND_OR), back);
    }
  }
  BARRIER();
  const __m512i start = _mm512_set1_epi32(-(int32_t)bundles * 8 * LUT_PLANE_BIAS * 257);
  UNROLLED for (int i = 0; i < strips; i++) {
    const __m512i total = _mm512_add_epi32(_mm512_add_epi32(low[i], start), _mm512_slli_epi32(high[i], 8));
    const __m512 sum = _mm512_load_ps(sums + 16 * i);
    _mm512_store_ps(sums + 16 * i, _mm512_fmadd_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(total), sum));
  }
}

/// Visits the row tiles of a sweep, each with all vectors, and calls a tile function with a constant number of strips.
#define SWEEP(name, tile_function, layout, full_tile)                                                             \
  INLINE void name##_tile(const lut_sweep *sweep, size_t tile, const int strips) {                                \
    const lut_geometry geometry = lut_geometry_of(layout);                                                        \
    const uint8_t *indices = lut_tile_indices(sweep, geometry, tile, (size_t)strips);                             \
    const fetch_plan plan = plan_fetches(sweep, geometry, tile, indices);                                         \
    float *sums = sweep->sums + tile * full_tile * geometry.strip_rows;                                           \
    for (size_t v = 0; v < sweep->vector_count; v++)                                                              \
      tile_function(indices, plan, sweep->tables + v * sweep->table_bytes, sweep->bundle_count, strips,       \
                    sweep->scales[v], sums + v * sweep->sums_stride);                                             \
  }                                                                                                               \
  static void name(const lut_sweep *sweep) {                                                                      \
    const size_t tiles = sweep->strip_count / full_tile;                                                          \
    for (size_t tile = 0; tile < tiles; tile++) name##_tile(sweep, tile, full_tile);                              \
    switch (sweep->strip_count % full_tile) {                                                                     \
      case 1: name##_tile(sweep, tiles, 1); break;                                                                \
      case 2: name##_tile(sweep, tiles, 2); break;                                                                \
      case 3: name##_tile(sweep, tiles, 3); break;                                                                \
      case 4: name##_tile(sweep, tiles, 4 % full_tile); break;                                                    \
      case 5: name##_tile(sweep, tiles, 5 % full_tile); break;                                                    \
      case 6: name##_tile(sweep, tiles, 6 % full_tile); break;                                                    \
      case 7: name##_tile(sweep, tiles, 7 % full_tile); break;                                                    \
    }                                                                                                             \
  }

SWEEP(sweep_256, tile_of_256, MOMOS_LUT_K256, 4)
SWEEP(sweep_signed_128, tile_of_signed_128, MOMOS_LUT_K256, 4)
SWEEP(sweep_64, tile_of_64, MOMOS_LUT_K64, 4)
SWEEP(sweep_16, tile_of_16, MOMOS_LUT_K16, 8)

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  switch (layout) {
    case MOMOS_LUT_K16: sweep_16(sweep); break;
    case MOMOS_LUT_K64: sweep_64(sweep); break;
    default: sweep->is_signed ? sweep_signed_128(sweep) : sweep_256(sweep);
  }
}

const momos_lut_kernels momos_lut_avx512_kernels = {
    .name = "avx512",
    .vectorised_layouts = 1u << MOMOS_LUT_K256 | 1u << MOMOS_LUT_K16 | 1u << MOMOS_LUT_K64,
    .quantise = lut_quantise,
    .build = build,
    .sweep = sweep,
};

#pragma clang attribute pop

#endif

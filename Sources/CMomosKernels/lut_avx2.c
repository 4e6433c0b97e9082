#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "lut_quantise.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// How far ahead of the lookups indices are fetched, in bytes.
#define FETCH_AHEAD 8192

// Tables: [blocks, entry_count / 16, plane, 16], the low plane first of two. Those of 256 entries, which are too many
// to shuffle, are 16-bit words: [blocks, 256], the high plane byte above the low one, or a single plane.

/// Words of 16 entries, from their products.
INLINE void store_words(__m256i front, __m256i back, lut_quantisation quantisation, uint8_t *entries) {
  const bool has_one_plane = quantisation.plane_count == 1;
  const __m128i down = _mm_cvtsi32_si128((int)((has_one_plane ? 24 : 16) - quantisation.shift));
  const __m256i top = _mm256_set1_epi32(has_one_plane ? 0xff : 0xffff);
  const __m256i words = _mm256_packus_epi32(_mm256_and_si256(_mm256_srl_epi32(front, down), top),
                                            _mm256_and_si256(_mm256_srl_epi32(back, down), top));
  const __m256i least = _mm256_set1_epi16(1);  // of low plane bytes; a single plane has no zero either
  _mm256_store_si256((__m256i *)(void *)entries,
                     _mm256_max_epu8(_mm256_permute4x64_epi64(words, 0xd8), least));
}

/// The plane of 16 entries, from their products.
INLINE void store_one_plane(__m256i front, __m256i back, uint32_t shift, uint8_t *entries) {
  const __m128i down = _mm_cvtsi32_si128((int)(24 - shift));
  const __m256i top = _mm256_set1_epi32(0xff);
  const __m256i words = _mm256_packus_epi32(_mm256_and_si256(_mm256_srl_epi32(front, down), top),
                                            _mm256_and_si256(_mm256_srl_epi32(back, down), top));
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const __m256i ordered = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5));
  _mm_store_si128((__m128i *)(void *)entries, _mm256_castsi256_si128(ordered));
}

/// Both planes of 16 entries, from their products.
INLINE void store_two_planes(__m256i front, __m256i back, uint32_t shift, uint8_t *entries) {
  const __m128i down = _mm_cvtsi32_si128((int)(16 - shift));
  const __m256i top = _mm256_set1_epi32(0xffff);
  const __m256i words = _mm256_packus_epi32(_mm256_and_si256(_mm256_srl_epi32(front, down), top),
                                            _mm256_and_si256(_mm256_srl_epi32(back, down), top));
  const __m256i bytes =
      _mm256_packus_epi16(_mm256_and_si256(words, _mm256_set1_epi16(255)), _mm256_srli_epi16(words, 8));
  const __m256i ordered = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  const __m256i least = _mm256_setr_epi64x(0x0101010101010101, 0x0101010101010101, 0, 0);
  _mm256_store_si256((__m256i *)(void *)entries, _mm256_max_epu8(ordered, least));
}

static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised, lut_quantisation quantisation,
                  size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  (void)upcoming;
  const uint32_t shift = quantisation.shift, planes = quantisation.plane_count;
  const __m256i start = _mm256_set1_epi32(lut_product_start(shift, planes));
  const size_t blocks = bundles * lut_geometry_of(dictionary->layout).bundle_blocks;
  const size_t entries = dictionary->entry_count, lanes = lut_smaller(64, entries);
  const size_t step = entries == 256 ? 32 : 16 * planes;
  for (size_t t = 0; t < blocks; t++, quantised += dictionary->block_length)
    for (size_t m = 0; m < entries; m += 16, tables += step) {
      const int16_t *motifs = dictionary->motifs + m / lanes * lanes * dictionary->motif_length + m % lanes * 2;
      __m256i front = start, back = start;
      for (size_t p = 0; p < dictionary->motif_length / 2; p++, motifs += 2 * lanes) {
        int32_t pair;
        memcpy(&pair, quantised + 2 * p, sizeof pair);
        const __m256i x = _mm256_set1_epi32(pair);
        const __m256i *elements = (const __m256i *)(const void *)motifs;
        front = _mm256_add_epi32(front, _mm256_madd_epi16(_mm256_load_si256(elements), x));
        back = _mm256_add_epi32(back, _mm256_madd_epi16(_mm256_load_si256(elements + 1), x));
      }
      if (entries == 256)
        store_words(front, back, quantisation, tables);
      else if (planes == 1)
        store_one_plane(front, back, shift, tables);
      else
        store_two_planes(front, back, shift, tables);
    }
}

// Lookups of 32 indices. Sums are as in the AVX-512 kernels: of whole words, and of the words' upper bytes; a single
// plane takes the place of the low one.

typedef struct {
  __m256i both, odd;
} plane_sums;

typedef struct {
  plane_sums low, high;
} row_sums;

INLINE row_sums no_sums(void) {
  const plane_sums none = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  return (row_sums){none, none};
}

INLINE void add_bytes(plane_sums *sums, __m256i bytes) {
  sums->both = _mm256_add_epi16(sums->both, bytes);
  sums->odd = _mm256_add_epi16(sums->odd, _mm256_srli_epi16(bytes, 8));
}

INLINE __m256i even_sum(plane_sums sums) { return _mm256_sub_epi16(sums.both, _mm256_slli_epi16(sums.odd, 8)); }

/// 32 indices: the low four bits, and each higher bit as the top bit of its byte.
typedef struct {
  __m256i nibble, bits[4];
} split_indices;

INLINE split_indices split(__m256i indices) {
  return (split_indices){
      _mm256_and_si256(indices, _mm256_set1_epi8(15)),
      {_mm256_slli_epi16(indices, 3), _mm256_slli_epi16(indices, 2), _mm256_slli_epi16(indices, 1), indices}};
}

/// Plane bytes selected by the low 4 + `depth` bits; each sixteen entries of the plane lie `step` bytes after
/// the last.
INLINE __m256i looked_up(split_indices indices, const uint8_t *plane, const int step, const int depth) {
  __m256i found[16];
  UNROLLED for (int i = 0; i < 1 << depth; i++) {
    const __m128i *entries = (const __m128i *)(const void *)(plane + step * i);
    found[i] = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(entries)), indices.nibble);
    // Selects as soon as both candidates are there, so that few are alive at once.
    UNROLLED for (int bit = 0; bit < depth; bit++)
      if ((i + 1) % (2 << bit) == 0)
        found[i + 1 - (2 << bit)] =
            _mm256_blendv_epi8(found[i + 1 - (2 << bit)], found[i + 1 - (1 << bit)], indices.bits[bit]);
  }
  return found[0];
}

INLINE void add_lookups(row_sums *sums, __m256i indices, const uint8_t *table, const int planes, const int depth) {
  const split_indices split_here = split(indices);
  add_bytes(&sums->low, looked_up(split_here, table, 16 * planes, depth));
  if (planes == 2) add_bytes(&sums->high, looked_up(split_here, table + 16, 16 * planes, depth));
}

/// The same with 128 entries and a sign.
INLINE void add_signed_lookups(row_sums *sums, __m256i indices, const uint8_t *table, const int planes) {
  const split_indices split_here = split(indices);
  const __m256i negative = _mm256_cmpgt_epi8(_mm256_setzero_si256(), indices);
  UNROLLED for (int plane = 0; plane < planes; plane++) {
    const __m256i found = looked_up(split_here, table + 16 * plane, 16 * planes, 3);
    const __m256i signed_bytes = _mm256_sub_epi8(_mm256_xor_si256(found, negative), negative);
    add_bytes(plane ? &sums->high : &sums->low, signed_bytes);
  }
}

/// sums += scale * total for 8 rows.
INLINE void fold_totals(__m256i total, float scale, float *sums) {
  const __m256 sum = _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(total), _mm256_loadu_ps(sums));
  _mm256_storeu_ps(sums, sum);
}

/// sums += scale * (low + 256 * high + start) for 8 rows whose sums lie side by side in 16-bit pairs.
INLINE void fold_pairs(__m256i pairs, __m256i start, float scale, float *sums) {
  fold_totals(_mm256_add_epi32(start, _mm256_madd_epi16(pairs, _mm256_set1_epi32(256 << 16 | 1))), scale, sums);
}

/// Folds 16 rows in order. Sums of up to 128 blocks are below 2^15, so they may be read as signed.
INLINE void fold_rows(__m256i low, __m256i high, __m256i start, float scale, float *sums) {
  const __m256i front = _mm256_unpacklo_epi16(low, high), back = _mm256_unpackhi_epi16(low, high);
  fold_pairs(_mm256_permute2x128_si256(front, back, 0x20), start, scale, sums);
  fold_pairs(_mm256_permute2x128_si256(front, back, 0x31), start, scale, sums + 8);
}

INLINE __m256i loaded(const uint8_t *bytes) { return _mm256_load_si256((const __m256i *)(const void *)bytes); }

INLINE void fetch(const uint8_t *indices, size_t ahead) {
  _mm_prefetch((const char *)indices + ahead, _MM_HINT_NTA);
}

/// Index of block 3 of a bundle, from the top bits of three lines; the top two bits of each byte are of no meaning.
INLINE __m256i fourth_indices(const __m256i lines[3]) {
  const __m256i first = _mm256_and_si256(_mm256_srli_epi16(lines[0], 6), _mm256_set1_epi8(0x03));
  const __m256i second = _mm256_and_si256(_mm256_srli_epi16(lines[1], 4), _mm256_set1_epi8(0x0c));
  const __m256i third = _mm256_and_si256(_mm256_srli_epi16(lines[2], 2), _mm256_set1_epi8(0x30));
  return _mm256_or_si256(_mm256_or_si256(first, second), third);
}

/// Half a line of each bundle: rows i and 32 + i of a strip, for 16 successive i.
INLINE void sweep_half_strip(momos_lut_layout layout, const int planes, const uint8_t *indices,
                             size_t stride, const uint8_t *tables, size_t bundles, float scale, float *sums) {
  row_sums totals = no_sums();
  for (size_t bundle = 0; bundle < bundles; bundle++, indices += stride) {
    fetch(indices, FETCH_AHEAD);
    if (layout == MOMOS_LUT_K64) {
      __m256i lines[3];
      UNROLLED for (int l = 0; l < 3; l++) {
        lines[l] = loaded(indices + 64 * l);
        add_lookups(&totals, lines[l], tables + 64 * planes * l, planes, 2);
      }
      add_lookups(&totals, fourth_indices(lines), tables + 192 * planes, planes, 2);
      tables += 256 * planes;
    } else {
      add_signed_lookups(&totals, loaded(indices), tables, planes);
      tables += 128 * planes;
    }
  }
  const size_t blocks = bundles * (layout == MOMOS_LUT_K64 ? 4 : 1);
  const __m256i start = _mm256_set1_epi32(lut_fold_start(blocks, planes));
  fold_rows(even_sum(totals.low), even_sum(totals.high), start, scale, sums);
  fold_rows(totals.low.odd, totals.high.odd, start, scale, sums + 32);
}

/// Rows whose numbers are looked up together: their sums stay in registers.
#define ROWS_AT_ONCE 8

/// totals[i] = sum over `blocks` blocks of the words that index i of each selects from the block's table.
INLINE void sum_words(const uint8_t *indices, size_t stride, const uint16_t *tables, size_t blocks,
                      uint32_t totals[ROWS_AT_ONCE]) {
  uint32_t sums[ROWS_AT_ONCE] = {0};
  for (size_t t = 0; t < blocks; t++, indices += stride, tables += 256)
    UNROLLED for (int i = 0; i < ROWS_AT_ONCE; i++) {
      sums[i] += tables[indices[i]];
      __asm__("" : "+r"(sums[i]));  // additions of single numbers are faster than vectors put together from them
    }
  memcpy(totals, sums, sizeof sums);
}

/// A strip of 64 rows with tables of 256 words, one lookup after another. The next row tile is `next_tile` bytes ahead.
INLINE void sweep_words(const int planes, const uint8_t *indices, size_t stride, size_t next_tile,
                        const uint8_t *tables, size_t blocks, float scale, float *sums) {
  const __m256i start = _mm256_set1_epi32(lut_fold_start(blocks, planes));
  _Alignas(32) uint32_t totals[64];
  for (size_t t = 0; t < blocks; t++) fetch(indices + t * stride, next_tile);
  for (size_t i = 0; i < 64; i += ROWS_AT_ONCE)
    sum_words(indices + i, stride, (const uint16_t *)(const void *)tables, blocks, totals + i);
  for (size_t i = 0; i < 32; i += 8) {
    // Totals of rows w and 32 + w lie side by side.
    const __m256i first = _mm256_load_si256((const __m256i *)(const void *)(totals + 2 * i));
    const __m256i second = _mm256_load_si256((const __m256i *)(const void *)(totals + 2 * i + 8));
    const __m256i front = _mm256_unpacklo_epi32(first, second), back = _mm256_unpackhi_epi32(first, second);
    const __m256i rows = _mm256_permute4x64_epi64(_mm256_unpacklo_epi32(front, back), 0xd8);
    const __m256i others = _mm256_permute4x64_epi64(_mm256_unpackhi_epi32(front, back), 0xd8);
    fold_totals(_mm256_add_epi32(rows, start), scale, sums + i);
    fold_totals(_mm256_add_epi32(others, start), scale, sums + 32 + i);
  }
}

/// Two strips of 16 rows, 128 bytes: replaces rows of four blocks by blocks of 32 rows. The lower half of a block has
/// rows 0 to 3, 8 to 11, 16 to 19 and 24 to 27, the upper half those between.
INLINE void transpose(const uint8_t *indices, size_t second, __m256i blocks[4]) {
  const __m256i by_block = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  __m256i rows[4];
  UNROLLED for (int i = 0; i < 4; i++)
    rows[i] = _mm256_shuffle_epi8(loaded(indices + (i < 2 ? 0 : second) + i % 2 * 32), by_block);
  const __m256i a = _mm256_unpacklo_epi32(rows[0], rows[1]), b = _mm256_unpacklo_epi32(rows[2], rows[3]);
  const __m256i c = _mm256_unpackhi_epi32(rows[0], rows[1]), d = _mm256_unpackhi_epi32(rows[2], rows[3]);
  blocks[0] = _mm256_unpacklo_epi64(a, b);
  blocks[1] = _mm256_unpackhi_epi64(a, b);
  blocks[2] = _mm256_unpacklo_epi64(c, d);
  blocks[3] = _mm256_unpackhi_epi64(c, d);
}

/// Words of two vectors in turns: of the first or the second half of each of their halves.
INLINE __m256i interleaved_words(__m256i a, __m256i b, const int half) {
  return half ? _mm256_unpackhi_epi16(a, b) : _mm256_unpacklo_epi16(a, b);
}

/// Two strips, `second` bytes apart, of which the sums go to `first_sums` and `second_sums`. Blocks b and b + 4 of a
/// bundle share bytes.
INLINE void sweep_strip_pair(const int planes, const uint8_t *indices, size_t second, size_t stride,
                             const uint8_t *tables, size_t bundles, float scale, float *first_sums,
                             float *second_sums) {
  row_sums totals = no_sums();
  for (size_t bundle = 0; bundle < bundles; bundle++, indices += stride, tables += 128 * planes) {
    __m256i blocks[4];
    fetch(indices, FETCH_AHEAD);
    fetch(indices + second, FETCH_AHEAD);
    transpose(indices, second, blocks);
    UNROLLED for (int b = 0; b < 4; b++) {
      add_lookups(&totals, blocks[b], tables + 16 * planes * b, planes, 0);
      add_lookups(&totals, _mm256_srli_epi16(blocks[b], 4), tables + 16 * planes * (b + 4), planes, 0);
    }
  }
  const __m256i start = _mm256_set1_epi32(lut_fold_start(8 * bundles, planes));
  const __m256i low = even_sum(totals.low), high = even_sum(totals.high);
  UNROLLED for (int i = 0; i < 2; i++) {
    const __m256i low_rows = interleaved_words(low, totals.low.odd, i);
    const __m256i high_rows = interleaved_words(high, totals.high.odd, i);
    float *sums = i ? second_sums : first_sums;
    fold_pairs(_mm256_unpacklo_epi16(low_rows, high_rows), start, scale, sums);
    fold_pairs(_mm256_unpackhi_epi16(low_rows, high_rows), start, scale, sums + 8);
  }
}

/// One row tile with one vector.
INLINE void sweep_tile(momos_lut_layout layout, const bool is_signed, const int planes, const uint8_t *indices,
                       size_t tile_stride, size_t strips, const uint8_t *tables, size_t bundles, float scale,
                       float *sums) {
  const lut_geometry geometry = lut_geometry_of(layout);
  const size_t stride = strips * geometry.strip_bytes;
  if (layout == MOMOS_LUT_K16) {
    float spare[16];
    for (size_t i = 0; i < strips; i += 2) {
      const bool is_pair = i + 1 < strips;
      sweep_strip_pair(planes, indices + i * 64, is_pair ? 64 : 0, stride, tables, bundles, scale, sums + 16 * i,
                       is_pair ? sums + 16 * i + 16 : spare);
    }
  } else if (layout == MOMOS_LUT_K256 && !is_signed)
    for (size_t i = 0; i < strips; i++)
      sweep_words(planes, indices + i * 64, stride, tile_stride, tables, bundles, scale, sums + i * 64);
  else
    for (size_t i = 0; i < 2 * strips; i++)
      sweep_half_strip(layout, planes, indices + i / 2 * geometry.strip_bytes + i % 2 * 32, stride,
                       tables, bundles, scale, sums + i / 2 * 64 + i % 2 * 16);
}

INLINE void sweep_tiles(momos_lut_layout layout, const bool is_signed, const lut_sweep *sweep) {
  const lut_geometry geometry = lut_geometry_of(layout);
  for (size_t first = 0; first < sweep->strip_count; first += geometry.tile_strips) {
    const size_t strips = lut_smaller(geometry.tile_strips, sweep->strip_count - first);
    const uint8_t *indices = lut_tile_indices(sweep, geometry, first / geometry.tile_strips, strips);
    for (size_t v = 0; v < sweep->vector_count; v++) {
      const lut_quantisation quantisation = sweep->quantisations[v];
      const uint8_t *tables = sweep->tables + v * sweep->table_bytes;
      float *sums = sweep->sums + v * sweep->sums_stride + first * geometry.strip_rows;
      if (quantisation.plane_count == 1)
        sweep_tile(layout, is_signed, 1, indices, sweep->tile_stride, strips, tables, sweep->bundle_count,
                   quantisation.scale, sums);
      else
        sweep_tile(layout, is_signed, 2, indices, sweep->tile_stride, strips, tables, sweep->bundle_count,
                   quantisation.scale, sums);
    }
  }
}

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  switch (layout) {
    case MOMOS_LUT_K16: sweep_tiles(MOMOS_LUT_K16, false, sweep); break;
    case MOMOS_LUT_K64: sweep_tiles(MOMOS_LUT_K64, false, sweep); break;
    default:
      if (sweep->is_signed)
        sweep_tiles(MOMOS_LUT_K256, true, sweep);
      else
        sweep_tiles(MOMOS_LUT_K256, false, sweep);
  }
}

const momos_lut_kernels momos_lut_avx2 = {
    .name = "avx2", .quantise = lut_quantise, .build = build, .sweep = sweep};

#pragma clang attribute pop

#endif

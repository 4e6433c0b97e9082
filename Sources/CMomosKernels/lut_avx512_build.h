// Tables, built from products of all motifs and one window. A part of lut_avx512.c.

/// Bytes of indices that are fetched while BLOCKS_AT_ONCE tables are built.
#define FETCH_WHILE_BUILDING 1024

/// Blocks whose tables are built together; divides the blocks of a full segment.
#define BLOCKS_AT_ONCE 4

/// How tables are to be built, known where the code is made.
typedef struct {
  uint32_t shift, planes;
} build_form;

/// The planes of 64 entries, from their products: of two the low one, and the high one `plane_bytes` after it.
INLINE void store_planes(const __m512i products[4], const build_form form, uint8_t *low, size_t plane_bytes) {
  const __m512i odd_words = _mm512_load_si512(orders.odd_words);
  __m512i doubled[4];
  UNROLLED for (int i = 0; i < 4; i++) doubled[i] = form.shift ? _mm512_slli_epi32(products[i], 1) : products[i];
  const __m512i front = _mm512_permutex2var_epi16(doubled[0], odd_words, doubled[1]);
  const __m512i back = _mm512_permutex2var_epi16(doubled[2], odd_words, doubled[3]);
  const __m512i high_bytes = _mm512_permutex2var_epi8(front, _mm512_load_si512(orders.odd_bytes), back);
  if (form.planes == 1) {
    _mm512_store_si512(low, high_bytes);
    return;
  }
  const __m512i low_bytes = _mm512_permutex2var_epi8(front, _mm512_load_si512(orders.even_bytes), back);
  _mm512_store_si512(low, _mm512_max_epu8(low_bytes, _mm512_set1_epi8(1)));
  _mm512_store_si512(low + plane_bytes, high_bytes);
}

/// Fetches the beginning of one of the upcoming row tiles.
INLINE void fetch_tile(lut_upcoming upcoming, size_t tile) {
  const uint8_t *first = upcoming.first + tile * upcoming.stride;
  UNROLLED for (int i = 0; i < FETCH_WHILE_BUILDING; i += 64) fetch(first + i);
}

/// A pair of quantised values in all lanes.
INLINE __m512i pair_in_all_lanes(const int16_t *pair) {
  int32_t both;
  memcpy(&both, pair, sizeof both);
  return _mm512_set1_epi32(both);
}

/// tables: [blocks, plane, entry_count], low plane first of two; 64, 128 or 256 entries.
INLINE void build_large(const momos_lut_dictionary *dictionary, const int16_t *quantised, const build_form form,
                        size_t blocks, lut_upcoming upcoming, uint8_t *tables) {
  const size_t entries = dictionary->entry_count, stride = dictionary->block_length;
  const size_t pairs = dictionary->motif_length / 2;
  for (size_t t = 0; t < blocks; t += BLOCKS_AT_ONCE) {
    const int16_t *motifs = dictionary->motifs;
    fetch_tile(upcoming, t / BLOCKS_AT_ONCE);
    for (size_t m = 0; m < entries; m += 64) {
      __m512i products[BLOCKS_AT_ONCE][4];
      UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++)
        UNROLLED for (int i = 0; i < 4; i++) products[b][i] = _mm512_set1_epi32(lut_product_start(form.shift, form.planes));
      for (size_t p = 0; p < pairs; p++, motifs += 128)
        UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++) {
          const __m512i x = pair_in_all_lanes(quantised + (t + b) * stride + 2 * p);
          UNROLLED for (int i = 0; i < 4; i++)
            products[b][i] = _mm512_dpwssd_epi32(products[b][i], _mm512_load_si512(motifs + 32 * i), x);
        }
      UNROLLED for (int b = 0; b < BLOCKS_AT_ONCE; b++) {
        store_planes(products[b], form, tables + (t + b) * form.planes * entries + m, entries);
      }
    }
  }
}

/// tables: [bundles, plane, 8 blocks, 16 entries], low plane first of two.
INLINE void build_k16(const momos_lut_dictionary *dictionary, const int16_t *quantised, const build_form form,
                      size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  const size_t stride = dictionary->block_length, pairs = dictionary->motif_length / 2;
  for (size_t bundle = 0; bundle < bundles; bundle++, tables += 128 * form.planes, quantised += 8 * stride) {
    __m512i products[8];
    fetch_tile(upcoming, bundle);
    UNROLLED for (int b = 0; b < 8; b++) products[b] = _mm512_set1_epi32(lut_product_start(form.shift, form.planes));
    for (size_t p = 0; p < pairs; p++) {
      const __m512i motifs = _mm512_load_si512(dictionary->motifs + 32 * p);
      UNROLLED for (int b = 0; b < 8; b++)
        products[b] = _mm512_dpwssd_epi32(products[b], motifs, pair_in_all_lanes(quantised + b * stride + 2 * p));
    }
    store_planes(products, form, tables, 128);
    store_planes(products + 4, form, tables + 64, 128);
  }
}

INLINE void build_in_form(const momos_lut_dictionary *dictionary, const int16_t *quantised, const build_form form,
                          size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  if (dictionary->layout == MOMOS_LUT_K16)
    build_k16(dictionary, quantised, form, bundles, upcoming, tables);
  else
    build_large(dictionary, quantised, form, bundles * lut_geometry_of(dictionary->layout).bundle_blocks, upcoming,
                tables);
}

static void build(const momos_lut_dictionary *dictionary, const int16_t *quantised, lut_quantisation quantisation,
                  size_t bundles, lut_upcoming upcoming, uint8_t *tables) {
  switch (2 * quantisation.plane_count + quantisation.shift) {
    case 2: return build_in_form(dictionary, quantised, (build_form){0, 1}, bundles, upcoming, tables);
    case 3: return build_in_form(dictionary, quantised, (build_form){1, 1}, bundles, upcoming, tables);
    case 4: return build_in_form(dictionary, quantised, (build_form){0, 2}, bundles, upcoming, tables);
    default: return build_in_form(dictionary, quantised, (build_form){1, 2}, bundles, upcoming, tables);
  }
}

// Lookups of row tiles. A part of lut_avx512.c.

/// How far ahead of the lookups indices are fetched, in bytes.
#define FETCH_AHEAD 8192

/// What to fetch during the lookups of a row tile: bytes from an index to the one to be fetched, which change where
/// the latter enters the next tile.
typedef struct {
  ptrdiff_t first, second;
  size_t first_bundles;  ///< bundles to which `first` applies
} fetch_plan;

/// The address of row tile `target` of a sweep, counted on into the sweep that follows; that of `tile` is
/// `indices`.
INLINE intptr_t tile_to_fetch(const lut_sweep *sweep, const uint8_t *indices, size_t tile, size_t target,
                              size_t tile_count) {
  if (target < tile_count) return (intptr_t)indices + (intptr_t)((target - tile) * sweep->tile_stride);
  return (intptr_t)sweep->upcoming.first + (intptr_t)((target - tile_count) * sweep->upcoming.stride);
}

/// The fetches of row tile `tile`, whose indices begin at `indices`.
INLINE fetch_plan plan_fetches(const lut_sweep *sweep, lut_geometry geometry, size_t tile, const uint8_t *indices) {
  const size_t tile_count = lut_ceiling_quotient(sweep->strip_count, geometry.tile_strips);
  const size_t bundle_bytes = geometry.tile_strips * geometry.strip_bytes;
  const size_t lead = FETCH_AHEAD / bundle_bytes, target = tile + lead / sweep->bundle_count;
  const size_t turn = sweep->bundle_count - lead % sweep->bundle_count;
  const intptr_t here = (intptr_t)indices, whole = (intptr_t)(sweep->bundle_count * bundle_bytes);
  const intptr_t lead_bytes = whole - (intptr_t)(turn * bundle_bytes);
  return (fetch_plan){tile_to_fetch(sweep, indices, tile, target, tile_count) + lead_bytes - here,
                      tile_to_fetch(sweep, indices, tile, target + 1, tile_count) + lead_bytes - whole - here,
                      turn};
}

/// The lookups of a row tile with one vector.
typedef struct {
  const uint8_t *indices;
  fetch_plan fetches;
  const uint8_t *tables;
  size_t bundle_count;
  float scale;
  float *sums;
} tile_work;

// Strips of 64 rows: 16-bit sums of the planes; a single plane takes the place of the low one. Words hold two rows' bytes; `both` sums whole words, `odd` their
// upper bytes, so that the sum of lower bytes is both - (odd << 8), exact for up to 257 blocks.

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

/// Sums of the words' lower bytes.
INLINE __m512i even_sum(plane_sums sums) { return _mm512_sub_epi16(sums.both, _mm512_slli_epi16(sums.odd, 8)); }

/// sums += scale * total for 16 rows.
INLINE void add_scaled(__m512i total, float scale, float *sums) {
  const __m512 added = _mm512_fmadd_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(total), _mm512_load_ps(sums));
  _mm512_store_ps(sums, added);
}

/// Folds 32 rows. Sums of up to 128 blocks are below 2^15, so they may be read as signed.
INLINE void fold_half_strip(__m512i low, __m512i high, __m512i start, float scale, float *sums) {
  const __m512i place_values = _mm512_set1_epi32(256 << 16 | 1);
  const __m512i first = _mm512_permutex2var_epi16(low, _mm512_load_si512(orders.first_pairs), high);
  const __m512i second = _mm512_permutex2var_epi16(low, _mm512_load_si512(orders.second_pairs), high);
  add_scaled(_mm512_dpwssd_epi32(start, first, place_values), scale, sums);
  add_scaled(_mm512_dpwssd_epi32(start, second, place_values), scale, sums + 16);
}

INLINE void clear_strips(strip_sums *strips, const int count) {
  UNROLLED for (int i = 0; i < count; i++) {
    strips[i].low = (plane_sums){_mm512_setzero_si512(), _mm512_setzero_si512()};
    strips[i].high = strips[i].low;
  }
}

/// Keeps loads of the sums from moving up into the lookups, where they would push the sums out of registers.
#define BARRIER() __asm__ volatile("" ::: "memory")

/// Adds the sums of the lookups to the rows' float sums.
INLINE void fold_strips(const strip_sums *strips, const int count, const int planes, const tile_work *work,
                        size_t bundle_blocks) {
  BARRIER();
  const __m512i start = _mm512_set1_epi32(lut_fold_start(bundle_blocks * work->bundle_count, planes));
  UNROLLED for (int i = 0; i < count; i++) {
    const plane_sums low = strips[i].low, high = strips[i].high;  // the latter zero with one plane
    fold_half_strip(even_sum(low), even_sum(high), start, work->scale, work->sums + 64 * i);
    fold_half_strip(low.odd, high.odd, start, work->scale, work->sums + 64 * i + 32);
  }
}

/// The entries that 64 indices select from one plane of 256.
INLINE __m512i looked_up_in_256(__m512i indices, __mmask64 upper, const __m512i plane[4]) {
  const __m512i a = _mm512_permutex2var_epi8(plane[0], indices, plane[1]);
  const __m512i b = _mm512_permutex2var_epi8(plane[2], indices, plane[3]);
  return _mm512_mask_blend_epi8(upper, a, b);
}

INLINE void tile_of_256(const tile_work *work, const int strips, const int planes) {
  const uint8_t *indices = work->indices, *tables = work->tables;
  const fetch_plan plan = work->fetches;
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t t = 0; t < work->bundle_count; t++, tables += 256 * planes, indices += 64 * strips) {
    const uint8_t *ahead = indices + (t < plan.first_bundles ? plan.first : plan.second);
    __m512i entries[8];
    UNROLLED for (int i = 0; i < 4 * planes; i++) entries[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __mmask64 upper = _mm512_movepi8_mask(here);
      add_bytes(&totals[i].low, looked_up_in_256(here, upper, entries));
      if (planes == 2) add_bytes(&totals[i].high, looked_up_in_256(here, upper, entries + 4));
    }
  }
  fold_strips(totals, strips, planes, work, 1);
}

INLINE __m512i negated(__m512i bytes, __mmask64 where) {
  return _mm512_mask_sub_epi8(bytes, where, _mm512_setzero_si512(), bytes);
}

INLINE void tile_of_signed_128(const tile_work *work, const int strips, const int planes) {
  const uint8_t *indices = work->indices, *tables = work->tables;
  const fetch_plan plan = work->fetches;
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t t = 0; t < work->bundle_count; t++, tables += 128 * planes, indices += 64 * strips) {
    const uint8_t *ahead = indices + (t < plan.first_bundles ? plan.first : plan.second);
    __m512i entries[4];
    UNROLLED for (int i = 0; i < 2 * planes; i++) entries[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __mmask64 negative = _mm512_movepi8_mask(here);
      add_bytes(&totals[i].low, negated(_mm512_permutex2var_epi8(entries[0], here, entries[1]), negative));
      if (planes == 2)
        add_bytes(&totals[i].high, negated(_mm512_permutex2var_epi8(entries[2], here, entries[3]), negative));
    }
  }
  fold_strips(totals, strips, planes, work, 1);
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

INLINE void tile_of_64(const tile_work *work, const int strips, const int planes) {
  const uint8_t *indices = work->indices, *tables = work->tables;
  const fetch_plan plan = work->fetches;
  strip_sums totals[4];
  clear_strips(totals, strips);
  for (size_t bundle = 0; bundle < work->bundle_count; bundle++, tables += 256 * planes) {
    const uint8_t *ahead = indices + (bundle < plan.first_bundles ? plan.first : plan.second);
    __m512i entries[8];
    UNROLLED for (int i = 0; i < 4 * planes; i++) entries[i] = _mm512_load_si512(tables + 64 * i);
    UNROLLED for (int i = 0; i < strips; i++, indices += 192) {
      __m512i lines[3];
      UNROLLED for (int l = 0; l < 3; l++) {
        fetch(ahead + 192 * i + 64 * l);
        lines[l] = _mm512_load_si512(indices + 64 * l);
        add_bytes(&totals[i].low, _mm512_permutexvar_epi8(lines[l], entries[planes * l]));
        if (planes == 2) add_bytes(&totals[i].high, _mm512_permutexvar_epi8(lines[l], entries[planes * l + 1]));
      }
      const __m512i fourth = fourth_indices(lines);
      add_bytes(&totals[i].low, _mm512_permutexvar_epi8(fourth, entries[planes * 3]));
      if (planes == 2) add_bytes(&totals[i].high, _mm512_permutexvar_epi8(fourth, entries[planes * 3 + 1]));
    }
  }
  fold_strips(totals, strips, planes, work, 4);
}

// Strips of 16 rows: a 32-bit lane is a row, and its four bytes are four blocks, whose entries add up in the lane.

INLINE void add_blocks(__m512i *low, __m512i *high, __m512i places, const __m512i entries[2], const int planes) {
  const __m512i ones = _mm512_set1_epi8(1);
  *low = _mm512_dpbusd_epi32(*low, _mm512_permutexvar_epi8(places, entries[0]), ones);
  if (planes == 2) *high = _mm512_dpbusd_epi32(*high, _mm512_permutexvar_epi8(places, entries[1]), ones);
}

INLINE void tile_of_16(const tile_work *work, const int strips, const int planes) {
  const uint8_t *indices = work->indices, *tables = work->tables;
  const fetch_plan plan = work->fetches;
  const __m512i nibble = _mm512_set1_epi8(15), table_of_byte = _mm512_set1_epi32(0x30201000);
  __m512i low[8], high[8];
  UNROLLED for (int i = 0; i < strips; i++) low[i] = high[i] = _mm512_setzero_si512();
  for (size_t bundle = 0; bundle < work->bundle_count; bundle++, tables += 128 * planes, indices += 64 * strips) {
    const uint8_t *ahead = indices + (bundle < plan.first_bundles ? plan.first : plan.second);
    const uint8_t *last_plane = tables + 128 * (planes - 1);
    const __m512i front[2] = {_mm512_load_si512(tables), _mm512_load_si512(last_plane)};
    const __m512i back[2] = {_mm512_load_si512(tables + 64), _mm512_load_si512(last_plane + 64)};
    UNROLLED for (int i = 0; i < strips; i++) {
      fetch(ahead + 64 * i);
      const __m512i here = _mm512_load_si512(indices + 64 * i);
      const __m512i shifted = _mm512_srli_epi16(here, 4);
      add_blocks(&low[i], &high[i], _mm512_ternarylogic_epi64(here, nibble, table_of_byte, AND_OR), front, planes);
      add_blocks(&low[i], &high[i], _mm512_ternarylogic_epi64(shifted, nibble, table_of_byte, AND_OR), back, planes);
    }
  }
  BARRIER();
  const __m512i start = _mm512_set1_epi32(lut_fold_start(8 * work->bundle_count, planes));
  UNROLLED for (int i = 0; i < strips; i++) {
    const __m512i total = _mm512_add_epi32(_mm512_add_epi32(low[i], start), _mm512_slli_epi32(high[i], 8));
    add_scaled(total, work->scale, work->sums + 16 * i);
  }
}

// Tile functions with constant numbers of strips and planes.

typedef void tile_function(const tile_work *work, size_t strips);

#define OF_FOUR_STRIPS(name, tile, planes)                          \
  static void name(const tile_work *work, size_t strips) {          \
    switch (strips) {                                               \
      case 1: return tile(work, 1, planes);                         \
      case 2: return tile(work, 2, planes);                         \
      case 3: return tile(work, 3, planes);                         \
      default: return tile(work, 4, planes);                        \
    }                                                               \
  }

#define OF_EIGHT_STRIPS(name, tile, planes)                         \
  static void name(const tile_work *work, size_t strips) {          \
    switch (strips) {                                               \
      case 1: return tile(work, 1, planes);                         \
      case 2: return tile(work, 2, planes);                         \
      case 3: return tile(work, 3, planes);                         \
      case 4: return tile(work, 4, planes);                         \
      case 5: return tile(work, 5, planes);                         \
      case 6: return tile(work, 6, planes);                         \
      case 7: return tile(work, 7, planes);                         \
      default: return tile(work, 8, planes);                        \
    }                                                               \
  }

OF_FOUR_STRIPS(look_up_one_256, tile_of_256, 1)
OF_FOUR_STRIPS(look_up_256, tile_of_256, 2)
OF_FOUR_STRIPS(look_up_one_signed_128, tile_of_signed_128, 1)
OF_FOUR_STRIPS(look_up_signed_128, tile_of_signed_128, 2)
OF_FOUR_STRIPS(look_up_one_64, tile_of_64, 1)
OF_FOUR_STRIPS(look_up_64, tile_of_64, 2)
OF_EIGHT_STRIPS(look_up_one_16, tile_of_16, 1)
OF_EIGHT_STRIPS(look_up_16, tile_of_16, 2)

static tile_function *tile_function_of(momos_lut_layout layout, bool is_signed, bool has_one_plane) {
  switch (layout) {
    case MOMOS_LUT_K16: return has_one_plane ? look_up_one_16 : look_up_16;
    case MOMOS_LUT_K64: return has_one_plane ? look_up_one_64 : look_up_64;
    default:
      if (is_signed) return has_one_plane ? look_up_one_signed_128 : look_up_signed_128;
      return has_one_plane ? look_up_one_256 : look_up_256;
  }
}

static void sweep(momos_lut_layout layout, const lut_sweep *sweep) {
  const lut_geometry geometry = lut_geometry_of(layout);
  for (size_t first = 0; first < sweep->strip_count; first += geometry.tile_strips) {
    const size_t tile = first / geometry.tile_strips;
    const size_t strips = lut_smaller(geometry.tile_strips, sweep->strip_count - first);
    const uint8_t *indices = lut_tile_indices(sweep, geometry, tile, strips);
    const fetch_plan fetches = plan_fetches(sweep, geometry, tile, indices);
    for (size_t v = 0; v < sweep->vector_count; v++) {
      const lut_quantisation quantisation = sweep->quantisations[v];
      const tile_work work = {indices,
                              fetches,
                              sweep->tables + v * sweep->table_bytes,
                              sweep->bundle_count,
                              quantisation.scale,
                              sweep->sums + v * sweep->sums_stride + first * geometry.strip_rows};
      tile_function_of(layout, sweep->is_signed, quantisation.plane_count == 1)(&work, strips);
    }
  }
}

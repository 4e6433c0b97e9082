// Tiles of rows of a mosaic whose stages have tile layouts: there the indices of all rows of a tile lie side by side,
// and their motifs are laid out together.

/// One byte for each row of a tile; the bytes of two and of four.
typedef uint8_t row_bytes __attribute__((ext_vector_type(GEMM_ROWS)));
typedef uint8_t row_pairs __attribute__((ext_vector_type(2 * GEMM_ROWS)));
typedef uint8_t row_quads __attribute__((ext_vector_type(4 * GEMM_ROWS)));
typedef uint32_t row_offsets __attribute__((ext_vector_type(GEMM_ROWS)));
typedef uint32_t unaligned_row_offsets __attribute__((ext_vector_type(GEMM_ROWS), aligned(4), may_alias));

/// The indices of GEMM_ROWS rows from `row` of a strip on, a multiple of GEMM_ROWS, for the block at `member` of its
/// bundle.
INLINE row_bytes strip_indices(const momos_layout layout, const uint8_t *strip, size_t row, const size_t member) {
  if (layout == MOMOS_LAYOUT_TILE_K16) {
    row_quads bytes;
    memcpy(&bytes, strip + 4 * row, sizeof bytes);
    const row_pairs half = member % 2 ? bytes.odd : bytes.even;
    const row_bytes two = member / 2 % 2 ? half.odd : half.even;
    return two >> (uint8_t)(member / 4 * 4) & 15;
  }
  row_pairs plane[3];
  const size_t planes = layout == MOMOS_LAYOUT_TILE_K64 ? 3 : 1;
  for (size_t p = 0; p < planes; p++) memcpy(&plane[p], strip + 64 * p + 2 * (row % 32), sizeof plane[p]);
  if (layout == MOMOS_LAYOUT_TILE_K64 && member == 3)
    plane[0] = plane[0] >> 6 | plane[1] >> 6 << 2 | plane[2] >> 6 << 4;
  else if (layout == MOMOS_LAYOUT_TILE_K64)
    plane[0] = plane[member] & 63;
  return row < 32 ? plane[0].even : plane[0].odd;
}

/// offsets[t][r] = byte offset of the motif of row + r and block bundle * bundle_blocks + t, for all blocks of
/// `bundle_count` bundles of one group.
INLINE void unpack_strip_layout(const momos_stage *stage, const momos_layout layout, size_t row, size_t bundle,
                                size_t bundle_count, uint32_t *offsets) {
  const tile_shape shape = tile_shape_of(layout);
  const size_t members = layout == MOMOS_LAYOUT_TILE_K16 ? 8 : layout == MOMOS_LAYOUT_TILE_K64 ? 4 : 1;
  const size_t step = tile_row_count(stage, &shape, row) * shape.bytes_per_row;
  const uint8_t *strip = stage->indices + strip_offset(stage, &shape, row, bundle);
  const uint32_t motif_byte_count = stage->motif_length * (uint32_t)sizeof(float);
  for (size_t b = 0; b < bundle_count; b++, strip += step) {
    UNROLLED for (size_t member = 0; member < members; member++, offsets += GEMM_ROWS) {
      const row_bytes indices = strip_indices(layout, strip, row % shape.strip_rows, member);
      *(unaligned_row_offsets *)offsets = __builtin_convertvector(indices, row_offsets) * motif_byte_count;
    }
  }
}

/// The same for blocks [first, first + count) of one group; returns the offsets of block `first`.
static const uint32_t *unpack_strips(const momos_stage *stage, size_t row, size_t first, size_t count,
                                     uint32_t *offsets) {
  const size_t members = tile_shape_of(stage->layout).bundle_blocks, bundle = first / members;
  const size_t bundle_count = divided_up(first + count, members) - bundle;
  switch (stage->layout) {
    case MOMOS_LAYOUT_TILE_K16:
      unpack_strip_layout(stage, MOMOS_LAYOUT_TILE_K16, row, bundle, bundle_count, offsets);
      break;
    case MOMOS_LAYOUT_TILE_K64:
      unpack_strip_layout(stage, MOMOS_LAYOUT_TILE_K64, row, bundle, bundle_count, offsets);
      break;
    default: unpack_strip_layout(stage, MOMOS_LAYOUT_TILE_K256, row, bundle, bundle_count, offsets);
  }
  return offsets + first % members * GEMM_ROWS;
}

/// Runs of blocks of the rows of a tile, of one stage and group.
typedef struct {
  const char *motifs;
  const uint32_t *offsets;         ///< [count][GEMM_ROWS]: byte offsets of motifs
  size_t count;
  size_t length;                   ///< lanes of a block
  const float *second[GEMM_ROWS];  ///< overlapping: the second halves of the motifs before the first block
} strip_run;

/// Writes or adds the weights of runs of blocks; rows lie TILE_STRIDE apart.
INLINE void expand_strip_run(const strip_run *run, float *first, const size_t length, const int overlapping,
                             const int adding) {
  const float *seconds[GEMM_ROWS];
  for (int r = 0; r < GEMM_ROWS; r++) seconds[r] = run->second[r];
  const uint32_t *offsets = run->offsets;
  for (size_t t = 0; t < run->count; t++, first += length, offsets += GEMM_ROWS) {
    UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
      const float *motif = (const float *)(run->motifs + offsets[r]), *second = seconds[r];
      float *to = first + r * TILE_STRIDE;
      size_t o = 0;
      for (; o + 8 <= length; o += 8) EXPAND(eight, o);
      if (o + 4 <= length) {
        EXPAND(four, o);
        o += 4;
      }
      if (o + 2 <= length) {
        EXPAND(two, o);
        o += 2;
      }
      if (o < length) EXPAND(one, o);
      seconds[r] = motif + length;
    }
  }
}

INLINE void expand_strip_length(const strip_run *run, float *to, const int overlapping, const int adding) {
  switch (run->length) {
    case 1: return expand_strip_run(run, to, 1, overlapping, adding);
    case 2: return expand_strip_run(run, to, 2, overlapping, adding);
    case 4: return expand_strip_run(run, to, 4, overlapping, adding);
    case 8: return expand_strip_run(run, to, 8, overlapping, adding);
    default: return expand_strip_run(run, to, 16, overlapping, adding);
  }
}

/// The weights of one stage of a tile in columns [begin, end) of one group; to[0] is column `begin`. Writes or adds up
/// to s - 1 more columns on both sides.
static void expand_strips(const momos_stage *stage, size_t row, size_t begin, size_t end, int adding,
                          uint32_t *offsets, float *to) {
  const size_t s = stage->block_length, first = begin / s;
  const int overlapping = stage->motif_length > s;
  strip_run run = {.motifs = (const char *)stage->motifs, .count = divided_up(end, s) - first,
                   .length = block_lanes(stage)};
  if (overlapping) {
    const uint32_t *before = first > 0 ? unpack_strips(stage, row, first - 1, 1, offsets) : NULL;
    for (int r = 0; r < GEMM_ROWS; r++)
      run.second[r] = before ? (const float *)(run.motifs + before[r]) + s : no_motif;
  }
  run.offsets = unpack_strips(stage, row, first, run.count, offsets);
  to -= lanes_of(stage, begin - first * s);
  if (overlapping)
    adding ? expand_strip_length(&run, to, 1, 1) : expand_strip_length(&run, to, 1, 0);
  else
    adding ? expand_strip_length(&run, to, 0, 1) : expand_strip_length(&run, to, 0, 0);
}

/// Whether all rows of the tile from `row` on lie in one strip of every stage.
static int is_stripped(const momos_mosaic_weight *weight, size_t row) {
  for (size_t s = 0; s < weight->stage_count; s++)
    if (weight->stages[s].layout == MOMOS_LAYOUT_ROW_MAJOR) return 0;
  return row % GEMM_ROWS == 0;
}

/// Expands the rows of a tile from `row` on in columns [begin, end), group by group; to[0] is column `begin`.
static void expand_stripped(const momos_mosaic_weight *weight, size_t row, size_t begin, size_t end, uint32_t *offsets,
                            float *to) {
  for (size_t first = begin, last; first < end; first = last) {
    last = smallest((first / MOMOS_GROUP_COLUMNS + 1) * MOMOS_GROUP_COLUMNS, end);
    for (size_t s = 0; s < weight->stage_count; s++)
      expand_strips(&weight->stages[s], row, first, last, s > 0, offsets, to + lanes_of(&weight->stages[s], first - begin));
  }
}

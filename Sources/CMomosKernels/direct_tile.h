// Tiles of rows of a mosaic: the weights of a few rows and one column block, expanded in scratch.

/// Whether weights are motifs of a single stage as they are, and these few enough for the nearest cache.
static int has_near_motifs(const momos_mosaic_weight *weight) {
  const momos_stage *stage = weight->stages;
  return weight->stage_count == 1 && stage->motif_length == stage->block_length &&
         ((size_t)stage->motif_length << stage->index_width) <= MOMOS_MOST_NEAR_MOTIFS;
}

#if PACKED_FLOATS > 1
/// The stage with its motifs packed in `motifs`: `block_lanes` are what their values fill.
static momos_stage packed_stage(const momos_stage *stage, float *motifs) {
  const size_t count = (size_t)stage->motif_length << stage->index_width;
  for (size_t i = 0; i < count; i += GEMM_LANES * PACKED_FLOATS)
    *(unaligned_lanes *)(motifs + i / PACKED_FLOATS) =
        PACKED(stage->motifs + i, smallest(count - i, GEMM_LANES * PACKED_FLOATS));
  momos_stage packed = *stage;
  packed.motifs = motifs;
  packed.motif_length /= PACKED_FLOATS;
  return packed;
}
#endif

/// The places of the motifs of the rows from `row` on, all in one strip, in columns [begin, end). begin: of a group.
static tile_rows direct_rows(const momos_stage *stage, size_t row, size_t begin, size_t end, uint32_t *offsets) {
  const size_t group_blocks = MOMOS_GROUP_COLUMNS / stage->block_length;
  const size_t first = begin / stage->block_length, last = divided_up(end, stage->block_length);
  for (size_t t = first; t < last; t += group_blocks)
    unpack_strips(stage, row, t, smallest(last - t, group_blocks), offsets + (t - first) * GEMM_ROWS);
  return (tile_rows){.floats = end - begin, .count = lanes_of(stage, end - begin), .offsets = offsets,
                     .motifs = (const char *)stage->motifs, .block_lanes = block_lanes(stage)};
}

/// The rows from `row` on (missing rows repeat the last one), restricted to columns [begin, end), expanded in a tile.
/// Rows of packed motifs are not scaled.
static tile_rows expanded_rows(const momos_mosaic_weight *weight, size_t row, size_t row_end, size_t begin, size_t end,
                               float *tile, uint32_t *offsets) {
  tile_rows rows = {.floats = end - begin, .count = lanes_of(weight->stages, end - begin)};
  const size_t count = smallest(row_end - row, GEMM_ROWS);
  const int stripped = is_stripped(weight, row);
  float *const first = tile + MOST_BLOCK_LENGTH;
  for (size_t r = 0; r < (stripped ? GEMM_ROWS : count); r++) {
    float *to = first + r * TILE_STRIDE;
    memset(to - MOST_BLOCK_LENGTH, 0, MOST_BLOCK_LENGTH * sizeof(float));
    memset(to + rows.count, 0, MOST_BLOCK_LENGTH * sizeof(float));
    if (!stripped) expand_row(weight, row + r, row_end, begin, end, offsets, to);
  }
  if (stripped) expand_stripped(weight, row, begin, end, offsets, first);
  for (size_t r = 0; r < GEMM_ROWS; r++) {
    float *to = first + smallest(r, count - 1) * TILE_STRIDE;
    if (weight->row_scale && r < count && rows.count == rows.floats)
      for (size_t j = 0; j < rows.count; j++) to[j] *= weight->row_scale[row + r];
    rows.row[r] = to;
  }
  return rows;
}

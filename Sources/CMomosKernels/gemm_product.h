// The products of one instruction set; include after the headers of tiles, rows and dots.

/// What is multiplied: one of the two.
typedef struct {
  const momos_dense_weight *dense;
  const momos_mosaic_weight *mosaic;
  const float *row_scale;  ///< of sums, where rows are not scaled themselves; NULL for ones
  int is_direct;           ///< whether tile layouts are multiplied straight from the motifs
} weight_source;

/// sums[r][v] = sum over ascending j < rows->count of row r [j] * vector v of the packed panel [j].
INLINE void multiply_panel(const tile_rows *rows, const float *panel, lanes sums[GEMM_ROWS][WIDE_PANEL],
                           const int vectors) {
  lanes sum[GEMM_ROWS][WIDE_PANEL] = {0};
  const float *row[GEMM_ROWS];
  for (int r = 0; r < GEMM_ROWS; r++) row[r] = rows->row[r];
  const size_t count = rows->count, ahead = rows->ahead;
  for (size_t begin = 0; begin < count; begin += 16) {
    for (int r = 0; r < GEMM_ROWS; r++) __builtin_prefetch((const char *)(row[r] + begin) + ahead, 0, 2);
    const size_t end = smallest(begin + 16, count);
    for (size_t j = begin; j < end; j++) {
      lanes input[WIDE_PANEL];
      UNROLLED for (int v = 0; v < vectors; v++) input[v] = loaded(panel + (j * vectors + v) * GEMM_LANES);
      UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
        const lanes weight = row[r][j];
        UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = MULTIPLY_ADD(weight, input[v], sum[r][v]);
      }
    }
  }
  for (int r = 0; r < GEMM_ROWS; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = sum[r][v];
}

#if MULTIPLIES_MOTIFS
/// The same straight from the motifs of `block_lanes` lanes.
INLINE void multiply_motif_panel(const tile_rows *rows, const float *panel, lanes sums[GEMM_ROWS][WIDE_PANEL],
                                 const int vectors, const size_t block_lanes) {
  lanes sum[GEMM_ROWS][WIDE_PANEL] = {0};
  const uint32_t *offsets = rows->offsets;
  const size_t count = rows->count;
  for (size_t j = 0; j < count; j += block_lanes, offsets += GEMM_ROWS) {
    const float *motif[GEMM_ROWS];
    UNROLLED for (int r = 0; r < GEMM_ROWS; r++) motif[r] = (const float *)(rows->motifs + offsets[r]);
    UNROLLED for (size_t i = 0; i < block_lanes; i++) {
      // Only of the last block there may be less.
      if (i > 0 && j + i >= count) break;
      lanes input[WIDE_PANEL];
      UNROLLED for (int v = 0; v < vectors; v++) input[v] = loaded(panel + ((j + i) * vectors + v) * GEMM_LANES);
      UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
        const lanes weight = motif[r][i];
        UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = MULTIPLY_ADD(weight, input[v], sum[r][v]);
      }
    }
  }
  for (int r = 0; r < GEMM_ROWS; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = sum[r][v];
}

INLINE void multiply_rows(const tile_rows *rows, const float *panel, lanes sums[GEMM_ROWS][WIDE_PANEL],
                          const int vectors) {
  if (!rows->offsets) return multiply_panel(rows, panel, sums, vectors);
  switch (rows->block_lanes) {
    case 1: return multiply_motif_panel(rows, panel, sums, vectors, 1);
    case 2: return multiply_motif_panel(rows, panel, sums, vectors, 2);
    case 4: return multiply_motif_panel(rows, panel, sums, vectors, 4);
    case 8: return multiply_motif_panel(rows, panel, sums, vectors, 8);
    default: return multiply_motif_panel(rows, panel, sums, vectors, 16);
  }
}
#else
#define multiply_rows multiply_panel
#endif

static void multiply_panels(const tile_rows *rows, const float *panel, lanes sums[GEMM_ROWS][WIDE_PANEL],
                            size_t vectors) {
  switch (vectors) {
#if NARROW_PANEL == 1
    case 1: return multiply_rows(rows, panel, sums, 1);
#endif
    case 2: return multiply_rows(rows, panel, sums, 2);
#if WIDE_PANEL == 3
    case 3: return multiply_rows(rows, panel, sums, 3);
#endif
  }
}

/// Neighbouring tiles of rows, and where their sums go.
typedef struct {
  size_t count;
  tile_rows rows[TILE_GROUP];
  tile_target targets[TILE_GROUP];
} tile_group;

/// Where the sums of `count` vectors from `first` on go.
INLINE tile_target vectors_target(const tile_target *target, size_t first, size_t count) {
  tile_target part = *target;
  part.y += first * part.y_stride;
  part.count = count;
  return part;
}

/// All products of the tiles of a group: panels first, then the vectors that fill no vector of lanes.
static void multiply_group(tile_group *group, const momos_batch *batch, size_t begin, const float *panels) {
  const size_t packed = packed_count(batch->batch);
  for (size_t b = 0, count; b < packed; b += count) {
    const size_t vectors = even_group((packed - b) / GEMM_LANES, WIDE_PANEL);
    count = vectors * GEMM_LANES;
    for (size_t i = 0; i < group->count; i++) {
      tile_rows *const rows = &group->rows[i];
      const tile_target target = vectors_target(&group->targets[i], b, count);
      const size_t near = target.numbers ? target.numbers[0] : 0;
      for (size_t v = 0; v < count; v++) __builtin_prefetch(target.y + v * target.y_stride + near, 1, 2);
      lanes sums[GEMM_ROWS][WIDE_PANEL];
      multiply_panels(rows, panels + b * rows->count, sums, vectors);
      add_sums(&target, sums, vectors);
      rows->ahead = 0;
    }
  }
  for (size_t b = packed, count; b < batch->batch; b += count) {
    count = even_group(batch->batch - b, DOT_VECTORS);
    for (size_t i = 0; i < group->count; i++) {
      const tile_target target = vectors_target(&group->targets[i], b, count);
      multiply_dots_f32(&group->rows[i], batch->x + b * batch->x_stride + begin, batch->x_stride, &target);
    }
  }
}

/// The rows of a tile from `row` on, restricted to columns [begin, end), ready for multiplication.
/// place: which tile of scratch they are expanded, widened or packed in.
static tile_rows source_rows(const weight_source *source, size_t row, size_t row_end, size_t begin, size_t end,
                             float *scratch, size_t place) {
  float *const tile = scratch + TILES_BEGIN + place * TILE_SIZE;
  tile_rows rows;
  if (source->dense) {
    rows = dense_rows(source->dense, row, row_end, begin, end);
    widen_rows(&rows, source->dense->type, tile);
  } else if (source->is_direct && is_stripped(source->mosaic, row)) {
    return direct_rows(source->mosaic->stages, row, begin, end, (uint32_t *)tile);
  } else {
    rows = expanded_rows(source->mosaic, row, row_end, begin, end, tile, (uint32_t *)scratch);
  }
  pack_rows(&rows, tile);
  return rows;
}

/// The tiles from `row` on, ready for multiplication.
static void fill_group(const weight_source *source, const momos_batch *batch, size_t row, size_t row_end, size_t begin,
                       size_t end, float *scratch, tile_group *group) {
  const size_t most = tile_group_count(batch->batch);
  for (group->count = 0; group->count < most && row < row_end; group->count++, row += GEMM_ROWS) {
    group->rows[group->count] = source_rows(source, row, row_end, begin, end, scratch, group->count);
    group->targets[group->count] = (tile_target){.y = batch->y_numbers ? batch->y : batch->y + row,
                                                 .y_stride = batch->y_stride,
                                                 .numbers = batch->y_numbers ? batch->y_numbers + row : NULL,
                                                 .rows = smallest(row_end - row, GEMM_ROWS),
                                                 .scale = source->row_scale ? source->row_scale + row : NULL,
                                                 .replaces = begin == 0 && !batch->accumulate};
  }
}

/// Products of at most `batch_block` vectors, one column block after the other.
static void multiply_wide(const weight_source *source, size_t columns, const momos_batch *batch, size_t row_begin,
                          size_t row_end, float *scratch) {
  float *const panels = scratch + TILES_BEGIN + tile_group_count(batch->batch) * TILE_SIZE;
  tile_group group;
  for (size_t begin = 0; begin < columns; begin += COLUMN_BLOCK) {
    const size_t end = smallest(begin + COLUMN_BLOCK, columns);
    pack_panels(batch, begin, end - begin, panels);
    for (size_t row = row_begin; row < row_end; row += group.count * GEMM_ROWS) {
      fill_group(source, batch, row, row_end, begin, end, scratch, &group);
      multiply_group(&group, batch, begin, panels);
    }
  }
}

/// Products of any batch, `batch_block` vectors after the other.
static void multiply_batches(const weight_source *source, size_t columns, const momos_batch *batch, size_t row_begin,
                             size_t row_end, float *scratch) {
  const size_t block = batch_block(batch->batch, divided_up(columns, PACKED_FLOATS));
  for (size_t first = 0; first < batch->batch; first += block) {
    const momos_batch range = batch_range(batch, first, smallest(block, batch->batch - first));
    multiply_wide(source, columns, &range, row_begin, row_end, scratch);
  }
}

#if PACKED_FLOATS == 1
/// Products of fewer than `WIDE_BATCH` vectors, straight from the rows of weights.
static void multiply_narrow(const momos_dense_weight *weight, const momos_batch *batch, size_t row_begin,
                            size_t row_end) {
  for (size_t begin = 0; begin < weight->columns; begin += NARROW_COLUMN_BLOCK) {
    const size_t end = smallest(begin + NARROW_COLUMN_BLOCK, weight->columns);
    for (size_t row = row_begin; row < row_end; row += GEMM_ROWS) {
      const tile_rows rows = dense_rows(weight, row, row_end, begin, end);
      tile_target target = {.y_stride = batch->y_stride, .rows = smallest(row_end - row, GEMM_ROWS),
                            .replaces = begin == 0 && !batch->accumulate};
      for (size_t b = 0; b < batch->batch; b += target.count) {
        target.count = even_group(batch->batch - b, DOT_VECTORS);
        target.y = batch->y + b * batch->y_stride + row;
        multiply_dots(&rows, batch->x + b * batch->x_stride + begin, batch->x_stride, &target, weight->type);
      }
    }
  }
}
#endif

MULTIPLY_DENSE(const momos_dense_weight *weight, const momos_batch *batch, size_t row_begin, size_t row_end,
               float *scratch) {
  if (row_begin >= row_end || batch->batch == 0) return;
  if (!batch->accumulate && weight->columns == 0) clear_rows(batch, row_begin, row_end);
#if PACKED_FLOATS == 1
  if (batch->batch < WIDE_BATCH) {
    multiply_narrow(weight, batch, row_begin, row_end);
    return;
  }
#endif
  multiply_batches(&(weight_source){.dense = weight}, weight->columns, batch, row_begin, row_end, scratch);
}

MULTIPLY_MOSAIC(const momos_mosaic_weight *weight, const momos_batch *batch, size_t row_begin, size_t row_end,
                float *scratch) {
  if (row_begin >= row_end || batch->batch == 0) return;
  if (!batch->accumulate && (weight->columns == 0 || weight->stage_count == 0)) clear_rows(batch, row_begin, row_end);
  if (weight->stage_count == 0) return;
  const int is_near = has_near_motifs(weight);
  const int is_direct = is_near && MULTIPLIES_MOTIFS && packed_count(batch->batch) == batch->batch;
#if PACKED_FLOATS > 1
  // No pair belongs to two motifs or reaches beyond the columns.
  if (is_near && weight->stages->block_length % PACKED_FLOATS == 0 && weight->columns % PACKED_FLOATS == 0) {
    const momos_stage stage = packed_stage(weight->stages, scratch + MOTIFS_BEGIN);
    const momos_mosaic_weight packed = {.stages = &stage, .stage_count = 1, .columns = weight->columns};
    const weight_source source = {.mosaic = &packed, .row_scale = weight->row_scale, .is_direct = is_direct};
    multiply_batches(&source, weight->columns, batch, row_begin, row_end, scratch);
    return;
  }
#endif
  const weight_source source = {.mosaic = weight, .is_direct = is_direct && PACKED_FLOATS == 1 && !weight->row_scale};
  multiply_batches(&source, weight->columns, batch, row_begin, row_end, scratch);
}

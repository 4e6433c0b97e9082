// Tiles of rows of a mosaic: the weights of a few rows and one column block, expanded in scratch.

/// The rows from `row` on (missing rows repeat the last one), restricted to columns [begin, end), expanded in a tile.
static tile_rows expanded_rows(const momos_mosaic_weight *weight, size_t row, size_t row_end, size_t begin, size_t end,
                               float *tile, uint32_t *offsets) {
  tile_rows rows = {.floats = end - begin, .count = end - begin};
  const size_t count = smallest(row_end - row, GEMM_ROWS);
  const int stripped = is_stripped(weight, row);
  float *const first = tile + MOST_BLOCK_LENGTH;
  for (size_t r = 0; r < (stripped ? GEMM_ROWS : count); r++) {
    float *to = first + r * TILE_STRIDE;
    memset(to - MOST_BLOCK_LENGTH, 0, MOST_BLOCK_LENGTH * sizeof(float));
    memset(to + (end - begin), 0, MOST_BLOCK_LENGTH * sizeof(float));
    if (!stripped) expand_row(weight, row + r, row_end, begin, end, offsets, to);
  }
  if (stripped) expand_stripped(weight, row, begin, end, offsets, first);
  for (size_t r = 0; r < GEMM_ROWS; r++) {
    float *to = first + smallest(r, count - 1) * TILE_STRIDE;
    if (weight->row_scale && r < count)
      for (size_t j = 0; j < end - begin; j++) to[j] *= weight->row_scale[row + r];
    rows.row[r] = to;
  }
  return rows;
}

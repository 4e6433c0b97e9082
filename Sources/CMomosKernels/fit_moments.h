// Second moments, from the tiles of products of float32.

#define TILE_COLUMNS (FIT_LANES * FIT_TILE_VECTORS)

/// Adds the sums of one tile over groups of rows: a [count, FIT_TILE_ROWS], b [count, TILE_COLUMNS].
static void add_moment_tile(const float *a, const float *b, size_t count, double *moments, size_t stride, size_t rows,
                            size_t columns) {
  for (size_t first = 0; first < count; first += MOMOS_MOMENT_GROUP) {
    float sums[FIT_TILE_ROWS * TILE_COLUMNS] = {0};
    f32_add_tile(a + first * FIT_TILE_ROWS, b + first * TILE_COLUMNS, least(MOMOS_MOMENT_GROUP, count - first), sums,
                 TILE_COLUMNS);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++) moments[i * stride + j] += (double)sums[i * TILE_COLUMNS + j];
  }
}

static void add_moments(const momos_moment_tile *tile, const float *x, size_t count, double *moments,
                        void *scratch) {
  float *const packed = scratch, *const panel = packed + PRODUCT_ROWS * PRODUCT_INNER(float);
  for (size_t k = 0; k < count; k += PRODUCT_INNER(float)) {
    const size_t inner = least(PRODUCT_INNER(float), count - k);
    for (size_t first = tile->row_begin; first < tile->row_end; first += PRODUCT_ROWS) {
      const size_t rows = least(PRODUCT_ROWS, tile->row_end - first);
      f32_pack_rows(x + k * tile->columns + first, 1, tile->columns, rows, inner, packed);
      for (size_t j = tile->column_begin; j < tile->column_end; j += TILE_COLUMNS) {
        const size_t width = least(TILE_COLUMNS, tile->column_end - j);
        if (j + width <= first) continue;
        f32_pack_columns(x + k * tile->columns + j, tile->columns, width, inner, panel);
        double *const target = moments + (first - tile->row_begin) * tile->stride + j - tile->column_begin;
        for (size_t i = 0; i < rows && first + i < j + width; i += FIT_TILE_ROWS)
          add_moment_tile(packed + i * inner, panel, inner, target + i * tile->stride, tile->stride,
                          least(FIT_TILE_ROWS, rows - i), width);
      }
    }
  }
}

#undef TILE_COLUMNS

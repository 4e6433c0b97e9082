// Tiles of rows of dense weights: read where they are, or widened, or packed into pairs.

/// Rows of weights of one tile (missing rows repeat the last one), restricted to the columns of a block.
typedef struct {
  const void *row[GEMM_ROWS];
  size_t floats;  ///< columns
  size_t count;   ///< lanes that they fill; fewer once they are packed
  size_t ahead;   ///< bytes to the row that is read next after a row, for prefetching
  const uint32_t *offsets;  ///< [blocks, GEMM_ROWS] in `motifs`, in bytes, from which panels are multiplied; or NULL
  const char *motifs;
  size_t block_lanes;  ///< lanes of a motif
} tile_rows;

/// GEMM_LANES elements of a row of weights from element j on, widened.
INLINE lanes widened(const void *row, size_t j, const momos_weight_type type) {
  if (type == MOMOS_WEIGHT_F16) return WIDENED_F16((const uint16_t *)row + j);
  if (type == MOMOS_WEIGHT_BF16) return WIDENED_BF16((const uint16_t *)row + j);
  return loaded((const float *)row + j);
}

/// The same for the last `count` elements of a row, fewer than GEMM_LANES; the other lanes are 0.
INLINE lanes widened_tail(const void *row, size_t j, size_t count, const momos_weight_type type) {
  if (type == MOMOS_WEIGHT_F32) return PARTIAL((const float *)row + j, count);
  uint16_t elements[GEMM_LANES] = {0};
  for (size_t i = 0; i < count; i++) elements[i] = ((const uint16_t *)row)[j + i];
  return widened(elements, 0, type);
}

static size_t element_size(momos_weight_type type) { return type == MOMOS_WEIGHT_F32 ? 4 : 2; }

/// The rows from `row` on, restricted to columns [begin, end), where they are.
static tile_rows dense_rows(const momos_dense_weight *weight, size_t row, size_t row_end, size_t begin, size_t end) {
  const size_t size = element_size(weight->type);
  tile_rows rows = {.floats = end - begin, .count = end - begin};
  for (size_t r = 0; r < GEMM_ROWS; r++) {
    const size_t index = smallest(row + r, row_end - 1);
    rows.row[r] = (const char *)weight->weights + (index * weight->row_stride + begin) * size;
  }
  if (row + 2 * GEMM_ROWS <= row_end) rows.ahead = GEMM_ROWS * weight->row_stride * size;
  return rows;
}

/// Widens `count` elements and asks for those that lie `ahead` bytes further.
INLINE void widen_row(const void *from, size_t count, size_t ahead, float *to, const momos_weight_type type) {
  for (size_t j = 0; j < count; j += GEMM_LANES) {
    __builtin_prefetch((const char *)from + 2 * j + ahead, 0, 2);
    *(unaligned_lanes *)(to + j) =
        j + GEMM_LANES <= count ? widened(from, j, type) : widened_tail(from, j, count - j, type);
  }
}

/// Replaces rows of another type by float32 copies in a tile.
static void widen_rows(tile_rows *rows, momos_weight_type type, float *tile) {
  if (type == MOMOS_WEIGHT_F32) return;
  for (int r = 0; r < GEMM_ROWS; r++) {
    float *to = tile + r * TILE_STRIDE;
    if (type == MOMOS_WEIGHT_F16) widen_row(rows->row[r], rows->floats, rows->ahead, to, MOMOS_WEIGHT_F16);
    if (type == MOMOS_WEIGHT_BF16) widen_row(rows->row[r], rows->floats, rows->ahead, to, MOMOS_WEIGHT_BF16);
    rows->row[r] = to;
  }
  rows->ahead = 0;
}

/// Replaces float32 rows by packed copies in a tile; a row may lie in its own place of the tile, or after it.
static void pack_rows(tile_rows *rows, float *tile) {
  if (rows->count < rows->floats || PACKED_FLOATS == 1) return;
  rows->count = divided_up(rows->floats, PACKED_FLOATS);
  for (int r = 0; r < GEMM_ROWS; r++) {
    const float *from = rows->row[r];
    float *to = tile + r * TILE_STRIDE;
    for (size_t j = 0; j < rows->count; j += GEMM_LANES) {
      const size_t first = j * PACKED_FLOATS;
      const lanes packed = PACKED(from + first, smallest(rows->floats - first, GEMM_LANES * PACKED_FLOATS));
      *(unaligned_lanes *)(to + j) = packed;
    }
    rows->row[r] = to;
  }
  rows->ahead = 0;
}

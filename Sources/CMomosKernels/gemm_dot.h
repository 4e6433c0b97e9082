// Tiles whose lanes run along the columns: for few vectors of the batch, and for those that fill no panel.

/// Row sums of four vectors, each added as a tree that is the same for all four.
INLINE four row_sums(lanes a, lanes b, lanes c, lanes d) {
  const lanes ab = SHUFFLED(a, b, 0, 4, 1, 5) + SHUFFLED(a, b, 2, 6, 3, 7);
  const lanes cd = SHUFFLED(c, d, 0, 4, 1, 5) + SHUFFLED(c, d, 2, 6, 3, 7);
  squares sum = {SHUFFLED(ab, cd, 0, 1, 4, 5) + SHUFFLED(ab, cd, 2, 3, 6, 7)};
  for (int distance = GEMM_LANES / 8; distance > 0; distance /= 2)
    for (int q = 0; q < distance; q++) sum.square[q] += sum.square[q + distance];
  return sum.square[0];
}

/// Sums over the columns of a block, in `steps` times GEMM_LANES partial sums for each row and vector.
INLINE void multiply_dot(const tile_rows *rows, const float *x, size_t x_stride, const tile_target *target,
                         const int vectors, const int steps, const momos_weight_type type) {
  lanes sum[2][GEMM_ROWS][PANEL_VECTORS] = {0};
  const size_t step = (size_t)steps * GEMM_LANES;
  size_t j = 0;
  for (; j + step <= rows->count; j += step) {
    UNROLLED for (int s = 0; s < steps; s++) {
      const size_t column = j + (size_t)s * GEMM_LANES;
      lanes input[PANEL_VECTORS];
      UNROLLED for (int v = 0; v < vectors; v++)
        input[v] = PACKED(x + v * x_stride + column * PACKED_FLOATS, GEMM_LANES * PACKED_FLOATS);
      UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
        const lanes weights = widened(rows->row[r], column, type);
        UNROLLED for (int v = 0; v < vectors; v++) sum[s][r][v] = MULTIPLY_ADD(weights, input[v], sum[s][r][v]);
      }
    }
  }
  for (; j < rows->count; j += GEMM_LANES) {
    const size_t count = smallest(rows->count - j, GEMM_LANES);
    const size_t floats = smallest(rows->floats - j * PACKED_FLOATS, GEMM_LANES * PACKED_FLOATS);
    lanes input[PANEL_VECTORS];
    UNROLLED for (int v = 0; v < vectors; v++) input[v] = PACKED(x + v * x_stride + j * PACKED_FLOATS, floats);
    UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
      const lanes weights = count == GEMM_LANES ? widened(rows->row[r], j, type)
                                                : widened_tail(rows->row[r], j, count, type);
      UNROLLED for (int v = 0; v < vectors; v++)
        sum[0][r][v] = MULTIPLY_ADD(weights, input[v], sum[0][r][v]);
    }
  }
  UNROLLED for (int v = 0; v < vectors; v++) {
    UNROLLED for (int r = 0; r < GEMM_ROWS; r++)
      if (steps == 2) sum[0][r][v] += sum[1][r][v];
    UNROLLED for (int r = 0; r < GEMM_ROWS; r += 4)
      add_rows(target, v, r, row_sums(sum[0][r][v], sum[0][r + 1][v], sum[0][r + 2][v], sum[0][r + 3][v]));
  }
}

#define MULTIPLY_DOTS(type)                                                                                       \
  switch (target->count) {                                                                                        \
    case 1: return multiply_dot(rows, x, x_stride, target, 1, 2, type);                                           \
    case 2: return multiply_dot(rows, x, x_stride, target, 2, 1, type);                                           \
    case 3: return multiply_dot(rows, x, x_stride, target, 3, 1, type);                                           \
  }

/// The products of a tile with target->count (1 to 3) vectors of `floats` values, x[b * x_stride] first.
static void multiply_dots_f32(const tile_rows *rows, const float *x, size_t x_stride, const tile_target *target) {
  MULTIPLY_DOTS(MOMOS_WEIGHT_F32)
}

#if PACKED_FLOATS == 1
static void multiply_dots_f16(const tile_rows *rows, const float *x, size_t x_stride, const tile_target *target) {
  MULTIPLY_DOTS(MOMOS_WEIGHT_F16)
}

static void multiply_dots_bf16(const tile_rows *rows, const float *x, size_t x_stride, const tile_target *target) {
  MULTIPLY_DOTS(MOMOS_WEIGHT_BF16)
}

static void multiply_dots(const tile_rows *rows, const float *x, size_t x_stride, const tile_target *target,
                          momos_weight_type type) {
  switch (type) {
    case MOMOS_WEIGHT_F32: return multiply_dots_f32(rows, x, x_stride, target);
    case MOMOS_WEIGHT_F16: return multiply_dots_f16(rows, x, x_stride, target);
    case MOMOS_WEIGHT_BF16: return multiply_dots_bf16(rows, x, x_stride, target);
  }
}
#endif

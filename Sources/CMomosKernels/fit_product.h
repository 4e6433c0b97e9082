// Products in a fixed order, for one type of values. The including file defines VALUE, VALUE_LANES, NAMED(name), and
// FIT_TILE_ROWS and FIT_TILE_VECTORS: the tile of C whose sums stay in registers.
//
// A tile sums over ascending k whatever its size and wherever the blocks of k end, since what C holds goes on being
// summed: so the blocking changes no bit.

typedef VALUE NAMED(lanes) __attribute__((ext_vector_type(VALUE_LANES)));
typedef VALUE NAMED(unaligned) __attribute__((ext_vector_type(VALUE_LANES), aligned(sizeof(VALUE)), may_alias));

#define TILE_COLUMNS (VALUE_LANES * FIT_TILE_VECTORS)

/// sums [FIT_TILE_ROWS, TILE_COLUMNS] += a' b, with a [inner, FIT_TILE_ROWS] and b [inner, TILE_COLUMNS].
INLINE void NAMED(add_tile)(const VALUE *a, const VALUE *b, size_t inner, VALUE *sums, size_t stride) {
  NAMED(lanes) sum[FIT_TILE_ROWS][FIT_TILE_VECTORS];
  UNROLLED for (size_t i = 0; i < FIT_TILE_ROWS; i++)
    UNROLLED for (size_t v = 0; v < FIT_TILE_VECTORS; v++)
      sum[i][v] = *(const NAMED(unaligned) *)(sums + i * stride + v * VALUE_LANES);
  for (size_t k = 0; k < inner; k++, a += FIT_TILE_ROWS, b += TILE_COLUMNS) {
    NAMED(lanes) right[FIT_TILE_VECTORS];
    UNROLLED for (size_t v = 0; v < FIT_TILE_VECTORS; v++)
      right[v] = *(const NAMED(unaligned) *)(b + v * VALUE_LANES);
    UNROLLED for (size_t i = 0; i < FIT_TILE_ROWS; i++)
      UNROLLED for (size_t v = 0; v < FIT_TILE_VECTORS; v++) sum[i][v] += right[v] * a[i];
  }
  UNROLLED for (size_t i = 0; i < FIT_TILE_ROWS; i++)
    UNROLLED for (size_t v = 0; v < FIT_TILE_VECTORS; v++)
      *(NAMED(unaligned) *)(sums + i * stride + v * VALUE_LANES) = sum[i][v];
}

/// Rows of A, as tiles [inner, FIT_TILE_ROWS] one after the other, zero beyond the last row.
static void NAMED(pack_rows)(const VALUE *a, size_t row_step, size_t inner_step, size_t rows, size_t inner,
                             VALUE *packed) {
  for (size_t first = 0; first < rows; first += FIT_TILE_ROWS, packed += inner * FIT_TILE_ROWS) {
    const size_t count = least(FIT_TILE_ROWS, rows - first);
    for (size_t k = 0; k < inner; k++)
      for (size_t i = 0; i < FIT_TILE_ROWS; i++)
        packed[k * FIT_TILE_ROWS + i] = i < count ? a[(first + i) * row_step + k * inner_step] : 0;
  }
}

/// Columns of B, at most TILE_COLUMNS, as a panel [inner, TILE_COLUMNS], zero beyond the last column.
static void NAMED(pack_columns)(const VALUE *b, size_t stride, size_t columns, size_t inner, VALUE *panel) {
  for (size_t k = 0; k < inner; k++, b += stride, panel += TILE_COLUMNS) {
    if (columns == TILE_COLUMNS) {
      UNROLLED for (size_t v = 0; v < FIT_TILE_VECTORS; v++)
        *(NAMED(unaligned) *)(panel + v * VALUE_LANES) = *(const NAMED(unaligned) *)(b + v * VALUE_LANES);
    } else {
      for (size_t j = 0; j < TILE_COLUMNS; j++) panel[j] = j < columns ? b[j] : 0;
    }
  }
}

/// The same sums for a tile at the edge of C: `rows` by `columns` of it are there.
static void NAMED(add_edge)(const VALUE *a, const VALUE *b, size_t inner, VALUE *c, size_t stride, size_t rows,
                            size_t columns) {
  VALUE sums[FIT_TILE_ROWS * TILE_COLUMNS] = {0};
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) sums[i * TILE_COLUMNS + j] = c[i * stride + j];
  NAMED(add_tile)(a, b, inner, sums, TILE_COLUMNS);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) c[i * stride + j] = sums[i * TILE_COLUMNS + j];
}

static void NAMED(multiply)(const momos_fixed_product *product, const VALUE *a, const VALUE *b, VALUE *c,
                            void *scratch) {
  VALUE *const packed = scratch, *const panel = packed + PRODUCT_ROWS * PRODUCT_INNER(VALUE);
  if (!product->accumulates)
    for (size_t i = 0; i < product->rows; i++) memset(c + i * product->c_stride, 0, product->columns * sizeof(VALUE));
  for (size_t k = 0; k < product->inner; k += PRODUCT_INNER(VALUE)) {
    const size_t inner = least(PRODUCT_INNER(VALUE), product->inner - k);
    for (size_t first = 0; first < product->rows; first += PRODUCT_ROWS) {
      const size_t rows = least(PRODUCT_ROWS, product->rows - first);
      NAMED(pack_rows)(a + first * product->a_row_step + k * product->a_inner_step, product->a_row_step,
                       product->a_inner_step, rows, inner, packed);
      for (size_t j = 0; j < product->columns; j += TILE_COLUMNS) {
        const size_t columns = least(TILE_COLUMNS, product->columns - j);
        NAMED(pack_columns)(b + k * product->b_stride + j, product->b_stride, columns, inner, panel);
        for (size_t i = 0; i < rows; i += FIT_TILE_ROWS) {
          VALUE *const target = c + (first + i) * product->c_stride + j;
          if (columns == TILE_COLUMNS && rows - i >= FIT_TILE_ROWS)
            NAMED(add_tile)(packed + i * inner, panel, inner, target, product->c_stride);
          else
            NAMED(add_edge)(packed + i * inner, panel, inner, target, product->c_stride,
                            least(FIT_TILE_ROWS, rows - i), columns);
        }
      }
    }
  }
}

#undef TILE_COLUMNS

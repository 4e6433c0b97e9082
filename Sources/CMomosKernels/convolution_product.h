// Filter matrices times packed pixels.

/// Where the sums of a product go; rows are counted from row 0 of the matrix, pixels from the first one.
typedef struct {
  float *y;
  size_t y_stride;
  const momos_finish *finish;
  int is_first;  ///< of the column blocks: y has no sums yet
  int is_last;   ///< of the column blocks: sums are finished
} product_target;

/// Adds the sums of neighbouring pixels of a row to those of earlier columns, and finishes them after the last.
INLINE void add_pixels(const product_target *target, size_t row, size_t pixel, size_t count, lanes sum) {
  const size_t at = row * target->y_stride + pixel;
  float *y = target->y + at;
  if (!target->is_first) sum = loaded_part(y, count) + sum;
  if (target->is_last) {
    const momos_finish *finish = target->finish;
    if (finish->scale) sum *= finish->scale[row];
    if (finish->bias) sum += finish->bias[row];
    if (finish->residual) sum += loaded_part(finish->residual + at, count);
    const lanes lower = finish->lower, upper = finish->upper;
    sum = sum < lower ? lower : sum;
    sum = sum > upper ? upper : sum;
  }
  if (count >= GEMM_LANES)
    *(unaligned_lanes *)y = sum;
  else
    STORE_PARTIAL(y, count, sum);
}

/// The products of a tile of rows with the panels of a block.
static void multiply_pixel_panels(const tile_rows *rows, size_t row, size_t row_count, const pixel_block *block,
                                  const float *panel, const product_target *target) {
  const size_t grouped = block->count - block->singles;
  tile_rows again = *rows;
  for (size_t done = 0; done < block->vectors; again.ahead = 0) {
    const size_t vectors = panel_vectors(block, done), pixel = done * GEMM_LANES;
    for (size_t r = 0; r < row_count; r++)
      for (size_t v = 0; v < vectors; v++)
        __builtin_prefetch(target->y + (row + r) * target->y_stride + block->first + pixel + v * GEMM_LANES, 1, 2);
    lanes sums[GEMM_ROWS][WIDE_PANEL];
    multiply_panels(&again, panel, sums, vectors);
    for (size_t r = 0; r < row_count; r++)
      for (size_t v = 0; v < vectors && pixel + v * GEMM_LANES < grouped; v++)
        add_pixels(target, row + r, block->first + pixel + v * GEMM_LANES, grouped - pixel - v * GEMM_LANES,
                   sums[r][v]);
    done += vectors;
    panel += vectors * GEMM_LANES * rows->count;
  }
}

/// The products of a tile of rows with the single pixels of a block.
static void multiply_singles(const tile_rows *rows, size_t row, size_t row_count, const pixel_block *block,
                             const float *singles, const product_target *target) {
  const size_t first = block->first + block->count - block->singles;
  for (size_t done = 0, count; done < block->singles; done += count) {
    count = even_group(block->singles - done, DOT_VECTORS);
    float sums[DOT_VECTORS][GEMM_ROWS] = {0};
    const tile_target dots = {.y = sums[0], .y_stride = GEMM_ROWS, .rows = GEMM_ROWS, .count = count};
    multiply_dots_f32(rows, singles + done * rows->count, rows->count, &dots);
    for (size_t v = 0; v < count; v++)
      for (size_t r = 0; r < row_count; r++)
        add_pixels(target, row + r, first + done + v, 1, (lanes)sums[v][r]);
  }
}

static void multiply_block(const weight_source *weights, const pixel_source *pixels, size_t columns,
                           const pixel_block *block, const momos_product_range *range, product_target target,
                           float *scratch) {
  const size_t step = column_block(columns);
  const size_t panel_floats = block->vectors * GEMM_LANES * step;
  float *const panels = scratch + PANELS_BEGIN;
  const packed_pixels packed = {panels, panels + panel_floats, panels + panel_floats + block->singles * step};
  for (size_t begin = 0; begin < columns; begin += step) {
    const size_t end = smallest(begin + step, columns);
    target.is_first = begin == 0;
    target.is_last = end == columns;
    pack_pixels(pixels, block, begin, end, &packed);
    for (size_t row = range->row_begin; row < range->row_end; row += GEMM_ROWS) {
      const tile_rows rows = source_rows(weights, row, range->row_end, begin, end, scratch, 0);
      const size_t row_count = smallest(range->row_end - row, GEMM_ROWS);
      multiply_pixel_panels(&rows, row, row_count, block, packed.panels, &target);
      multiply_singles(&rows, row, row_count, block, packed.singles, &target);
    }
  }
}

/// All products of a range with `all` pixels in an image.
static void multiply_pixels(const weight_source *weights, const pixel_source *pixels, size_t columns, size_t all,
                            const momos_product_range *range, const product_target *target, float *scratch) {
  const size_t rest = all % MOMOS_PIXEL_STEP;
  const size_t singles = range->pixel_end == all && rest <= MOST_SINGLE_PIXELS ? rest : 0;
  const size_t grouped = range->pixel_end - singles;
  for (size_t first = range->pixel_begin; first < range->pixel_end;) {
    const size_t panels = even_group(largest(divided_up(grouped - first, MOST_PANEL_WIDTH), 1), MOST_WIDE_PANELS);
    const size_t end = smallest(first + panels * MOST_PANEL_WIDTH, grouped);
    const int is_last = end == grouped;
    const pixel_block block = {
        .first = first,
        .count = end - first + (is_last ? singles : 0),
        .vectors = divided_up(end - first, NARROW_PANEL * GEMM_LANES) * NARROW_PANEL,
        .singles = is_last ? singles : 0,
    };
    multiply_block(weights, pixels, columns, &block, range, *target, scratch);
    first += block.count;
  }
}

static void convolve(const weight_source *weights, const momos_convolution *convolution, const float *x, float *y,
                     const momos_finish *finish, const momos_product_range *range, float *scratch) {
  const size_t all = pixel_count(convolution);
  const product_target target = {.y = y, .y_stride = all, .finish = finish};
  multiply_pixels(weights, &(pixel_source){.convolution = convolution, .x = x},
                  convolution->channels * tap_count(convolution), all, range, &target, scratch);
}

static void convolve_dense(const momos_dense_weight *weight, const momos_convolution *convolution, const float *x,
                           float *y, const momos_finish *finish, const momos_product_range *range, float *scratch) {
  convolve(&(weight_source){.dense = weight}, convolution, x, y, finish, range, scratch);
}

static void convolve_mosaic(const momos_mosaic_weight *weight, const momos_convolution *convolution, const float *x,
                            float *y, const momos_finish *finish, const momos_product_range *range, float *scratch) {
  convolve(&(weight_source){.mosaic = weight}, convolution, x, y, finish, range, scratch);
}

static void multiply_activations(const float *a, size_t a_stride, const momos_factor *factor, float *c,
                                 size_t c_stride, const momos_finish *finish, const momos_product_range *range,
                                 float *scratch) {
  const momos_dense_weight weight = {
      .weights = a, .type = MOMOS_WEIGHT_F32, .columns = factor->columns, .row_stride = a_stride};
  const product_target target = {.y = c, .y_stride = c_stride, .finish = finish};
  multiply_pixels(&(weight_source){.dense = &weight}, &(pixel_source){.factor = factor}, factor->columns,
                  factor->pixels, range, &target, scratch);
}

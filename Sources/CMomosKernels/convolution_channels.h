// Convolutions of each channel on its own, straight from its band.

/// Vectors of sums that are computed together.
#define CHANNEL_VECTORS 4

/// Sums over taps for neighbouring floats of a band.
INLINE void sum_taps(const float *weights, const float *band, const size_t *offsets, const size_t taps,
                     const int vectors, float *sums) {
  lanes sum[CHANNEL_VECTORS] = {0};
  for (size_t t = 0; t < taps; t++) {
    const lanes weight = weights[t];
    const float *from = band + offsets[t];
    UNROLLED for (int v = 0; v < vectors; v++) sum[v] = MULTIPLY_ADD(weight, loaded(from + v * GEMM_LANES), sum[v]);
  }
  UNROLLED for (int v = 0; v < vectors; v++) *(unaligned_lanes *)(sums + v * GEMM_LANES) = sum[v];
}

/// The same for `count` of them; up to CHANNEL_VECTORS vectors are read and written after the last one.
INLINE void sum_band(const float *weights, const float *band, const size_t *offsets, const size_t taps, size_t count,
                     float *sums) {
  for (size_t i = 0; i < count; i += CHANNEL_VECTORS * GEMM_LANES)
    sum_taps(weights, band + i, offsets, taps, CHANNEL_VECTORS, sums + i);
}

/// What convolutions of channels share.
typedef struct {
  band_plan bands;
  size_t taps;
  size_t offsets[MOST_COLUMNS];
  float *band;
  float *sums;  ///< for every float of the first remainders of a band
} channel_plan;

/// All output rows of one row of weights. Sums run over whole bands, of which rows are cut out.
static void convolve_channel(const channel_plan *plan, const float *weights, const float *channel, size_t row,
                             const product_target *target) {
  const momos_convolution *const convolution = plan->bands.convolution;
  const size_t width = convolution->output[2], height = convolution->output[1];
  const size_t length = plan->bands.shape.length, step = channel_rows(convolution);
  for (size_t first = 0; first < height; first += step) {
    const size_t rows = smallest(step, height - first), count = (rows - 1) * length + width;
    fill_band(&plan->bands, channel, first, plan->band);
    switch (plan->taps) {
      case 9: sum_band(weights, plan->band, plan->offsets, 9, count, plan->sums); break;
      default: sum_band(weights, plan->band, plan->offsets, plan->taps, count, plan->sums);
    }
    for (size_t r = 0; r < rows; r++)
      for (size_t x = 0; x < width; x += GEMM_LANES)
        add_pixels(target, row, (first + r) * width + x, width - x, loaded(plan->sums + r * length + x));
  }
}

static void convolve_channels(const weight_source *source, const momos_convolution *convolution,
                              size_t rows_per_channel, const float *x, float *y, const momos_finish *finish,
                              const momos_product_range *range, float *scratch) {
  const product_target target = {
      .y = y, .y_stride = pixel_count(convolution), .finish = finish, .is_first = 1, .is_last = 1};
  const size_t plane = plane_count(convolution), taps = tap_count(convolution);
  channel_plan plan = {
      .bands = band_plan_of(convolution, channel_rows(convolution)), .taps = taps, .band = scratch + PANELS_BEGIN};
  plan.sums = plan.band + band_count(&plan.bands.shape) + BAND_SLACK;
  find_offsets(&plan.bands, 0, taps, plan.offsets);
  for (size_t row = range->row_begin; row < range->row_end; row += GEMM_ROWS) {
    const tile_rows rows = source_rows(source, row, range->row_end, 0, taps, scratch, 0);
    for (size_t r = 0; r < GEMM_ROWS && row + r < range->row_end; r++)
      convolve_channel(&plan, rows.row[r], x + (row + r) / rows_per_channel * plane, row + r, &target);
  }
}

static void convolve_channels_dense(const momos_dense_weight *weight, const momos_convolution *convolution,
                                    size_t rows_per_channel, const float *x, float *y, const momos_finish *finish,
                                    const momos_product_range *range, float *scratch) {
  convolve_channels(&(weight_source){.dense = weight}, convolution, rows_per_channel, x, y, finish, range, scratch);
}

static void convolve_channels_mosaic(const momos_mosaic_weight *weight, const momos_convolution *convolution,
                                     size_t rows_per_channel, const float *x, float *y, const momos_finish *finish,
                                     const momos_product_range *range, float *scratch) {
  convolve_channels(&(weight_source){.mosaic = weight}, convolution, rows_per_channel, x, y, finish, range, scratch);
}

// Of a table of kernels.
#define CONVOLUTION_MEMBERS                                                                  \
  .convolve_dense = convolve_dense, .convolve_mosaic = convolve_mosaic,                      \
  .convolve_channels_dense = convolve_channels_dense,                                        \
  .convolve_channels_mosaic = convolve_channels_mosaic,                                      \
  .multiply_activations = multiply_activations

#include "convolution_plan.h"

/// Floats for a tile of rows, panels of as many pixels as there are in a block, and a band.
static size_t scratch_count(size_t columns, size_t pixels, size_t band) {
  const size_t block = smallest(divided_up(pixels, MOMOS_PIXEL_STEP) * MOMOS_PIXEL_STEP, MOST_BLOCK_PIXELS);
  return MOST_PANELS_BEGIN + (block + MOST_SINGLE_PIXELS) * column_block(columns) + band + BAND_SLACK;
}

size_t momos_convolution_scratch_count(const momos_convolution *convolution) {
  const size_t columns = convolution->channels * tap_count(convolution), pixels = pixel_count(convolution);
  if (pixels == 0 || is_pointwise(convolution) || !is_planar(convolution)) return scratch_count(columns, pixels, 0);
  const band_shape shape = band_shape_of(convolution, block_rows(convolution));
  return scratch_count(columns, pixels, band_count(&shape));
}

size_t momos_channel_scratch_count(const momos_convolution *convolution) {
  if (pixel_count(convolution) == 0) return 0;
  const size_t rows = channel_rows(convolution);
  const band_shape shape = band_shape_of(convolution, rows);
  return MOST_PANELS_BEGIN + band_count(&shape) + rows * shape.length + 2 * BAND_SLACK;
}

size_t momos_product_scratch_count(const momos_factor *factor) {
  return scratch_count(factor->columns, factor->pixels, 0);
}

// What all instruction sets agree on: the blocking of convolutions and the sizes of their scratch.
#ifndef MOMOS_CONVOLUTION_PLAN_H
#define MOMOS_CONVOLUTION_PLAN_H

#include "gemm_plan.h"
#include "momos_convolution.h"

/// Most columns whose products are summed on their own.
#define MOST_COLUMNS 1024

/// Most panels of the widest kind packed at a time.
#define MOST_WIDE_PANELS 5

/// Most pixels after the last whole step that are multiplied one after the other; more fill a step with padding.
#define MOST_SINGLE_PIXELS 6

#define MOST_BLOCK_PIXELS (MOST_WIDE_PANELS * MOST_PANEL_WIDTH + MOST_SINGLE_PIXELS)

/// Floats after a band and after sums that whole vectors may touch.
#define BAND_SLACK 64

/// Taps whose places in a band are computed at a time.
#define TAP_COUNT 128

/// Most panels of a block, for the narrowest panel of 8 pixels.
#define MOST_PANELS (MOST_WIDE_PANELS * MOST_PANEL_WIDTH / 8)

/// Output rows of a channel that `convolve_channels` computes from one band.
#define CHANNEL_ROWS 32

static inline size_t largest(size_t a, size_t b) { return a > b ? a : b; }

/// Columns of a block: as even as multiples of 16 allow.
static inline size_t column_block(size_t columns) {
  const size_t blocks = divided_up(columns, MOST_COLUMNS);
  return blocks == 0 ? 0 : divided_up(divided_up(columns, blocks), 16) * 16;
}

static inline size_t tap_count(const momos_convolution *convolution) {
  return convolution->kernel[0] * convolution->kernel[1] * convolution->kernel[2];
}

static inline size_t pixel_count(const momos_convolution *convolution) {
  return convolution->output[0] * convolution->output[1] * convolution->output[2];
}

static inline size_t plane_count(const momos_convolution *convolution) {
  return convolution->input[0] * convolution->input[1] * convolution->input[2];
}

/// True if the pixels of all channels are the columns: then nothing is gathered.
static inline int is_pointwise(const momos_convolution *convolution) {
  for (int d = 0; d < 3; d++)
    if (convolution->kernel[d] != 1 || convolution->stride[d] != 1 || convolution->pad_begin[d] != 0 ||
        convolution->output[d] != convolution->input[d])
      return 0;
  return 1;
}

static inline int is_planar(const momos_convolution *convolution) {
  return convolution->input[0] == 1 && convolution->kernel[0] == 1 && convolution->output[0] == 1 &&
         convolution->pad_begin[0] == 0;
}

/// A band holds what some output rows see of one channel, with zeros where there is no input. Its rows and columns are
/// sorted by their remainders to the strides, [row remainder][column remainder][row][column], so that for each tap
/// neighbouring pixels lie side by side and output rows `length` floats apart.
typedef struct {
  size_t row_phases;  ///< remainders that taps have
  size_t column_phases;
  size_t rows;  ///< of each remainder
  size_t length;
} band_shape;

static inline band_shape band_shape_of(const momos_convolution *convolution, size_t output_rows) {
  const size_t *const kernel = convolution->kernel, *const stride = convolution->stride;
  return (band_shape){
      .row_phases = kernel[1] == 1 ? 1 : stride[1],
      .column_phases = kernel[2] == 1 ? 1 : stride[2],
      .rows = output_rows + (kernel[1] - 1) * convolution->dilation[1] / stride[1],
      .length = convolution->output[2] + (kernel[2] - 1) * convolution->dilation[2] / stride[2],
  };
}

static inline size_t band_count(const band_shape *shape) {
  return shape->row_phases * shape->column_phases * shape->rows * shape->length;
}

/// Output rows that a block of pixels may touch.
static inline size_t block_rows(const momos_convolution *convolution) {
  return smallest(convolution->output[1], MOST_BLOCK_PIXELS / convolution->output[2] + 2);
}

/// Output rows that `convolve_channels` computes at a time.
static inline size_t channel_rows(const momos_convolution *convolution) {
  return smallest(convolution->output[1], CHANNEL_ROWS);
}

#endif

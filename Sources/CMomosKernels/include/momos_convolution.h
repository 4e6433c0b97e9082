/// Convolutions and products of activations, by the tile kernels of momos_gemm.h.
///
/// Nothing is allocated, no threads are started and arguments are trusted. The columns that a filter sees are packed a
/// panel at a time: of all gathered columns only at most 240 pixels times 1024 values exist at once. Callers split a
/// product by rows and by pixels (at multiples of 16); every split gives the same bits.
///
/// A sum over the columns of the filter matrix is the sum of its column blocks (at most 1024 columns each, as even as
/// multiples of 16 allow), added in ascending order; inside a block it runs over ascending columns, in one partial sum
/// or, for the last pixels of an image, in several. Error bound as in momos_gemm.h for float32.
#ifndef MOMOS_CONVOLUTION_H
#define MOMOS_CONVOLUTION_H

#include <stddef.h>

/// Row ranges and pixel ranges begin and end at multiples of this, or at the last pixel.
#define MOMOS_PIXEL_STEP 16

/// Shapes of a convolution without groups: [channels, depth, height, width] to [rows, depth, height, width]. The filter
/// matrix is [rows, channels * kernel depth * kernel height * kernel width]. Fewer dimensions have leading ones.
///
/// Output position o sees input positions o * stride - pad_begin + tap * dilation; those outside the input are zero.
typedef struct {
  size_t channels;
  size_t input[3];
  size_t kernel[3];
  size_t stride[3];
  size_t dilation[3];
  size_t pad_begin[3];
  size_t output[3];
} momos_convolution;

/// What becomes of a sum: y = clamp(sum * scale[row] + bias[row] + residual, lower, upper), where NaN stays NaN.
typedef struct {
  const float *scale;     ///< one for each row of the matrix; NULL for ones
  const float *bias;      ///< one for each row of the matrix; NULL for zeros
  const float *residual;  ///< laid out like y, may be y; NULL for zeros
  float lower, upper;     ///< -infinity and +infinity for none
} momos_finish;

/// Rows [row_begin, row_end) of the matrix times columns [pixel_begin, pixel_end).
typedef struct {
  size_t row_begin, row_end, pixel_begin, pixel_end;
} momos_product_range;

/// C [rows, pixels] = A [rows, columns] B, with B [columns, pixels], or [pixels, columns] if `is_transposed`.
typedef struct {
  const float *b;
  size_t b_stride;  ///< elements from one row of B, as it lies, to the next
  int is_transposed;
  size_t columns;
  size_t pixels;
} momos_factor;

/// Floats of scratch of a convolution, for any range.
size_t momos_convolution_scratch_count(const momos_convolution *convolution);

/// Floats of scratch of `convolve_channels`, for any range.
size_t momos_channel_scratch_count(const momos_convolution *convolution);

/// Floats of scratch of a product of activations, for any range.
size_t momos_product_scratch_count(const momos_factor *factor);

#endif

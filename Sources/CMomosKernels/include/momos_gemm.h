/// Products of a matrix with a batch of vectors, from dense weights or straight from a mosaic.
///
/// Nothing is allocated, no threads are started and arguments are trusted: the caller checks them. Callers split a
/// product over threads by row ranges; every split gives the same bits, because no sum depends on the range that its
/// row came in. Instruction sets differ within the stated error bounds: sums are fused and ordered as fits each set.
///
/// A product over many columns is the sum of its *column blocks* (at most 2048 columns each, 4096 for pairs, 8192 in a
/// dense product with fewer than four vectors), added in ascending order. Inside a block a sum runs either over
/// ascending columns, or over ascending columns in each of 4 to 32 partial sums which are then added as a tree. Which
/// of the two depends only on the batch and on the place of the vector in it.
///
/// Additions into y are float32, one for each column block. Pointers need the alignment of their elements only, except
/// scratch, and row ranges and batches may be empty.
///
/// Error: for 4096 columns of Gaussian weights and inputs the norm of the error of y is at most 2e-6 of the norm of y
/// (float32), and at most 3e-3 (pairs of bf16).
#ifndef MOMOS_GEMM_H
#define MOMOS_GEMM_H

#include <stddef.h>
#include <stdint.h>

#include "momos_convolution.h"
#include "momos_kernels.h"

#if defined(__clang__)
#define MOMOS_GEMM_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MOMOS_GEMM_SENDABLE
#endif

/// Most values of all motifs of a stage that stay in the nearest cache beside a panel of vectors.
#define MOMOS_MOST_NEAR_MOTIFS 4096

/// Element types of dense weights; the narrow ones are widened to float32 without rounding.
typedef enum { MOMOS_WEIGHT_F32, MOMOS_WEIGHT_F16, MOMOS_WEIGHT_BF16 } momos_weight_type;

/// W [rows, columns], row-major. Any alignment that the element type allows.
typedef struct {
  const void *weights;
  momos_weight_type type;
  size_t columns;
  size_t row_stride;  ///< elements from one row to the next, at least `columns`
} momos_dense_weight;

/// The batch of a product: x [batch, columns] and y [batch, rows], both row-major float32, not overlapping.
typedef struct {
  const float *x;
  size_t x_stride;  ///< elements from one vector of x to the next
  float *y;         ///< y[b, i] is written at y[b * y_stride + i], with i counted from row 0 of the matrix
  size_t y_stride;
  size_t batch;
  int accumulate;  ///< 0: y = W x; otherwise y = y + W x
  const uint32_t *y_numbers;  ///< mosaics only: which value of a vector of y each row is; NULL: in their order
} momos_batch;

/// W [rows, columns] as the sum of its stages: W[i, t * s + o] = sum over stages of motif(index[i, t])[o], and in
/// overlapping stages of motif(index[i, t])[o] + motif(index[i, t - 1])[s + o], where there is nothing before block 0.
/// Additions are float32, in this order; the sum is then multiplied by the scale of its row.
typedef struct {
  const momos_stage *stages;  ///< `transposed` is not used
  size_t stage_count;
  size_t columns;
  const float *row_scale;     ///< one for each row; NULL for ones
} momos_mosaic_weight;

/// The kernels of one instruction set; constant for the life of the process.
typedef struct MOMOS_GEMM_SENDABLE {
  const char *name;

  /// y[b, i] = sum over j of W[i, j] * x[b, j] for rows i in [row_begin, row_end) and every b of the batch.
  /// Without columns y becomes 0 (or stays, accumulating). Narrow weights of batches of four and more are widened one
  /// tile of rows at a time.
  /// scratch: `momos_dense_scratch_count` floats, 64-byte aligned, one scratch per thread.
  void (*multiply_dense)(const momos_dense_weight *weight, const momos_batch *batch, size_t row_begin, size_t row_end,
                         float *scratch);

  /// The same from a mosaic. Only tiles of at most 32 rows and 2048 columns (4096 for pairs) are ever expanded, into
  /// scratch that stays in the nearest caches, once for every 512 vectors of the batch or more; where loads are fast,
  /// small dictionaries of single plain stages are multiplied straight from their motifs. From batches of four on the
  /// result has the bits of `multiply_dense` of the reconstructed matrix.
  /// scratch: `momos_mosaic_scratch_count` floats, 64-byte aligned, one scratch per thread.
  void (*multiply_mosaic)(const momos_mosaic_weight *weight, const momos_batch *batch, size_t row_begin,
                          size_t row_end, float *scratch);

  /// Both from pairs of bf16: W and x are rounded to bf16 (to nearest, ties to even; subnormals are zero), the products
  /// of two neighbouring columns are summed in float32 at a time. Rows may be scaled after their sums instead of before
  /// rounding. NULL where the processor has no such instruction.
  void (*multiply_dense_pairs)(const momos_dense_weight *weight, const momos_batch *batch, size_t row_begin,
                               size_t row_end, float *scratch);
  void (*multiply_mosaic_pairs)(const momos_mosaic_weight *weight, const momos_batch *batch, size_t row_begin,
                                size_t row_end, float *scratch);

  /// y[i, p] = finish(sum over j of W[i, j] * column(p)[j]) for the rows and pixels of a range, where column(p) is what
  /// output pixel p sees of x [channels, input]; y is [rows, output] with rows counted from row 0 of the matrix.
  /// Without columns nothing is written. y must not overlap x or a residual.
  /// scratch: `momos_convolution_scratch_count` floats, 64-byte aligned, one scratch per thread.
  void (*convolve_dense)(const momos_dense_weight *weight, const momos_convolution *convolution, const float *x,
                         float *y, const momos_finish *finish, const momos_product_range *range, float *scratch);
  void (*convolve_mosaic)(const momos_mosaic_weight *weight, const momos_convolution *convolution, const float *x,
                          float *y, const momos_finish *finish, const momos_product_range *range, float *scratch);

  /// The same for planes (depth 1) of which each row of the matrix [rows, kernel height * kernel width] sees one
  /// channel, row / rows_per_channel; at most 1024 taps. All pixels are computed.
  /// scratch: `momos_channel_scratch_count` floats.
  void (*convolve_channels_dense)(const momos_dense_weight *weight, const momos_convolution *convolution,
                                  size_t rows_per_channel, const float *x, float *y, const momos_finish *finish,
                                  const momos_product_range *range, float *scratch);
  void (*convolve_channels_mosaic)(const momos_mosaic_weight *weight, const momos_convolution *convolution,
                                   size_t rows_per_channel, const float *x, float *y, const momos_finish *finish,
                                   const momos_product_range *range, float *scratch);

  /// C = finish(A B) for the rows and pixels of a range, with A [rows, columns].
  /// scratch: `momos_product_scratch_count` floats.
  void (*multiply_activations)(const float *a, size_t a_stride, const momos_factor *factor, float *c, size_t c_stride,
                               const momos_finish *finish, const momos_product_range *range, float *scratch);
} momos_gemm_table;

/// Floats of scratch that the dense kernels need, for any row range.
size_t momos_dense_scratch_count(const momos_dense_weight *weight, size_t batch);

/// Floats of scratch that the mosaic kernels need, for any row range.
size_t momos_mosaic_scratch_count(const momos_mosaic_weight *weight, size_t batch);

/// The table of an instruction set by its name, or NULL if this build or this processor lacks it.
const momos_gemm_table *momos_gemm_named(const char *name);

/// Names of the instruction sets of this build, best first, NULL-terminated: "avx512bf16" is "avx512" with the kernels
/// of pairs.
const char *const *momos_gemm_names(void);

/// The best table that this processor supports; never NULL.
const momos_gemm_table *momos_gemm_best(void);

#endif

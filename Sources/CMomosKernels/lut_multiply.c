// Group by group: tables of all stages, lookups, float sums. Kernels of an instruction set do the steps.

#include <string.h>

#include "lut_internal.h"

/// Bytes of tables that are filled before they are read: they should stay in the second-level cache.
#define TABLE_BYTES_AT_ONCE 262144

/// Most vectors that are multiplied at once.
#define VECTORS_AT_ONCE 32

/// What a product needs beside its tables, each part aligned.
typedef struct {
  size_t vector_count;  ///< vectors multiplied at once
  size_t table_bytes;   ///< of one vector
  size_t sums_stride;   ///< rows of the range, padded
  uint8_t *tables;      ///< [vector_count, table_bytes]
  float *sums;          ///< [vector_count, sums_stride]
  float *scales;        ///< [vector_count]
  float *window;        ///< [LUT_WINDOW_COLUMNS]
  int16_t *quantised;   ///< [LUT_WINDOW_COLUMNS]
} lut_workspace;

static size_t table_bytes_of(const momos_lut_dictionary *dictionary) {
  return MOMOS_LUT_GROUP_COLUMNS / dictionary->block_length * dictionary->entry_count * 2;
}

static size_t aligned(size_t bytes) { return (bytes + MOMOS_LUT_ALIGNMENT - 1) / MOMOS_LUT_ALIGNMENT * MOMOS_LUT_ALIGNMENT; }

/// Sizes of a workspace and, if there is scratch, its parts. Returns the bytes needed.
static size_t lay_out(const momos_lut_matrix *matrix, size_t batch, size_t row_count, uint8_t *scratch,
                      lut_workspace *workspace) {
  size_t table_bytes = 0;
  for (size_t i = 0; i < matrix->stage_count; i++) {
    const size_t bytes = table_bytes_of(matrix->stages[i].dictionary);
    table_bytes = bytes > table_bytes ? bytes : table_bytes;
  }
  const size_t fitting = table_bytes > 0 ? TABLE_BYTES_AT_ONCE / table_bytes : 1;
  const size_t vectors = lut_smaller(lut_smaller(fitting, VECTORS_AT_ONCE), batch);
  const size_t stride = lut_ceiling_quotient(row_count, 64) * 64;
  const size_t sums_at = aligned(vectors * table_bytes);
  const size_t scales_at = sums_at + aligned(vectors * stride * sizeof(float));
  const size_t window_at = scales_at + aligned(vectors * sizeof(float));
  const size_t quantised_at = window_at + aligned(LUT_WINDOW_COLUMNS * sizeof(float));
  if (scratch)
    *workspace = (lut_workspace){.vector_count = vectors,
                                 .table_bytes = table_bytes,
                                 .sums_stride = stride,
                                 .tables = scratch,
                                 .sums = (float *)(void *)(scratch + sums_at),
                                 .scales = (float *)(void *)(scratch + scales_at),
                                 .window = (float *)(void *)(scratch + window_at),
                                 .quantised = (int16_t *)(void *)(scratch + quantised_at)};
  return quantised_at + aligned(LUT_WINDOW_COLUMNS * sizeof(int16_t));
}

size_t momos_lut_scratch_bytes(const momos_lut_matrix *matrix, size_t batch, size_t row_count) {
  return lay_out(matrix, batch, row_count, NULL, NULL);
}

/// Copies the columns of a group's windows, zero beyond the last window and the last column.
static void copy_window(const momos_lut_dictionary *dictionary, const float *x, size_t first_column, size_t columns,
                        float *window) {
  const size_t width = MOMOS_LUT_GROUP_COLUMNS + dictionary->motif_length - dictionary->block_length;
  const size_t count = lut_smaller(width, columns - first_column);
  memcpy(window, x + first_column, count * sizeof *window);
  memset(window + count, 0, (LUT_WINDOW_COLUMNS - count) * sizeof *window);
}

/// Fills the tables of one stage and group for vectors x, x + x_stride and so on.
static void build_tables(const momos_lut_kernels *kernels, const momos_lut_dictionary *dictionary,
                         size_t first_column, size_t columns, size_t bundle_count, const float *x, size_t x_stride,
                         const lut_workspace *workspace, lut_sweep *sweep) {
  for (size_t v = 0; v < sweep->vector_count; v++) {
    copy_window(dictionary, x + v * x_stride, first_column, columns, workspace->window);
    const lut_quantisation quantisation = kernels->quantise(dictionary, workspace->window, workspace->quantised);
    workspace->scales[v] = quantisation.scale;
    kernels->build(dictionary, workspace->quantised, quantisation.shift, bundle_count,
                   workspace->tables + v * workspace->table_bytes);
  }
}

/// Adds one stage's products with the columns of a group to the sums of some vectors.
static void multiply_group(const momos_lut_kernels *kernels, const momos_lut_matrix *matrix,
                           const momos_lut_stage *stage, size_t first_column, size_t row_begin, size_t row_end,
                           const float *x, size_t x_stride, size_t vector_count, const lut_workspace *workspace) {
  const momos_lut_dictionary *dictionary = stage->dictionary;
  const lut_geometry geometry = lut_geometry_of(dictionary->layout);
  const size_t columns = lut_smaller(MOMOS_LUT_GROUP_COLUMNS, matrix->columns - first_column);
  const size_t blocks = lut_ceiling_quotient(columns, dictionary->block_length);
  const size_t bundles = lut_ceiling_quotient(blocks, geometry.bundle_blocks);
  const size_t earlier_bundles = first_column / dictionary->block_length / geometry.bundle_blocks;
  const size_t all_strips = lut_ceiling_quotient(matrix->rows, geometry.strip_rows);
  const size_t earlier_strips = row_begin / geometry.strip_rows;
  lut_sweep sweep = {
      .indices = stage->indices + (earlier_bundles * all_strips + earlier_strips * bundles) * geometry.strip_bytes,
      .bundle_count = bundles,
      .strip_count = lut_ceiling_quotient(row_end - row_begin, geometry.strip_rows),
      .entry_count = dictionary->entry_count,
      .is_signed = dictionary->is_signed,
      .tables = workspace->tables,
      .table_bytes = workspace->table_bytes,
      .scales = workspace->scales,
      .sums = workspace->sums,
      .sums_stride = workspace->sums_stride,
      .vector_count = vector_count};
  build_tables(kernels, dictionary, first_column, matrix->columns, bundles, x, x_stride, workspace, &sweep);
  kernels->sweep(dictionary->layout, &sweep);
}

/// Adds the sums of a range of rows to y.
static void add_sums(const float *sums, const float *row_scale, size_t row_begin, size_t row_end, float *y) {
  for (size_t row = row_begin; row < row_end; row++)
    y[row] += row_scale ? row_scale[row] * sums[row - row_begin] : sums[row - row_begin];
}

void momos_lut_multiply(const momos_lut_kernels *kernels, const momos_lut_matrix *matrix, const float *x,
                        size_t x_stride, size_t batch, size_t row_begin, size_t row_end, void *scratch, float *y,
                        size_t y_stride) {
  if (batch == 0 || row_begin >= row_end) return;
  lut_workspace workspace;
  lay_out(matrix, batch, row_end - row_begin, scratch, &workspace);
  for (size_t first = 0; first < batch; first += workspace.vector_count) {
    const size_t count = lut_smaller(workspace.vector_count, batch - first);
    memset(workspace.sums, 0, count * workspace.sums_stride * sizeof(float));
    for (size_t column = 0; column < matrix->columns; column += MOMOS_LUT_GROUP_COLUMNS) {
      for (size_t i = 0; i < matrix->stage_count; i++)
        multiply_group(kernels, matrix, matrix->stages + i, column, row_begin, row_end, x + first * x_stride,
                       x_stride, count, &workspace);
    }
    for (size_t v = 0; v < count; v++)
      add_sums(workspace.sums + v * workspace.sums_stride, matrix->row_scale, row_begin, row_end,
               y + (first + v) * y_stride);
  }
}

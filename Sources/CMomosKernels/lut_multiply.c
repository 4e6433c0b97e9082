// Segment by segment: tables, lookups, float sums. The kernels of an instruction set do the steps.

#include <string.h>

#include "lut_internal.h"
#include "momos_kernels.h"

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
  lut_quantisation *quantisations;  ///< [vector_count]
  float *window;        ///< [LUT_WINDOW_COLUMNS]
  int16_t *quantised;   ///< [LUT_WINDOW_COLUMNS]
} lut_workspace;

static size_t table_bytes_of(const momos_lut_dictionary *dictionary) {
  return lut_segment_blocks(dictionary) * dictionary->entry_count * 2;
}

static size_t aligned(size_t bytes) {
  return (bytes + MOMOS_LUT_ALIGNMENT - 1) / MOMOS_LUT_ALIGNMENT * MOMOS_LUT_ALIGNMENT;
}

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
  const size_t quantisations_at = sums_at + aligned(vectors * stride * sizeof(float));
  const size_t window_at = quantisations_at + aligned(vectors * sizeof(lut_quantisation));
  const size_t quantised_at = window_at + aligned(LUT_WINDOW_COLUMNS * sizeof(float));
  if (scratch)
    *workspace = (lut_workspace){.vector_count = vectors,
                                 .table_bytes = table_bytes,
                                 .sums_stride = stride,
                                 .tables = scratch,
                                 .sums = (float *)(void *)(scratch + sums_at),
                                 .quantisations = (lut_quantisation *)(void *)(scratch + quantisations_at),
                                 .window = (float *)(void *)(scratch + window_at),
                                 .quantised = (int16_t *)(void *)(scratch + quantised_at)};
  return quantised_at + aligned(LUT_WINDOW_COLUMNS * sizeof(int16_t));
}

size_t momos_lut_scratch_bytes(const momos_lut_matrix *matrix, size_t batch, size_t row_count) {
  return lay_out(matrix, batch, row_count, NULL, NULL);
}

/// The work of one call.
typedef struct {
  const momos_lut_kernels *kernels;
  const momos_lut_matrix *matrix;
  size_t row_begin, row_end;
  lut_workspace workspace;
} lut_product;

/// A segment of a stage.
typedef struct {
  size_t first_column;  ///< of its group
  size_t stage;
  size_t first_block;  ///< in its group
} lut_segment;

static lut_segment next_segment(const momos_lut_matrix *matrix, lut_segment segment) {
  const momos_lut_dictionary *dictionary = matrix->stages[segment.stage].dictionary;
  const size_t columns = lut_smaller(MOMOS_LUT_GROUP_COLUMNS, matrix->columns - segment.first_column);
  segment.first_block += lut_segment_blocks(dictionary);
  if (segment.first_block * dictionary->block_length < columns) return segment;
  segment.first_block = 0;
  if (++segment.stage < matrix->stage_count) return segment;
  return (lut_segment){segment.first_column + MOMOS_LUT_GROUP_COLUMNS, 0, 0};
}

/// The place of a segment's indices; tables, vectors and what follows are left out.
static lut_sweep sweep_of(const lut_product *product, lut_segment segment) {
  const momos_lut_matrix *matrix = product->matrix;
  const momos_lut_dictionary *dictionary = matrix->stages[segment.stage].dictionary;
  const lut_geometry geometry = lut_geometry_of(dictionary->layout);
  const size_t columns = lut_smaller(MOMOS_LUT_GROUP_COLUMNS, matrix->columns - segment.first_column);
  const size_t blocks = lut_ceiling_quotient(columns, dictionary->block_length);
  const size_t own_blocks = lut_smaller(lut_segment_blocks(dictionary), blocks - segment.first_block);
  const size_t bundles = lut_ceiling_quotient(blocks, geometry.bundle_blocks);
  const size_t earlier_bundles = segment.first_column / dictionary->block_length / geometry.bundle_blocks;
  const size_t all_strips = lut_ceiling_quotient(matrix->rows, geometry.strip_rows);
  const size_t earlier_strips = product->row_begin / geometry.strip_rows;
  const size_t offset = (earlier_bundles * all_strips + earlier_strips * bundles) * geometry.strip_bytes;
  return (lut_sweep){
      .indices = matrix->stages[segment.stage].indices + offset,
      .tile_stride = geometry.tile_strips * bundles * geometry.strip_bytes,
      .first_bundle = segment.first_block / geometry.bundle_blocks,
      .bundle_count = lut_ceiling_quotient(own_blocks, geometry.bundle_blocks),
      .strip_count = lut_ceiling_quotient(product->row_end - product->row_begin, geometry.strip_rows),
      .entry_count = dictionary->entry_count,
      .is_signed = dictionary->is_signed,
  };
}

/// Where the lookups of a segment begin.
static lut_upcoming upcoming_of(const lut_product *product, lut_segment segment) {
  const lut_geometry geometry = lut_geometry_of(product->matrix->stages[segment.stage].dictionary->layout);
  const lut_sweep sweep = sweep_of(product, segment);
  const size_t strips = lut_smaller(geometry.tile_strips, sweep.strip_count);
  return (lut_upcoming){lut_tile_indices(&sweep, geometry, 0, strips), sweep.tile_stride};
}

/// Copies the columns of a segment's windows, zero beyond the last window and the last column.
static void copy_window(const lut_product *product, lut_segment segment, const float *x, float *window) {
  const momos_lut_dictionary *dictionary = product->matrix->stages[segment.stage].dictionary;
  const size_t halo = dictionary->motif_length - dictionary->block_length;
  const size_t width = lut_segment_blocks(dictionary) * dictionary->block_length + halo;
  const size_t first = segment.first_column + segment.first_block * dictionary->block_length;
  const size_t count = lut_smaller(width, product->matrix->columns - first);
  const uint32_t *numbers = product->matrix->column_numbers;
  if (numbers)
    momos_take_values(x, numbers + first, count, window);
  else
    memcpy(window, x + first, count * sizeof *window);
  memset(window + count, 0, (LUT_WINDOW_COLUMNS - count) * sizeof *window);
}

/// Adds one segment's products with `count` vectors to their sums.
static void multiply_segment(const lut_product *product, lut_segment segment, lut_segment next, const float *x,
                             size_t x_stride, size_t count) {
  const lut_workspace *workspace = &product->workspace;
  const momos_lut_dictionary *dictionary = product->matrix->stages[segment.stage].dictionary;
  const lut_upcoming own = upcoming_of(product, segment);
  lut_sweep sweep = sweep_of(product, segment);
  for (size_t v = 0; v < count; v++) {
    copy_window(product, segment, x + v * x_stride, workspace->window);
    workspace->quantisations[v] = product->kernels->quantise(
        dictionary, workspace->window, product->matrix->allows_one_plane, workspace->quantised);
    product->kernels->build(dictionary, workspace->quantised, workspace->quantisations[v], sweep.bundle_count, own,
                            workspace->tables + v * workspace->table_bytes);
  }
  sweep.tables = workspace->tables;
  sweep.table_bytes = workspace->table_bytes;
  sweep.quantisations = workspace->quantisations;
  sweep.sums = workspace->sums;
  sweep.sums_stride = workspace->sums_stride;
  sweep.vector_count = count;
  sweep.upcoming = upcoming_of(product, next);
  product->kernels->sweep(dictionary->layout, &sweep);
}

/// Sums of all segments for `count` vectors.
static void multiply_vectors(const lut_product *product, const float *x, size_t x_stride, size_t count) {
  memset(product->workspace.sums, 0, count * product->workspace.sums_stride * sizeof(float));
  lut_segment segment = {0, 0, 0};
  while (segment.first_column < product->matrix->columns) {
    const lut_segment next = next_segment(product->matrix, segment);
    const bool is_last = next.first_column >= product->matrix->columns;
    multiply_segment(product, segment, is_last ? segment : next, x, x_stride, count);
    segment = next;
  }
}

/// Adds the sums of a range of rows to y, or replaces it; scales them before.
static void add_sums(const momos_lut_matrix *matrix, float *sums, size_t row_begin, size_t row_end, float *y) {
  const size_t count = row_end - row_begin;
  if (matrix->row_scale)
    for (size_t i = 0; i < count; i++) sums[i] *= matrix->row_scale[row_begin + i];
  if (matrix->row_numbers)
    (matrix->replaces ? momos_put_values : momos_add_values)(sums, matrix->row_numbers + row_begin, count, y);
  else if (matrix->replaces)
    memcpy(y + row_begin, sums, count * sizeof *sums);
  else
    for (size_t i = 0; i < count; i++) y[row_begin + i] += sums[i];
}

void momos_lut_multiply(const momos_lut_kernels *kernels, const momos_lut_matrix *matrix, const float *x,
                        size_t x_stride, size_t batch, size_t row_begin, size_t row_end, void *scratch, float *y,
                        size_t y_stride) {
  if (batch == 0 || row_begin >= row_end || matrix->stage_count == 0) return;
  lut_product product = {kernels, matrix, row_begin, row_end, {0}};
  const lut_workspace *workspace = &product.workspace;
  lay_out(matrix, batch, row_end - row_begin, scratch, &product.workspace);
  for (size_t first = 0; first < batch; first += workspace->vector_count) {
    const size_t count = lut_smaller(workspace->vector_count, batch - first);
    multiply_vectors(&product, x + first * x_stride, x_stride, count);
    for (size_t v = 0; v < count; v++)
      add_sums(matrix, workspace->sums + v * workspace->sums_stride, row_begin, row_end, y + (first + v) * y_stride);
  }
}

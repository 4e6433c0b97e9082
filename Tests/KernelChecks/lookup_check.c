// Checks the table kernels: every instruction set against the scalar ones bit for bit, the scalar ones against
// double precision within the stated bounds. Prints the largest errors; the exit code is 1 if any check fails.

#include <math.h>
#include <string.h>

#include "exact_memory.h"
#include "lookup_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_STAGES 3

static const size_t row_counts[] = {0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 1000};
static const size_t column_counts[] = {0, 1, 7, 8, 255, 256, 257, 300, 1024};

static int failure_count;
static size_t share;

/// Whether matrices allow tables of one byte plane.
static bool allows_one_plane;

/// The largest error that a product may have, by the header.
static double bound_of(bool is_easy) { return allows_one_plane ? 3e-2 : is_easy ? 2e-4 : 5e-4; }

static void expect(bool holds, const char *what, const char *kernels, const char *stages, size_t rows,
                   size_t columns) {
  if (holds) return;
  failure_count++;
  if (failure_count <= 20)
    fprintf(stderr, "FAILED %s: %s, %s, %zu rows, %zu columns\n", what, kernels, stages, rows, columns);
}

/// Inputs that are multiplied.
typedef enum { GAUSSIAN, OUTLIERS, ZERO, TINY, HUGE_VALUES, DENORMAL, INPUT_COUNT } input_kind;

static void fill(input_kind kind, float *x, size_t count, uint64_t seed) {
  static const double factors[] = {1, 1, 0, 1e-30, 1e30, 1e-40};
  for (size_t i = 0; i < count; i++) {
    const double outlier = kind == OUTLIERS && next_random(&seed) % 100 == 0 ? 30 : 1;
    x[i] = (float)(factors[kind] * outlier * next_gaussian(&seed));
  }
}

/// A matrix of some random stages.
typedef struct {
  char name[64];
  random_stage stages[MOST_STAGES];
  momos_lut_stage views[MOST_STAGES];
  momos_lut_matrix matrix;
} fixture;

static void make_fixture(fixture *fixture, const stage_kind *kinds, size_t count, size_t rows, size_t columns) {
  fixture->name[0] = 0;
  for (size_t i = 0; i < count; i++) {
    fixture->stages[i] = make_stage(kinds[i], rows, columns, 17 * i + rows * 1000 + columns);
    fixture->views[i] = (momos_lut_stage){fixture->stages[i].packed, &fixture->stages[i].dictionary};
    snprintf(fixture->name + strlen(fixture->name), sizeof fixture->name - strlen(fixture->name), "%s%s",
             i ? "+" : "", kinds[i].name);
  }
  fixture->matrix = (momos_lut_matrix){.stages = fixture->views,
                                       .stage_count = count,
                                       .rows = rows,
                                       .columns = columns,
                                       .allows_one_plane = allows_one_plane};
}

static void free_fixture(fixture *fixture) {
  for (size_t i = 0; i < fixture->matrix.stage_count; i++) free_stage(fixture->stages + i);
}

/// Multiplies rows in two calls, split at `split`; y is cleared first.
static void multiply(const char *kernels, const momos_lut_matrix *matrix, const float *x, size_t batch,
                     size_t split, float *y) {
  const size_t scratch_bytes = momos_lut_scratch_bytes(matrix, batch, matrix->rows);
  void *scratch = exact_bytes(scratch_bytes, MOMOS_LUT_ALIGNMENT);
  memset(scratch, 0xff, scratch_bytes);
  memset(y, 0, batch * matrix->rows * sizeof *y);
  const momos_lut_kernels *table = momos_lut_named(kernels);
  momos_lut_multiply(table, matrix, x, matrix->columns, batch, 0, split, scratch, y, matrix->rows);
  momos_lut_multiply(table, matrix, x, matrix->columns, batch, split, matrix->rows, scratch, y, matrix->rows);
  release(scratch);
}

/// The error relative to the size that the product of unrelated numbers has.
static double relative_error(const fixture *fixture, const float *x, const float *y) {
  const size_t rows = fixture->matrix.rows;
  double *exact = exactly(rows, sizeof *exact);
  double squares = 0, error = 0;
  memset(exact, 0, rows * sizeof *exact);
  for (size_t i = 0; i < fixture->matrix.stage_count; i++)
    squares += add_exact_product(fixture->stages + i, x, exact);
  for (size_t i = 0; i < rows; i++) error += (y[i] - exact[i]) * (y[i] - exact[i]);
  release(exact);
  return squares > 0 ? sqrt(error / squares) : error;
}

typedef struct {
  double gaussian, outliers;
} errors;

/// All inputs with one matrix; the largest errors are kept where the matrix is large enough to average.
static void check_inputs(const fixture *fixture, errors *largest) {
  const momos_lut_matrix *matrix = &fixture->matrix;
  float *x = exactly(matrix->columns, sizeof *x);
  float *expected = exactly(matrix->rows, sizeof *expected);
  float *y = exactly(matrix->rows, sizeof *y);
  for (input_kind kind = 0; kind < INPUT_COUNT; kind++) {
    fill(kind, x, matrix->columns, matrix->rows + kind);
    multiply("scalar", matrix, x, 1, matrix->rows, expected);
    for (const char *const *name = momos_lut_names(); *name; name++) {
      if (!momos_lut_named(*name)) continue;
      multiply(*name, matrix, x, 1, matrix->rows / 512 * 256, y);
      expect(memcmp(y, expected, matrix->rows * sizeof *y) == 0, "equal bits", *name, fixture->name, matrix->rows,
             matrix->columns);
    }
    if (kind == ZERO)
      for (size_t i = 0; i < matrix->rows; i++)
        expect(expected[i] == 0, "zero", "scalar", fixture->name, matrix->rows, matrix->columns);
    else if (kind != DENORMAL) {
      const double error = relative_error(fixture, x, expected);
      const double bound = bound_of(kind != OUTLIERS && matrix->stage_count == 1);
      const double few = matrix->rows * matrix->columns >= 20000 ? 1 : allows_one_plane ? 100 : 10;
      expect(error < few * bound, "error bound", "scalar", fixture->name, matrix->rows, matrix->columns);
      double *kept = kind == OUTLIERS ? &largest->outliers : &largest->gaussian;
      if (matrix->rows * matrix->columns >= 20000 && error > *kept) *kept = error;
    }
  }
  release(x);
  release(expected);
  release(y);
}

/// A value that is not a number, at any place, reaches every row.
static void check_not_finite(const fixture *fixture) {
  const momos_lut_matrix *matrix = &fixture->matrix;
  float *x = exactly(matrix->columns, sizeof *x);
  float *y = exactly(matrix->rows, sizeof *y);
  const float values[] = {NAN, INFINITY, -INFINITY};
  for (const char *const *name = momos_lut_names(); *name; name++)
    for (size_t i = 0; i < COUNT(values) && momos_lut_named(*name); i++) {
      fill(GAUSSIAN, x, matrix->columns, i);
      x[matrix->columns * (i + 1) / 4] = values[i];
      multiply(*name, matrix, x, 1, matrix->rows, y);
      for (size_t row = 0; row < matrix->rows; row++)
        expect(isnan(y[row]), "NaN", *name, fixture->name, matrix->rows, matrix->columns);
    }
  release(x);
  release(y);
}

/// A batch gives what its vectors give alone.
static void check_batch(const fixture *fixture, size_t batch) {
  const momos_lut_matrix *matrix = &fixture->matrix;
  float *x = exactly(batch * matrix->columns, sizeof *x);
  float *y = exactly(batch * matrix->rows, sizeof *y);
  float *alone = exactly(matrix->rows, sizeof *alone);
  fill(GAUSSIAN, x, batch * matrix->columns, batch);
  for (const char *const *name = momos_lut_names(); *name; name++) {
    if (!momos_lut_named(*name)) continue;
    multiply(*name, matrix, x, batch, matrix->rows, y);
    for (size_t b = 0; b < batch; b++) {
      multiply("scalar", matrix, x + b * matrix->columns, 1, matrix->rows, alone);
      expect(memcmp(y + b * matrix->rows, alone, matrix->rows * sizeof *y) == 0, "batch", *name, fixture->name,
             matrix->rows, matrix->columns);
    }
  }
  release(x);
  release(y);
  release(alone);
}

/// y is added to, times the row scale, and in the range of rows only.
static void check_row_scale(const stage_kind *kind) {
  const size_t rows = 700, columns = 300;
  fixture fixture;
  make_fixture(&fixture, kind, 1, rows, columns);
  float x[300], plain[700], scaled[700], factors[700];
  fill(GAUSSIAN, x, columns, 5);
  for (size_t i = 0; i < rows; i++) factors[i] = (float)i - 300, scaled[i] = 1;
  multiply("scalar", &fixture.matrix, x, 1, rows, plain);
  fixture.matrix.row_scale = factors;
  for (const char *const *name = momos_lut_names(); *name; name++) {
    if (!momos_lut_named(*name)) continue;
    for (size_t i = 0; i < rows; i++) scaled[i] = 1;
    void *scratch = exact_bytes(momos_lut_scratch_bytes(&fixture.matrix, 1, 256), MOMOS_LUT_ALIGNMENT);
    momos_lut_multiply(momos_lut_named(*name), &fixture.matrix, x, columns, 1, 256, 512, scratch, scaled, rows);
    release(scratch);
    for (size_t i = 0; i < rows; i++)
      expect(scaled[i] == (i >= 256 && i < 512 ? 1 + factors[i] * plain[i] : 1), "row scale", *name, fixture.name,
             rows, columns);
  }
  free_fixture(&fixture);
}

/// As a part of a larger matrix: columns are read and rows written where they lie, replaced or added to, and nothing else
/// is.
static void check_placement(const stage_kind *kind, bool replaces) {
  enum { ROWS = 700, COLUMNS = 300, BATCH = 3, ALL = 2 * ROWS };
  fixture fixture;
  make_fixture(&fixture, kind, 1, ROWS, COLUMNS);
  static float x[BATCH * COLUMNS], all_x[BATCH * ALL], y[BATCH * ALL], plain[BATCH * ROWS], factors[ROWS];
  static uint32_t columns[COLUMNS], rows[ROWS];
  for (uint32_t j = 0; j < COLUMNS; j++) columns[j] = ALL - 1 - 4 * j;
  for (uint32_t i = 0; i < ROWS; i++) rows[i] = 2 * i + i % 2, factors[i] = (float)i - 300;
  fill(GAUSSIAN, all_x, BATCH * ALL, 5);
  for (size_t b = 0; b < BATCH; b++)
    for (size_t j = 0; j < COLUMNS; j++) x[b * COLUMNS + j] = all_x[b * ALL + columns[j]];
  fixture.matrix.row_scale = factors;
  for (const char *const *name = momos_lut_names(); *name; name++) {
    if (!momos_lut_named(*name)) continue;
    multiply(*name, &fixture.matrix, x, BATCH, ROWS, plain);
    for (size_t i = 0; i < BATCH * ALL; i++) y[i] = 1;
    momos_lut_matrix matrix = fixture.matrix;
    matrix.replaces = replaces;
    matrix.column_numbers = columns;
    matrix.row_numbers = rows;
    void *scratch = exact_bytes(momos_lut_scratch_bytes(&matrix, BATCH, ROWS), MOMOS_LUT_ALIGNMENT);
    momos_lut_multiply(momos_lut_named(*name), &matrix, all_x, ALL, BATCH, 0, ROWS, scratch, y, ALL);
    release(scratch);
    for (size_t b = 0; b < BATCH; b++) {
      for (size_t i = 0; i < ROWS; i++) {
        const float product = plain[b * ROWS + i], *row = y + b * ALL + 2 * i;
        expect(row[i % 2] == (replaces ? product : 1 + product) && row[1 - i % 2] == 1, "placement", *name,
               fixture.name, ROWS, COLUMNS);
      }
    }
  }
  free_fixture(&fixture);
}

/// Offset of an index in the packed bytes, by the formulas of the file format alone.
static size_t strip_offset(size_t rows, size_t blocks, size_t group, size_t bundle, size_t tile_rows,
                           size_t strip_rows, size_t strip_bytes, size_t row, size_t block) {
  const size_t padded = (rows + strip_rows - 1) / strip_rows * strip_rows;
  const size_t group_begin = block / group * group;
  const size_t group_bundles =
      ((group_begin + group < blocks ? group : blocks - group_begin) + bundle - 1) / bundle;
  const size_t tile_begin = row / tile_rows * tile_rows;
  const size_t tile_strips = (tile_begin + tile_rows < padded ? tile_rows : padded - tile_begin) / strip_rows;
  const size_t before = group_begin / bundle * (padded / strip_rows) + tile_begin / strip_rows * group_bundles;
  return (before + (block - group_begin) / bundle * tile_strips + (row - tile_begin) / strip_rows) * strip_bytes;
}

static uint32_t index_by_the_book(const random_stage *stage, size_t row, size_t block) {
  const size_t group = 256 / stage->kind.block_length, rows = stage->rows, blocks = stage->blocks;
  const size_t strip_row = row % 64, place = strip_row < 32 ? 2 * strip_row : 2 * (strip_row - 32) + 1;
  const size_t in_group = block % group;
  const uint8_t *strip = stage->packed;
  switch (stage->kind.layout) {
    case MOMOS_LUT_K16: {
      strip += strip_offset(rows, blocks, group, 8, 128, 16, 64, row, block);
      const uint8_t byte = strip[4 * (row % 16) + in_group % 4];
      return in_group % 8 < 4 ? byte & 15 : byte >> 4;
    }
    case MOMOS_LUT_K64: {
      strip += strip_offset(rows, blocks, group, 4, 256, 64, 192, row, block);
      if (in_group % 4 < 3) return strip[64 * (in_group % 4) + place] & 63;
      uint32_t index = 0;
      for (size_t line = 0; line < 3; line++) index |= (uint32_t)(strip[64 * line + place] >> 6) << 2 * line;
      return index;
    }
    default: return strip[strip_offset(rows, blocks, group, 1, 256, 64, 64, row, block) + place];
  }
}

/// Packed indices lie where the file format says, and unpacking returns them.
static void check_packing(const fixture *fixture) {
  const random_stage *stage = fixture->stages;
  uint16_t *unpacked = exactly(stage->rows * stage->blocks, sizeof *unpacked);
  momos_lut_unpack(stage->kind.layout, stage->kind.block_length, stage->packed, stage->rows, stage->blocks,
                   unpacked);
  expect(memcmp(unpacked, stage->indices, stage->rows * stage->blocks * sizeof *unpacked) == 0, "unpacking", "-",
         fixture->name, stage->rows, stage->columns);
  release(unpacked);
  for (size_t i = 0; i < stage->rows; i++)
    for (size_t t = 0; t < stage->blocks; t++)
      expect(index_by_the_book(stage, i, t) == stage->indices[i * stage->blocks + t], "packing", "-", fixture->name,
             stage->rows, stage->columns);
}

/// Motifs and windows of equal magnitudes and all signs: products and sums of entries come as near to their limits
/// as they can.
static void check_extremes(const stage_kind *kind) {
  const size_t rows = 300, columns = 512;
  fixture fixture;
  make_fixture(&fixture, kind, 1, rows, columns);
  random_stage *stage = fixture.stages;
  const size_t stored = stage->motif_count / (kind->is_antipodal ? 2 : 1);
  for (size_t m = 0; m < stage->motif_count; m++)
    for (size_t o = 0; o < stage->motif_length; o++) {
      const float value = m % stored >> o % 7 & 1 ? -1 : 1;
      stage->motifs[m * stage->motif_length + o] = m < stored ? value : -value;
    }
  for (size_t i = 0; i < rows / 2 * stage->blocks; i++)
    stage->indices[i] = (uint16_t)(i / stage->blocks % 2 * (stage->motif_count - stored));
  momos_lut_pack(kind->layout, kind->block_length, stage->indices, rows, stage->blocks, stage->packed);
  stage->dictionary = momos_lut_prepare_dictionary(kind->layout, kind->block_length, stage->motif_length,
                                                   kind->is_antipodal, stage->motifs, stored, stage->expanded);
  // With one plane, the same half unit of 127 may be lost in every block.
  const double extreme_bound = allows_one_plane ? sqrt((double)stage->blocks) * .5 / 127 : bound_of(false);
  float x[512], expected[300], y[300];
  for (int sign = -1; sign <= 1; sign += 2) {
    for (size_t i = 0; i < columns; i++) x[i] = (float)sign;
    multiply("scalar", &fixture.matrix, x, 1, rows, expected);
    expect(relative_error(&fixture, x, expected) < extreme_bound, "extremes", "scalar", fixture.name, rows, columns);
    for (const char *const *name = momos_lut_names(); *name; name++) {
      if (!momos_lut_named(*name)) continue;
      multiply(*name, &fixture.matrix, x, 1, rows, y);
      expect(memcmp(y, expected, sizeof y) == 0, "equal extremes", *name, fixture.name, rows, columns);
    }
  }
  free_fixture(&fixture);
}

/// All shapes with some stages.
static void check_stages(const stage_kind *kinds, size_t count) {
  errors largest = {0, 0};
  fixture fixture;
  for (size_t r = 0; r < COUNT(row_counts); r++)
    for (size_t c = 0; c < COUNT(column_counts); c++) {
      if (!is_chosen(share)) continue;
      make_fixture(&fixture, kinds, count, row_counts[r], column_counts[c]);
      if (count == 1) check_packing(&fixture);
      check_inputs(&fixture, &largest);
      if (r % 5 == 0 && column_counts[c] > 0) check_not_finite(&fixture);
      if (r % 5 == 4) check_batch(&fixture, c % 2 ? 37 : 3);
      free_fixture(&fixture);
    }
  for (size_t i = 0; i < count; i++)
    printf("%s%s%s%s", i ? " + " : "", kinds[i].name, kinds[i].is_overlapping ? " overlapping" : "",
           kinds[i].is_antipodal ? " antipodal" : "");
  printf(": %.1e, with outliers %.1e\n", largest.gaussian, largest.outliers);
}

static void check_all(void) {
  static const struct {
    momos_lut_layout layout;
    const char *names[4];
  } layouts[] = {{MOMOS_LUT_K256, {"s2k256", "s4k256", "s8k256", "s16k256"}},
                 {MOMOS_LUT_K16, {"s2k16", "s4k16", "s8k16", "s16k16"}},
                 {MOMOS_LUT_K64, {"s2k64", "s4k64", "s8k64", "s16k64"}}};
  for (size_t l = 0; l < COUNT(layouts); l++)
    for (uint32_t i = 0; i < 4; i++)
      for (int form = 0; form < 4; form++) {
        const stage_kind kind = {layouts[l].names[i], layouts[l].layout, 2u << i, form & 1, form & 2};
        check_stages(&kind, 1);
        check_row_scale(&kind);
        check_placement(&kind, i % 2);
        check_extremes(&kind);
      }
  const stage_kind s8 = {"s8k256", MOMOS_LUT_K256, 8, false, true};
  const stage_kind s4 = {"s4k256", MOMOS_LUT_K256, 4, true, true};
  const stage_kind s16 = {"s16k256", MOMOS_LUT_K256, 16, false, false};
  const stage_kind small = {"s4k16", MOMOS_LUT_K16, 4, false, true};
  const stage_kind middle = {"s4k64", MOMOS_LUT_K64, 4, true, false};
  check_stages((stage_kind[]){s8, s8}, 2);
  check_stages((stage_kind[]){s16, s8}, 2);
  check_stages((stage_kind[]){s8, small}, 2);
  check_stages((stage_kind[]){s8, middle}, 2);
  check_stages((stage_kind[]){s8, s4, small}, 3);
}

int main(int argument_count, char **arguments) {
  share = share_of(argument_count, arguments);
  for (int one = 0; one < 2; one++) {
    allows_one_plane = one;
    printf("%s\n", one ? "one plane allowed" : "two planes");
    check_all();
  }
  printf("%d failures\n", failure_count);
  return failure_count > 0;
}

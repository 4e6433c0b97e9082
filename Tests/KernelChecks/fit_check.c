// Checks every kernel of momos_fit.h: products and moments, bit for bit, against their sums written out one number
// after another; searches of every instruction set against the scalar ones, bit for bit, since these are tested against
// numpy.

#include <math.h>

#include "exact_memory.h"
#include "momos_fit.h"
#include "samples.h"

static int failure_count;

static void expect(int holds, const char *what, const char *kernels, size_t a, size_t b, size_t c) {
  if (holds) return;
  failure_count++;
  if (failure_count <= 20) fprintf(stderr, "FAILED %s: %s, %zu, %zu, %zu\n", what, kernels, a, b, c);
}

static float *random_values(size_t count, float scale) {
  float *values = exactly(count, sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = scale * gaussian();
  return values;
}

static double *doubles(const float *values, size_t count) {
  double *wide = exactly(count, sizeof *wide);
  // Products of thirds need rounding.
  for (size_t i = 0; i < count; i++) wide[i] = (double)values[i] / 3;
  return wide;
}

static const size_t sizes[][3] = {{1, 1, 1},    {1, 0, 3},   {8, 5, 48},    {9, 1, 49},   {7, 64, 47},
                                  {97, 257, 7}, {3, 300, 1}, {100, 130, 70}, {16, 129, 96}};
#define SIZE_COUNT (sizeof sizes / sizeof *sizes)

/// A is read as it lies or transposed, C with two columns to spare.
static void check_product(const momos_fit_table *table, const size_t *size, int transposes, int accumulates) {
  const size_t rows = size[0], inner = size[1], columns = size[2], stride = columns + 2;
  float *a = random_values(rows * inner, 1), *b = random_values(inner * columns, 1);
  float *c = random_values(rows * stride - 2, 1);
  double *wide_a = doubles(a, rows * inner), *wide_b = doubles(b, inner * columns), *wide_c = doubles(c, rows * stride - 2);
  float *sums = exactly(rows * columns, sizeof *sums);
  double *wide_sums = exactly(rows * columns, sizeof *wide_sums);
  const momos_fixed_product product = {.rows = rows, .columns = columns, .inner = inner,
                                       .a_row_step = transposes ? 1 : inner, .a_inner_step = transposes ? rows : 1,
                                       .b_stride = columns, .c_stride = stride, .accumulates = accumulates};
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      float sum = accumulates ? c[i * stride + j] : 0;
      double wide_sum = accumulates ? wide_c[i * stride + j] : 0;
      for (size_t k = 0; k < inner; k++) {
        const size_t at = i * product.a_row_step + k * product.a_inner_step;
        sum += a[at] * b[k * columns + j];
        wide_sum += wide_a[at] * wide_b[k * columns + j];
      }
      sums[i * columns + j] = sum, wide_sums[i * columns + j] = wide_sum;
    }
  void *scratch = exact_bytes(MOMOS_FIT_PRODUCT_SCRATCH, 64);
  table->multiply_f32(&product, a, b, c, scratch);
  table->multiply_f64(&product, wide_a, wide_b, wide_c, scratch);
  for (size_t i = 0; i < rows; i++) {
    expect(memcmp(c + i * stride, sums + i * columns, columns * sizeof *c) == 0, "product of floats", table->name,
           rows, inner, columns);
    expect(memcmp(wide_c + i * stride, wide_sums + i * columns, columns * sizeof *wide_c) == 0,
           "product of doubles", table->name, rows, inner, columns);
  }
  release(a), release(b), release(c), release(sums);
  release(wide_a), release(wide_b), release(wide_c), release(wide_sums), release(scratch);
}

/// Three tiles of x x', one after the other.
static void check_moments(const momos_fit_table *table, size_t count, size_t columns) {
  float *x = random_values(count * columns, 1);
  void *scratch = exact_bytes(MOMOS_FIT_PRODUCT_SCRATCH, 64);
  const size_t middle = columns / 3;
  const size_t edges[3][4] = {{0, middle, 0, middle}, {0, middle, middle, columns}, {middle, columns, middle, columns}};
  for (int t = 0; t < 3; t++) {
    const size_t *edge = edges[t], width = edge[3] - edge[2], height = edge[1] - edge[0];
    const momos_moment_tile tile = {.columns = columns, .row_begin = edge[0], .row_end = edge[1],
                                    .column_begin = edge[2], .column_end = edge[3], .stride = width};
    double *moments = exactly(height * width, sizeof *moments);
    for (size_t i = 0; i < height * width; i++) moments[i] = 1;
    table->add_moments(&tile, x, count, moments, scratch);
    for (size_t i = edge[0]; i < edge[1]; i++)
      for (size_t j = i > edge[2] ? i : edge[2]; j < edge[3]; j++) {
        double sum = 1;
        for (size_t first = 0; first < count; first += MOMOS_MOMENT_GROUP) {
          float group = 0;
          for (size_t r = first; r < count && r < first + MOMOS_MOMENT_GROUP; r++)
            group += x[r * columns + i] * x[r * columns + j];
          sum += (double)group;
        }
        expect(moments[(i - edge[0]) * width + j - edge[2]] == sum, "moments", table->name, count, i, j);
      }
    release(moments);
  }
  release(x), release(scratch);
}

typedef struct {
  size_t length, motifs, columns, survivors;
  int overlaps, has_factor, is_exact;
} path_case;

static const path_case paths[] = {
    {4, 256, 200, 32, 1, 1, 0}, {4, 40, 131, 16, 1, 1, 0}, {2, 64, 150, 64, 1, 1, 0}, {2, 100, 65, 70, 1, 1, 0},
    {1, 16, 193, 1, 0, 1, 0},   {8, 30, 260, 5, 0, 1, 0},  {3, 17, 190, 17, 1, 1, 0}, {16, 20, 129, 9, 1, 1, 0},
    {5, 33, 64, 8, 1, 0, 0},    {2, 300, 90, 33, 1, 0, 0}, {4, 256, 103, 0, 1, 0, 1}, {2, 17, 64, 0, 1, 0, 1},
    {16, 5, 33, 0, 1, 0, 1},    {3, 1, 10, 1, 1, 1, 0},    {7, 4, 3, 2, 1, 1, 0},     {7, 4, 3, 0, 1, 0, 1},
    {4, 256, 200, 32, 0, 1, 0}, {2, 17, 131, 17, 0, 1, 0}};
#define PATH_COUNT (sizeof paths / sizeof *paths)

/// T of each block: ones without U, else the inverse of a triangle with ones on its diagonal.
static float *block_inverses(size_t s, size_t n, const float *factor, size_t blocks) {
  float *inverses = exactly(blocks * s * s, sizeof *inverses);
  memset(inverses, 0, blocks * s * s * sizeof *inverses);
  for (size_t b = 0; b < blocks; b++)
    for (size_t j = 0; j < s && b * s + j < n; j++)
      for (size_t i = j + 1; i-- > 0;) {
        double value = i == j;
        for (size_t q = i + 1; q <= j && factor; q++)
          value -= (double)factor[(b * s + i) * n + b * s + q] * (double)inverses[(b * s + q) * s + j];
        inverses[(b * s + i) * s + j] = (float)value;
      }
  return inverses;
}

/// Motifs [length, padded], zero beyond the last.
static float *random_motifs(size_t length, size_t count, size_t padded, float scale) {
  float *motifs = random_values(length * padded, scale);
  for (size_t o = 0; o < length; o++) memset(motifs + o * padded + count, 0, (padded - count) * sizeof *motifs);
  return motifs;
}

/// U with ones on its diagonal.
static float *random_factor(size_t n) {
  float *factor = random_values(n * n, 0.05f);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) factor[i * n + j] = i == j;
  return factor;
}

static momos_path_search new_search(const path_case *path) {
  const size_t s = path->length, n = path->columns, padded = (path->motifs + 15) / 16 * 16;
  const size_t blocks = (n + s - 1) / s;
  float *first = random_motifs(s, path->motifs, padded, 0.8f);
  float *second = path->overlaps ? random_motifs(s, path->motifs, padded, 0.5f) : NULL;
  float *factor = path->has_factor ? random_factor(n) : NULL;
  momos_path_search search = {.columns = n, .block_length = s, .motif_count = path->motifs, .padded = padded,
                              .first = first, .second = second, .factor = factor,
                              .inverses = block_inverses(s, n, factor, blocks), .survivor_count = path->survivors,
                              .lookahead = 0.1f};
  if (path->is_exact) {
    float *cross = exactly(padded * padded, sizeof *cross), *last = exactly(padded * padded, sizeof *last);
    momos_path_cross(&search, s, cross);
    momos_path_cross(&search, n % s ? n % s : s, last);
    search.cross = cross, search.last_cross = last;
  }
  return search;
}

static void release_search(const momos_path_search *search) {
  release(search->first), release(search->second), release(search->factor), release(search->inverses);
  release(search->cross), release(search->last_cross);
}

/// 1 for two blocks of three, 0 for the others.
static uint8_t *some_zeros(size_t count) {
  uint8_t *zeros = exactly(count, sizeof *zeros);
  for (size_t i = 0; i < count; i++) zeros[i] = (i * 7 + i / 5) % 3 > 0;
  return zeros;
}

static void check_paths(const path_case *path, size_t count, int has_zeros) {
  momos_path_search search = new_search(path);
  const size_t blocks = (path->columns + path->length - 1) / path->length;
  float *rows = random_values(count * path->columns, 1);
  uint16_t *expected = exactly(count * blocks, sizeof *expected), *found = exactly(count * blocks, sizeof *found);
  void *scratch = exact_bytes(momos_path_scratch_byte_count(&search, count), 64);
  uint8_t *zeros = has_zeros ? some_zeros(count * blocks) : NULL;
  search.zeros = zeros;
  momos_fit_named("scalar")->encode_paths(&search, rows, count, expected, scratch);
  for (size_t i = 0; i < count * blocks; i++) {
    expect(expected[i] < path->motifs, "range of motifs", "scalar", path->length, path->motifs, path->columns);
    expect(!zeros || !zeros[i] || expected[i] == 0, "blocks of zeros", "scalar", path->length, path->motifs,
           path->columns);
  }
  for (const char *const *name = momos_fit_names(); *name; name++) {
    const momos_fit_table *table = momos_fit_named(*name);
    if (!table) continue;
    // What scratch holds must not matter.
    memset(scratch, 0xff, momos_path_scratch_byte_count(&search, count));
    memset(found, 0xff, count * blocks * sizeof *found);
    table->encode_paths(&search, rows, count, found, scratch);
    expect(memcmp(found, expected, count * blocks * sizeof *found) == 0, "paths", table->name, path->length,
           path->motifs, path->columns);
  }
  release_search(&search);
  release(rows), release(expected), release(found), release(scratch), release(zeros);
}

/// Weights that are not numbers give some motifs.
static void check_wild_weights(const path_case *path) {
  const momos_path_search search = new_search(path);
  const size_t blocks = (path->columns + path->length - 1) / path->length;
  float *row = random_values(path->columns, 1e30f);
  uint16_t *found = exactly(blocks, sizeof *found);
  row[0] = NAN;
  void *scratch = exact_bytes(momos_path_scratch_byte_count(&search, 1), 64);
  for (const char *const *name = momos_fit_names(); *name; name++) {
    const momos_fit_table *table = momos_fit_named(*name);
    if (!table) continue;
    table->encode_paths(&search, row, 1, found, scratch);
    for (size_t t = 0; t < blocks; t++)
      expect(found[t] < path->motifs, "motifs of wild weights", table->name, path->length, path->motifs, t);
  }
  release_search(&search);
  release(row), release(found), release(scratch);
}

typedef struct {
  size_t length, motifs, added_length, added_count, columns, beam;
  int has_factor;
} stage_case;

static const stage_case stages[] = {{8, 256, 8, 256, 130, 32, 0}, {8, 100, 4, 64, 131, 32, 1}, {16, 40, 8, 17, 70, 9, 1},
                                    {6, 33, 3, 5, 200, 32, 1},    {5, 7, 1, 16, 64, 7, 1},     {1, 1, 1, 1, 3, 1, 0},
                                    {12, 20, 2, 9, 5, 3, 1}};
#define STAGE_COUNT (sizeof stages / sizeof *stages)

static void check_stages(const stage_case *stage, size_t count) {
  const size_t s = stage->length, n = stage->columns, blocks = (n + s - 1) / s, reached = blocks * (s / stage->added_length);
  const size_t padded = (stage->motifs + 15) / 16 * 16, added_padded = (stage->added_count + 15) / 16 * 16;
  float *factor = stage->has_factor ? random_factor(n) : NULL, *rows = random_values(count * n, 1);
  const momos_stage_search search = {
      .columns = n, .block_length = s, .motif_count = stage->motifs, .padded = padded,
      .motifs = random_motifs(s, stage->motifs, padded, 0.8f), .added_length = stage->added_length,
      .added_count = stage->added_count,
      .added = random_motifs(stage->added_length, stage->added_count, added_padded, 0.5f), .beam_count = stage->beam,
      .factor = factor, .inverses = block_inverses(s, n, factor, blocks),
      .added_inverses = block_inverses(stage->added_length, n, factor, reached)};
  uint16_t *expected[2], *found[2];
  for (int i = 0; i < 2; i++) {
    expected[i] = exactly(count * (i ? reached : blocks), sizeof **expected);
    found[i] = exactly(count * (i ? reached : blocks), sizeof **found);
  }
  const size_t byte_count = momos_stage_scratch_byte_count(&search, count);
  void *scratch = exact_bytes(byte_count, 64);
  momos_fit_named("scalar")->encode_stages(&search, rows, count, expected[0], expected[1], scratch);
  for (const char *const *name = momos_fit_names(); *name; name++) {
    const momos_fit_table *table = momos_fit_named(*name);
    if (!table) continue;
    memset(scratch, 0xff, byte_count);
    table->encode_stages(&search, rows, count, found[0], found[1], scratch);
    for (int i = 0; i < 2; i++)
      expect(memcmp(found[i], expected[i], count * (i ? reached : blocks) * sizeof **found) == 0, "stages",
             table->name, s, stage->added_length, n);
    rows[0] = NAN, rows[count * n - 1] = 1e38f;
    table->encode_stages(&search, rows, count, found[0], found[1], scratch);
    for (size_t i = 0; i < count * reached; i++)
      expect((i >= count * blocks || found[0][i] < stage->motifs) && found[1][i] < stage->added_count,
             "motifs of wild weights", table->name, s, stage->added_length, n);
    rows[0] = rows[count * n - 1] = 0;
    momos_fit_named("scalar")->encode_stages(&search, rows, count, expected[0], expected[1], scratch);
  }
  for (int i = 0; i < 2; i++) release(expected[i]), release(found[i]);
  release(search.motifs), release(search.added), release(search.inverses), release(search.added_inverses);
  release(factor), release(rows), release(scratch);
}

static void check_factor(size_t count) {
  const size_t stride = count + 3;
  double *a = exactly(count * stride, sizeof *a), *whole = exactly(count * stride, sizeof *whole);
  double *inverse = exactly(count * count, sizeof *inverse);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++)
      a[i * stride + j] = whole[i * stride + j] = pow(0.7, fabs((double)i - (double)j));
  expect(momos_factor_block(a, stride, count, inverse) == count, "pivots", "factor", count, 0, 0);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j <= i; j++) {
      double product = 0, unit = 0;
      for (size_t k = 0; k <= j; k++) product += a[i * stride + k] * a[j * stride + k];
      for (size_t k = j; k <= i; k++) unit += a[i * stride + k] * inverse[k * count + j];
      expect(fabs(product - whole[i * stride + j]) < 1e-12, "factor", "factor", count, i, j);
      expect(fabs(unit - (i == j)) < 1e-12, "inverse", "factor", count, i, j);
    }
  whole[(count - 1) * (stride + 1)] = -1;
  expect(momos_factor_block(whole, stride, count, inverse) == count - 1, "bad pivot", "factor", count, 0, 0);
  release(a), release(whole), release(inverse);
}

int main(int argument_count, char **arguments) {
  const size_t share = share_of(argument_count, arguments);
  for (const char *const *name = momos_fit_names(); *name; name++) {
    const momos_fit_table *table = momos_fit_named(*name);
    if (!table) continue;
    for (size_t i = 0; i < SIZE_COUNT; i++) {
      for (int form = 0; form < 4; form++)
        if (is_chosen(share)) check_product(table, sizes[i], form & 1, form >> 1);
      if (is_chosen(share)) check_moments(table, sizes[i][1], sizes[i][2]);
    }
  }
  for (size_t i = 0; i < PATH_COUNT; i++) {
    for (int has_zeros = 0; has_zeros <= (!paths[i].overlaps && !paths[i].is_exact); has_zeros++)
      if (is_chosen(share)) check_paths(&paths[i], i % 3 == 0 ? MOMOS_PATH_ROWS : 1 + i % 7, has_zeros);
    if (is_chosen(share)) check_wild_weights(&paths[i]);
  }
  for (size_t i = 0; i < STAGE_COUNT; i++)
    if (is_chosen(share)) check_stages(&stages[i], i % 2 == 0 ? MOMOS_PATH_ROWS : 3);
  for (size_t count = 1; count < 40; count += 13) check_factor(count);
  printf("kernels of fitting: %d failures\n", failure_count);
  return failure_count > 0;
}

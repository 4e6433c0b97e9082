// Checks every kernel of momos_gemm.h against float64 at awkward sizes, and that row splits give the same bits.
// Prints the largest error of each kernel relative to the norm of its output; ends with status 1 beyond the bounds.
#include "exact_memory.h"
#include "momos_lut.h"
#include "samples.h"

/// A product to check: the batch handed to the kernel and what float64 says.
typedef struct {
  momos_batch batch;
  size_t rows;
  double *expected;  ///< [batch, rows]
  double norm;       ///< sum of the squares of all terms: what |y|^2 is for independent terms, without cancellation
  float *before;     ///< y before the product
} product;

static int failures = 0;
static size_t share;

static void add_term(product *made, size_t b, size_t i, double term) {
  made->expected[b * made->rows + i] += term;
  made->norm += term * term;
}

static product new_product(size_t rows, size_t batch, size_t columns, int accumulate) {
  const size_t x_stride = columns + random_bits() % 3, y_stride = rows + random_bits() % 3;
  float *x = exactly(batch ? (batch - 1) * x_stride + columns : 0, sizeof(float));
  float *y = exactly(batch ? (batch - 1) * y_stride + rows : 0, sizeof(float));
  product made = {.batch = {.x = x, .x_stride = x_stride, .y = y, .y_stride = y_stride, .batch = batch,
                            .accumulate = accumulate},
                  .rows = rows,
                  .expected = exactly(batch * rows, sizeof(double)),
                  .before = exactly(batch * y_stride, sizeof(float))};
  if (batch) fill_gaussian(x, (batch - 1) * x_stride + columns);
  if (batch) fill_gaussian(y, (batch - 1) * y_stride + rows);
  if (batch) memcpy(made.before, y, ((batch - 1) * y_stride + rows) * sizeof(float));
  for (size_t b = 0; b < batch; b++)
    for (size_t i = 0; i < rows; i++) made.expected[b * rows + i] = 0;
  for (size_t b = 0; b < batch && accumulate; b++)
    for (size_t i = 0; i < rows; i++) add_term(&made, b, i, y[b * y_stride + i]);
  return made;
}

static void free_product(product *done) {
  release(done->batch.x);
  release(done->batch.y);
  release(done->expected);
  release(done->before);
}

/// The norm of the error of y relative to the norm of its terms.
static double relative_error(const product *done) {
  double error = 0;
  for (size_t b = 0; b < done->batch.batch; b++) {
    for (size_t i = 0; i < done->rows; i++) {
      const double expected = done->expected[b * done->rows + i];
      const double difference = done->batch.y[b * done->batch.y_stride + i] - expected;
      error += difference * difference;
    }
  }
  return done->norm > 0 ? sqrt(error / done->norm) : error > 0 ? INFINITY : 0;
}

/// A kernel and its weights: dense, or a mosaic with or without pairs.
typedef struct {
  const momos_gemm_table *table;
  const momos_dense_weight *dense;
  const momos_mosaic_weight *mosaic;
  int pairs;
} call;

static void run(const call *made, const momos_batch *batch, size_t row_begin, size_t row_end, float *scratch) {
  const momos_gemm_table *table = made->table;
  if (made->dense)
    (made->pairs ? table->multiply_dense_pairs : table->multiply_dense)(made->dense, batch, row_begin, row_end,
                                                                        scratch);
  else
    (made->pairs ? table->multiply_mosaic_pairs : table->multiply_mosaic)(made->mosaic, batch, row_begin, row_end,
                                                                          scratch);
}

static size_t scratch_count(const call *made, size_t batch) {
  if (made->dense) return momos_dense_scratch_count(made->dense, batch);
  return momos_mosaic_scratch_count(made->mosaic, batch);
}

/// Runs a product whole and in three uneven row ranges; the bits must agree.
static double checked_error(const char *what, const call *made, product *done, double bound) {
  float *scratch = exact_bytes(scratch_count(made, done->batch.batch) * sizeof(float), 64);
  const size_t size = done->batch.batch ? (done->batch.batch - 1) * done->batch.y_stride + done->rows : 0;
  float *whole = exactly(size, sizeof(float));
  run(made, &done->batch, 0, done->rows, scratch);
  memcpy(whole, done->batch.y, size * sizeof(float));
  memcpy(done->batch.y, done->before, size * sizeof(float));
  const size_t first = done->rows / 3, second = first + (done->rows - first) * 3 / 7;
  run(made, &done->batch, 0, first, scratch);
  run(made, &done->batch, second, done->rows, scratch);
  run(made, &done->batch, first, second, scratch);
  if (memcmp(whole, done->batch.y, size * sizeof(float)) != 0) {
    printf("FAIL %s: a split changes bits\n", what);
    failures++;
  }
  const double error = relative_error(done);
  if (!(error <= bound)) {
    printf("FAIL %s: error %.3g above %.3g\n", what, error, bound);
    failures++;
  }
  release(whole);
  release(scratch);
  return error;
}

static float widened(const momos_dense_weight *weight, size_t position) {
  if (weight->type == MOMOS_WEIGHT_F32) return ((const float *)weight->weights)[position];
  const uint16_t bits = ((const uint16_t *)weight->weights)[position];
  if (weight->type == MOMOS_WEIGHT_F16) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return (float)(bits & 0x8000 ? -value : value);
  }
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

/// Random weights: f16 of every finite exponent up to 16, bf16 of Gaussian values cut short.
static void *random_weights(momos_weight_type type, size_t count) {
  if (type == MOMOS_WEIGHT_F32) {
    float *values = exactly(count, sizeof(float));
    fill_gaussian(values, count);
    return values;
  }
  uint16_t *values = exactly(count, sizeof(uint16_t));
  for (size_t i = 0; i < count; i++) {
    const float value = gaussian();
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t half = (random_bits() & 0x83ff) | random_bits() % 17 << 10;
    values[i] = (uint16_t)(type == MOMOS_WEIGHT_BF16 ? bits >> 16 : half);
  }
  return values;
}

/// float32, or pairs; a few weights or outputs may by chance be several times further off than many are together.
static double error_bound(int pairs, size_t rows, size_t columns, size_t batch) {
  if (!pairs) return 2e-6;
  return rows * columns < 1000 || rows * batch < 1000 ? 12e-3 : 3e-3;
}

static double check_dense(const momos_gemm_table *table, int pairs, momos_weight_type type, size_t rows,
                          size_t columns, size_t batch, int accumulate) {
  const size_t stride = columns + random_bits() % 3;
  const size_t count = rows ? (rows - 1) * stride + columns : 0;
  const momos_dense_weight weight = {random_weights(type, count), type, columns, stride};
  product done = new_product(rows, batch, columns, accumulate);
  for (size_t b = 0; b < batch; b++)
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        add_term(&done, b, i, (double)widened(&weight, i * stride + j) * done.batch.x[b * done.batch.x_stride + j]);
  char what[128];
  snprintf(what, sizeof what, "%s dense%s type %d %zu x %zu batch %zu", table->name, pairs ? " pairs" : "", type,
           rows, columns, batch);
  const double error = checked_error(what, &(call){.table = table, .dense = &weight, .pairs = pairs}, &done,
                                     error_bound(pairs, rows, columns, batch));
  release(weight.weights);
  free_product(&done);
  return error;
}

/// What a mosaic's product is made of.
typedef struct {
  size_t rows, columns, batch, stage_count;
  int accumulate;
} mosaic_shape;

/// The tile layout of indices of this width and block length; row-major if there is none.
static momos_layout tile_layout(uint32_t s, uint32_t width) {
  if (s != 2 && s != 4 && s != 8 && s != 16) return MOMOS_LAYOUT_ROW_MAJOR;
  if (width == 8) return MOMOS_LAYOUT_TILE_K256;
  if (width == 6) return MOMOS_LAYOUT_TILE_K64;
  return width == 4 ? MOMOS_LAYOUT_TILE_K16 : MOMOS_LAYOUT_ROW_MAJOR;
}

/// Indices [rows, blocks] in the layout of a stage.
static uint8_t *packed_indices(const momos_stage *stage, const uint16_t *indices) {
  const size_t rows = stage->row_count, blocks = stage->block_count, bytes = stage->row_byte_count;
  if (stage->layout != MOMOS_LAYOUT_ROW_MAJOR) {
    const momos_lut_layout layout = (momos_lut_layout)stage->layout;
    uint8_t *packed = exact_bytes(momos_lut_index_bytes(layout, rows, blocks), 64);
    momos_lut_pack(layout, stage->block_length, indices, rows, blocks, packed);
    return packed;
  }
  uint8_t *packed = exactly(rows * bytes, 1);
  memset(packed, 0, rows * bytes);
  for (size_t i = 0; i < rows; i++)
    for (size_t t = 0; t < blocks; t++)
      pack_index(packed + i * bytes, t, stage->index_width, indices[i * blocks + t]);
  return packed;
}

/// A random stage; its weights are added to `dense` [rows, columns] as reconstruction adds them.
static momos_stage new_stage(const mosaic_shape *shape, uint32_t s, uint32_t width, int overlapping, float *dense) {
  const size_t motif_count = (size_t)1 << width, blocks = (shape->columns + s - 1) / s;
  const uint32_t length = overlapping ? 2 * s : s;
  float *motifs = exactly(motif_count * length, sizeof(float));
  uint16_t *indices = exactly(shape->rows * blocks, sizeof *indices);
  fill_gaussian(motifs, motif_count * length);
  for (size_t i = 0; i < shape->rows; i++) {
    uint32_t before = 0;
    for (size_t t = 0; t < blocks; t++) {
      const uint32_t index = random_bits() % motif_count;
      indices[i * blocks + t] = (uint16_t)index;
      for (size_t o = 0; o < s && t * s + o < shape->columns; o++) {
        float value = motifs[(size_t)index * length + o];
        if (overlapping && t > 0) value += motifs[(size_t)before * length + s + o];
        dense[i * shape->columns + t * s + o] += value;
      }
      before = index;
    }
  }
  momos_stage stage = {.layout = random_bits() % 2 ? tile_layout(s, width) : MOMOS_LAYOUT_ROW_MAJOR,
                       .row_count = shape->rows,
                       .row_byte_count = packed_byte_count(blocks, width),
                       .index_width = width,
                       .block_length = s,
                       .motif_length = length,
                       .block_count = blocks,
                       .motifs = motifs};
  stage.indices = packed_indices(&stage, indices);
  release(indices);
  return stage;
}

/// From batches of four on, the dense product of the reconstructed matrix has the same bits.
static void check_dense_bits(const char *what, const call *mosaic, const float *dense, const product *done) {
  const momos_batch *batch = &done->batch;
  if (batch->batch < 4 || mosaic->mosaic->columns == 0) return;
  const size_t size = (batch->batch - 1) * batch->y_stride + done->rows;
  const momos_dense_weight weight = {dense, MOMOS_WEIGHT_F32, mosaic->mosaic->columns, mosaic->mosaic->columns};
  momos_batch again = *batch;
  again.y = exactly(size, sizeof(float));
  memcpy(again.y, done->before, size * sizeof(float));
  float *scratch = exact_bytes(momos_dense_scratch_count(&weight, batch->batch) * sizeof(float), 64);
  run(&(call){.table = mosaic->table, .dense = &weight, .pairs = mosaic->pairs}, &again, 0, done->rows, scratch);
  for (size_t b = 0; b < batch->batch; b++) {
    const size_t first = b * batch->y_stride;
    if (memcmp(again.y + first, batch->y + first, done->rows * sizeof(float)) != 0) {
      printf("FAIL %s: not the bits of the dense product\n", what);
      failures++;
      break;
    }
  }
  release(scratch);
  release(again.y);
}

/// `count` different numbers below `extent`, ascending.
static uint32_t *random_numbers(size_t count, size_t extent) {
  uint32_t *numbers = exactly(count, sizeof *numbers);
  size_t found = 0;
  for (size_t i = 0; found < count; i++)
    if (random_bits() % (extent - i) < count - found) numbers[found++] = (uint32_t)i;
  return numbers;
}

/// Where the rows are some of a larger matrix, their products have the same bits, and nothing else is written.
static void check_placement(const char *what, const call *mosaic, const product *done) {
  const momos_batch *own = &done->batch;
  if (own->batch == 0) return;
  const size_t rows = done->rows, all_rows = rows + random_bits() % 40;
  uint32_t *numbers = random_numbers(rows, all_rows);
  float *y = exactly(own->batch * all_rows, sizeof(float)), *expected = exactly(own->batch * all_rows, sizeof(float));
  fill_gaussian(expected, own->batch * all_rows);
  memcpy(y, expected, own->batch * all_rows * sizeof(float));
  for (size_t b = 0; b < own->batch; b++) {
    for (size_t i = 0; i < rows; i++) {
      expected[b * all_rows + numbers[i]] = own->y[b * own->y_stride + i];
      y[b * all_rows + numbers[i]] = done->before[b * own->y_stride + i];
    }
  }
  momos_batch placed = *own;
  placed.y = y;
  placed.y_stride = all_rows;
  placed.y_numbers = numbers;
  float *scratch = exact_bytes(scratch_count(mosaic, own->batch) * sizeof(float), 64);
  run(mosaic, &placed, 0, rows, scratch);
  if (memcmp(y, expected, own->batch * all_rows * sizeof(float)) != 0) {
    printf("FAIL %s: other products as rows of a larger matrix\n", what);
    failures++;
  }
  release(scratch);
  release(y), release(expected), release(numbers);
}

/// Stages of the given block length and width, then random ones; every other one overlapping.
static double check_mosaic(const momos_gemm_table *table, int pairs, const mosaic_shape *shape, uint32_t s,
                           uint32_t width) {
  float *dense = exactly(shape->rows * shape->columns, sizeof(float));
  memset(dense, 0, shape->rows * shape->columns * sizeof(float));
  momos_stage stages[4];
  const int overlapping = random_bits() % 2;
  for (size_t i = 0; i < shape->stage_count; i++)
    stages[i] = new_stage(shape, i == 0 ? s : 1 + random_bits() % 64, i == 0 ? width : random_bits() % 11,
                          (overlapping + (int)i) % 2, dense);
  float *row_scale = random_bits() % 2 ? exactly(shape->rows, sizeof(float)) : NULL;
  if (row_scale) fill_gaussian(row_scale, shape->rows);
  for (size_t i = 0; row_scale && i < shape->rows; i++)
    for (size_t j = 0; j < shape->columns; j++) dense[i * shape->columns + j] *= row_scale[i];
  const momos_mosaic_weight weight = {.stages = stages,
                                      .stage_count = shape->stage_count,
                                      .columns = shape->columns,
                                      .row_scale = row_scale};
  product done = new_product(shape->rows, shape->batch, shape->columns, shape->accumulate);
  for (size_t b = 0; b < shape->batch; b++)
    for (size_t i = 0; i < shape->rows; i++)
      for (size_t j = 0; j < shape->columns; j++)
        add_term(&done, b, i, (double)dense[i * shape->columns + j] * done.batch.x[b * done.batch.x_stride + j]);
  char what[160];
  snprintf(what, sizeof what, "%s mosaic%s%s of %zu stages, s %u%s width %u, %zu x %zu batch %zu", table->name,
           pairs ? " pairs" : "", row_scale ? " scaled" : "", shape->stage_count, s, overlapping ? " overlapping" : "", width, shape->rows,
           shape->columns, shape->batch);
  const call made = {.table = table, .mosaic = &weight, .pairs = pairs};
  const double bound = error_bound(pairs, shape->rows, shape->columns, shape->batch);
  const double error = checked_error(what, &made, &done, bound);
  check_placement(what, &made, &done);
  if (!pairs || !row_scale) check_dense_bits(what, &made, dense, &done);
  for (size_t i = 0; i < shape->stage_count; i++) release(stages[i].indices), release(stages[i].motifs);
  if (row_scale) release(row_scale);
  release(dense);
  free_product(&done);
  return error;
}

static void check_dense_sizes(const momos_gemm_table *table, int pairs) {
  static const size_t rows[] = {0, 1, 3, 4, 5, 7, 8, 9, 17}, columns[] = {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 67};
  static const size_t batches[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 64, 67, 193};
  double worst = 0;
  for (int type = 0; type < 3; type++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
          if (is_chosen(share))
            worst = fmax(worst, check_dense(table, pairs, type, rows[r], columns[c], batches[b], (r + c + b) % 2));
  printf("%-10s dense%s, small sizes: %.2g\n", table->name, pairs ? " pairs" : "", worst);
  for (int type = 0; type < 3; type++) {
    double error = 0;
    for (size_t batch = 1; batch < 70; batch = batch * 2 + 1)
      error = fmax(error, check_dense(table, pairs, type, 41, 4096, batch, 0));
    error = fmax(error, check_dense(table, pairs, type, 9, 9001, 2, 0));
    printf("%-10s dense%s type %d, 4096 columns: %.2g\n", table->name, pairs ? " pairs" : "", type, error);
  }
}

/// Batches that are packed in several blocks.
static void check_large_batches(const momos_gemm_table *table, int pairs) {
  double worst = check_dense(table, pairs, MOMOS_WEIGHT_F32, 11, 4100, 530, 1);
  worst = fmax(worst, check_dense(table, pairs, MOMOS_WEIGHT_BF16, 41, 1030, 1050, 0));
  worst = fmax(worst, check_mosaic(table, pairs, &(mosaic_shape){67, 2060, 515, 2, 0}, 4, 8));
  printf("%-10s large batches%s: %.2g\n", table->name, pairs ? " pairs" : "", worst);
}

static void check_mosaic_sizes(const momos_gemm_table *table, int pairs) {
  static const size_t rows[] = {0, 1, 7, 8, 9, 19, 130};
  static const size_t columns[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 150, 1023, 1025, 1100};
  static const size_t batches[] = {0, 1, 4, 5, 15, 16, 17, 33, 48, 50, 65, 200};
  double worst = 0, large = 0;
  for (uint32_t width = 0; width <= 16; width++) {
    for (size_t trial = 0; trial < 60; trial++) {
      const mosaic_shape shape = {rows[random_bits() % 7], columns[random_bits() % 13], batches[random_bits() % 12],
                                  trial % 3 ? 1 : random_bits() % 5, trial % 2};
      const uint32_t any_length = 1 + random_bits() % (trial < 40 ? 10 : 64);
      if (!is_chosen(share)) continue;
      const int is_tiled = trial % 2 && (width == 4 || width == 6 || width == 8);
      worst = fmax(worst, check_mosaic(table, pairs, &shape, is_tiled ? 2u << trial / 2 % 4 : any_length, width));
    }
  }
  for (uint32_t s = 1; s <= 64; s = s * 2 + (s == 4)) {
    const mosaic_shape shape = {33, 4096, 34, 1 + s % 3, 0};
    large = fmax(large, check_mosaic(table, pairs, &shape, s, s + 3 < 16 ? s + 3 : 8));
  }
  printf("%-10s mosaic%s, small sizes: %.2g, 4096 columns: %.2g\n", table->name, pairs ? " pairs" : "", worst, large);
}

int main(int argument_count, char **arguments) {
  share = share_of(argument_count, arguments);
  for (const char *const *name = momos_gemm_names(); *name; name++) {
    const momos_gemm_table *table = momos_gemm_named(*name);
    if (!table) continue;
    const int pairs = table->multiply_dense_pairs != NULL;
    check_dense_sizes(table, pairs);
    check_mosaic_sizes(table, pairs);
    check_large_batches(table, pairs);
  }
  printf(failures ? "%d failures\n" : "all checks passed\n", failures);
  return failures > 0;
}

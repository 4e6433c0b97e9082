// Checks every kernel of momos_gemm.h against float64 at awkward sizes, and that row splits give the same bits.
//
//   clang -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror -ffp-contract=off
//     -I../../../Sources/CMomosKernels/include ../../../Sources/CMomosKernels/gemm_*.c check.c -lm -o /tmp/gemm_check
//
// Prints the largest error of each kernel relative to the norm of its output; ends with status 1 beyond the bounds.
#include <stdio.h>

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

static void add_term(product *made, size_t b, size_t i, double term) {
  made->expected[b * made->rows + i] += term;
  made->norm += term * term;
}

static product new_product(size_t rows, size_t batch, size_t columns, int accumulate) {
  const size_t x_stride = columns + random_bits() % 3, y_stride = rows + random_bits() % 3;
  float *x = exactly(batch ? (batch - 1) * x_stride + columns : 0, sizeof(float));
  float *y = exactly(batch ? (batch - 1) * y_stride + rows : 0, sizeof(float));
  product made = {{x, x_stride, y, y_stride, batch, accumulate}, rows, exactly(batch * rows, sizeof(double)), 0,
                  exactly(batch * y_stride, sizeof(float))};
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
  free((void *)done->batch.x);
  free(done->batch.y);
  free(done->expected);
  free(done->before);
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
  if (made->dense)
    made->table->multiply_dense(made->dense, batch, row_begin, row_end, scratch);
  else if (made->pairs)
    made->table->multiply_mosaic_pairs(made->mosaic, batch, row_begin, row_end, scratch);
  else
    made->table->multiply_mosaic(made->mosaic, batch, row_begin, row_end, scratch);
}

static size_t scratch_count(const call *made, size_t batch) {
  return made->dense ? momos_dense_scratch_count(made->dense, batch) : momos_mosaic_scratch_count(made->mosaic, batch);
}

/// Runs a product whole and in three uneven row ranges; the bits must agree.
static double checked_error(const char *what, const call *made, product *done, double bound) {
  float *scratch = exactly(scratch_count(made, done->batch.batch) + 16, sizeof(float));
  float *aligned = (float *)(((uintptr_t)scratch + 63) / 64 * 64);
  const size_t size = done->batch.batch ? (done->batch.batch - 1) * done->batch.y_stride + done->rows : 0;
  float *whole = exactly(size, sizeof(float));
  run(made, &done->batch, 0, done->rows, aligned);
  memcpy(whole, done->batch.y, size * sizeof(float));
  memcpy(done->batch.y, done->before, size * sizeof(float));
  const size_t first = done->rows / 3, second = first + (done->rows - first) * 3 / 7;
  run(made, &done->batch, 0, first, aligned);
  run(made, &done->batch, second, done->rows, aligned);
  run(made, &done->batch, first, second, aligned);
  if (memcmp(whole, done->batch.y, size * sizeof(float)) != 0) {
    printf("FAIL %s: a split changes bits\n", what);
    failures++;
  }
  const double error = relative_error(done);
  if (!(error <= bound)) {
    printf("FAIL %s: error %.3g above %.3g\n", what, error, bound);
    failures++;
  }
  free(whole);
  free(scratch);
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
    values[i] = type == MOMOS_WEIGHT_BF16 ? bits >> 16 : (uint16_t)((random_bits() & 0x83ff) | random_bits() % 17 << 10);
  }
  return values;
}

static double check_dense(const momos_gemm_table *table, momos_weight_type type, size_t rows, size_t columns,
                          size_t batch, int accumulate) {
  const size_t stride = columns + random_bits() % 3;
  const size_t count = rows ? (rows - 1) * stride + columns : 0;
  const momos_dense_weight weight = {random_weights(type, count), type, columns, stride};
  product done = new_product(rows, batch, columns, accumulate);
  for (size_t b = 0; b < batch; b++)
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        add_term(&done, b, i, (double)widened(&weight, i * stride + j) * done.batch.x[b * done.batch.x_stride + j]);
  char what[128];
  snprintf(what, sizeof what, "%s dense type %d %zu x %zu batch %zu", table->name, type, rows, columns, batch);
  const double error = checked_error(what, &(call){.table = table, .dense = &weight}, &done, 2e-6);
  free((void *)weight.weights);
  free_product(&done);
  return error;
}

/// What a mosaic's product is made of.
typedef struct {
  uint32_t width, block_length;
  int overlapping, accumulate;
  size_t rows, block_count, batch;
} mosaic_case;

static void add_expected(const momos_mosaic_weight *weight, const mosaic_case *shape, const uint32_t *index,
                         product *done) {
  for (size_t b = 0; b < shape->batch; b++) {
    for (size_t i = 0; i < shape->rows; i++) {
      for (size_t t = 0; t < shape->block_count; t++) {
        const float *motif = weight->motifs + (size_t)index[i * shape->block_count + t] * weight->motif_length;
        const float *x = done->batch.x + b * done->batch.x_stride + t * weight->block_length;
        for (size_t o = 0; o < weight->motif_length; o++)
          add_term(done, b, i, (double)motif[o] * x[o]);
      }
    }
  }
}

static double check_mosaic(const momos_gemm_table *table, const mosaic_case *shape, int pairs) {
  const size_t motif_count = (size_t)1 << shape->width;
  const uint32_t length = shape->block_length * (shape->overlapping ? 2 : 1);
  const size_t bytes = packed_byte_count(shape->block_count, shape->width);
  float *motifs = exactly(motif_count * length, sizeof(float));
  uint8_t *indices = checked(calloc(shape->rows * bytes + 1, 1));
  uint8_t *exact = exactly(shape->rows * bytes, 1);
  uint32_t *index = exactly(shape->rows * shape->block_count, sizeof(uint32_t));
  uint32_t *halves = exactly(motif_count * ((length + 1) / 2), sizeof(uint32_t));
  fill_gaussian(motifs, motif_count * length);
  momos_pair_motifs(motifs, motif_count, length, halves);
  for (size_t i = 0; i < shape->rows * shape->block_count; i++) {
    index[i] = random_bits() % motif_count;
    pack_index(indices + i / shape->block_count * bytes, i % shape->block_count, shape->width, index[i]);
  }
  memcpy(exact, indices, shape->rows * bytes);
  const momos_mosaic_weight weight = {exact,  bytes,  shape->width, shape->block_length, length, shape->block_count,
                                      motifs, halves};
  product done = new_product(shape->rows, shape->batch,
                             shape->block_count * shape->block_length + (length - shape->block_length), shape->accumulate);
  add_expected(&weight, shape, index, &done);
  char what[160];
  snprintf(what, sizeof what, "%s mosaic%s s %u%s width %u, %zu rows, %zu blocks, batch %zu", table->name,
           pairs ? " pairs" : "", shape->block_length, shape->overlapping ? " overlapping" : "", shape->width,
           shape->rows, shape->block_count, shape->batch);
  // A few outputs may by chance be several times further off than many are together.
  const double bound = !pairs ? 2e-6 : shape->rows * shape->batch < 1000 ? 12e-3 : 3e-3;
  const double error = checked_error(what, &(call){.table = table, .mosaic = &weight, .pairs = pairs}, &done, bound);
  free(motifs), free(indices), free(exact), free(index), free(halves);
  free_product(&done);
  return error;
}

static void check_dense_sizes(const momos_gemm_table *table) {
  static const size_t rows[] = {0, 1, 3, 4, 5, 7, 8, 9, 17}, columns[] = {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 67};
  static const size_t batches[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 64, 67, 193};
  double worst = 0;
  for (int type = 0; type < 3; type++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
          worst = fmax(worst, check_dense(table, type, rows[r], columns[c], batches[b], (r + c + b) % 2));
  printf("%-10s dense, small sizes: %.2g\n", table->name, worst);
  for (int type = 0; type < 3; type++) {
    double error = 0;
    for (size_t batch = 1; batch < 70; batch = batch * 2 + 1)
      error = fmax(error, check_dense(table, type, 41, 4096, batch, 0));
    error = fmax(error, check_dense(table, type, 9, 9001, 2, 0));
    printf("%-10s dense type %d, 4096 columns: %.2g\n", table->name, type, error);
  }
}

static void check_mosaic_sizes(const momos_gemm_table *table, int pairs) {
  static const size_t rows[] = {0, 1, 7, 8, 9, 19}, blocks[] = {0, 1, 2, 7, 8, 9, 31, 150};
  static const size_t batches[] = {0, 1, 4, 15, 16, 17, 33, 48, 50, 65, 200};
  double worst = 0, large = 0;
  for (uint32_t width = 0; width <= 16; width++) {
    for (size_t trial = 0; trial < 40; trial++) {
      const mosaic_case shape = {.width = width, .block_length = 1 + random_bits() % (trial < 30 ? 10 : 64),
                                 .overlapping = trial % 2, .accumulate = trial / 2 % 2,
                                 .rows = rows[random_bits() % 6], .block_count = blocks[random_bits() % 8],
                                 .batch = batches[random_bits() % 11]};
      worst = fmax(worst, check_mosaic(table, &shape, pairs));
    }
  }
  for (uint32_t s = 1; s <= 64; s = s * 2 + (s == 4)) {
    const mosaic_case shape = {.width = s + 3 < 16 ? s + 3 : 8, .block_length = s, .overlapping = s % 4 == 2,
                               .rows = 33, .block_count = 4096 / s, .batch = 34};
    large = fmax(large, check_mosaic(table, &shape, pairs));
  }
  printf("%-10s mosaic%s, small sizes: %.2g, 4096 columns: %.2g\n", table->name, pairs ? " pairs" : "", worst, large);
}

int main(void) {
  for (const char *const *name = momos_gemm_names(); *name; name++) {
    const momos_gemm_table *table = momos_gemm_named(*name);
    if (!table) continue;
    if (table->multiply_mosaic_pairs) {
      check_mosaic_sizes(table, 1);
    } else {
      check_dense_sizes(table);
      check_mosaic_sizes(table, 0);
    }
  }
  printf(failures ? "%d failures\n" : "all checks passed\n", failures);
  return failures > 0;
}

// Checks every kernel of momos_vector.h against float64 at awkward sizes, within the bounds of its documentation, in
// memory that ends where arguments do. Every output is also written over its input.

#include <math.h>

#include "exact_memory.h"
#include "momos_vector.h"
#include "samples.h"

static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 1000};
#define SIZE_COUNT (sizeof sizes / sizeof *sizes)

static int failure_count;

static void expect(int holds, const char *what, const char *kernels, size_t a, size_t b) {
  if (holds) return;
  failure_count++;
  if (failure_count <= 20) fprintf(stderr, "FAILED %s: %s, %zu, %zu\n", what, kernels, a, b);
}

static double exact_value(momos_function function, double x) {
  switch (function) {
    case MOMOS_IDENTITY: return x;
    case MOMOS_EXP: return exp(x);
    case MOMOS_TANH: return tanh(x);
    case MOMOS_SIGMOID: return 1 / (1 + exp(-x));
    case MOMOS_ERF: return erf(x);
    case MOMOS_GELU: return x / 2 * erfc(-x / sqrt(2));
    case MOMOS_GELU_TANH: return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + .044715 * x * x * x)));
    case MOMOS_SILU: return x / (1 + exp(-x));
    case MOMOS_RELU: return x < 0 ? 0 : x;
    case MOMOS_SQRT: return sqrt(x);
    default: return 1 / x;
  }
}

static int is_close(double found, double exact, double relative, double absolute) {
  if (isnan(exact)) return isnan(found);
  if (isinf(exact) || isinf(found)) return found == exact || fabs(exact) > 3.4028e38;
  return fabs(found - exact) <= relative * fabs(exact) + absolute;
}

static float *random_values(size_t count, float scale) {
  float *values = exactly(count, sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = scale * gaussian();
  return values;
}

static void check_maps(const momos_vector_table *table, size_t count) {
  for (momos_function f = MOMOS_IDENTITY; f <= MOMOS_RECIPROCAL; f++) {
    float *x = random_values(count, count % 2 ? 1 : 20), *y = exactly(count, sizeof *y);
    table->map(f, x, count, y);
    for (size_t i = 0; i < count; i++)
      expect(is_close(y[i], exact_value(f, x[i]), 4e-7, 3e-43), "function", table->name, f, count);
    table->map(f, x, count, x);
    expect(memcmp(x, y, count * sizeof *x) == 0, "function in place", table->name, f, count);
    release(x), release(y);
  }
}

static float combined(momos_operation operation, float a, float b) {
  switch (operation) {
    case MOMOS_ADD: return a + b;
    case MOMOS_SUBTRACT: return a - b;
    case MOMOS_MULTIPLY: return a * b;
    case MOMOS_DIVIDE: return a / b;
    case MOMOS_MAXIMUM: return a > b ? a : b;
    default: return a < b ? a : b;
  }
}

static void check_operations(const momos_vector_table *table, size_t count) {
  for (momos_operation operation = MOMOS_ADD; operation <= MOMOS_MINIMUM; operation++)
    for (size_t steps = 1; steps < 4; steps++) {
      const size_t left_step = steps & 1, right_step = steps >> 1;
      float *left = random_values(left_step ? count : 1, 1), *right = random_values(right_step ? count : 1, 1);
      float *y = exactly(count, sizeof *y);
      table->combine(operation, left, left_step, right, right_step, count, y);
      for (size_t i = 0; i < count; i++)
        expect(y[i] == combined(operation, left[i * left_step], right[i * right_step]), "operation", table->name,
               operation, count);
      release(left), release(right), release(y);
    }
}

static void check_affine(const momos_vector_table *table, size_t rows, size_t columns) {
  for (int form = 0; form < 4; form++) {
    float *x = random_values(rows * columns, 1), *y = exactly(rows * columns, sizeof *y);
    float *scale = form & 1 ? random_values(columns, 1) : NULL, *bias = form & 2 ? random_values(columns, 1) : NULL;
    table->affine_columns(MOMOS_IDENTITY, x, rows, columns, scale, bias, y);
    for (size_t i = 0; i < rows * columns; i++) {
      const size_t at = i % columns;
      const double exact = (double)x[i] * (scale ? scale[at] : 1) + (bias ? bias[at] : 0);
      expect(is_close(y[i], exact, 0x1p-24, 1e-45), "affine", table->name, rows, columns);
    }
    release(x), release(y), release(scale), release(bias);
  }
}

static void check_softmax(const momos_vector_table *table, size_t rows, size_t columns) {
  float *x = random_values(rows * columns, 3), *y = exactly(rows * columns, sizeof *y);
  table->softmax(x, rows, columns, y);
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * columns;
    double largest = -INFINITY, sum = 0;
    for (size_t j = 0; j < columns; j++) largest = fmax(largest, row[j]);
    for (size_t j = 0; j < columns; j++) sum += exp(row[j] - largest);
    for (size_t j = 0; j < columns; j++)
      expect(is_close(y[r * columns + j], exp(row[j] - largest) / sum, 1e-6 + (largest - row[j]) * 0x1p-24, 3e-43),
             "softmax", table->name, rows, columns);
  }
  release(x), release(y);
}

/// The bias is repeated for each row, or there is one for each, or none.
static void check_scaled_softmax(const momos_vector_table *table, size_t rows, size_t columns) {
  const float scale = 0.3f;
  for (int form = 0; form < 3; form++) {
    const size_t step = form == 2 ? columns : 0;
    float *x = random_values(rows * columns, 3), *y = exactly(rows * columns, sizeof *y);
    float *bias = form > 0 ? random_values(form == 1 ? columns : rows * columns, 2) : NULL;
    table->scaled_softmax(x, rows, columns, scale, bias, step, y);
    for (size_t r = 0; r < rows; r++) {
      double exact[1100], largest = -INFINITY, sum = 0;
      for (size_t j = 0; j < columns; j++) {
        exact[j] = (double)x[r * columns + j] * scale + (bias ? bias[r * step + j] : 0);
        largest = fmax(largest, exact[j]);
      }
      for (size_t j = 0; j < columns; j++) sum += exp(exact[j] - largest);
      for (size_t j = 0; j < columns; j++)
        expect(is_close(y[r * columns + j], exp(exact[j] - largest) / sum,
                        1e-6 + (largest - exact[j]) * 0x1p-24 + fabs(exact[j]) * 0x1p-23, 3e-43),
               "scaled softmax", table->name, rows, columns);
    }
    release(x), release(y), release(bias);
  }
}

static void check_narrowing(const momos_vector_table *table, size_t count) {
  float *x = random_values(count, 1000), *back = exactly(count, sizeof *back);
  uint16_t *y = exactly(count, sizeof *y);
  table->narrow_to_f16(x, count, y);
  table->widen_f16(y, count, back);
  for (size_t i = 0; i < count; i++) expect(back[i] == (float)(_Float16)x[i], "f16", table->name, 1, count);
  table->narrow_to_bf16(x, count, y);
  table->widen_bf16(y, count, back);
  // Half a unit in the last of eight places, ties not being among the values.
  for (size_t i = 0; i < count; i++)
    expect(is_close(back[i], x[i], 0x1p-8, 0), "bf16", table->name, 1, count);
  release(x), release(y), release(back);
}

static void check_quantization(const momos_vector_table *table, size_t count) {
  const momos_quantization quantization = {.scale = 0.5f, .zero_point = 3, .lower = -128, .upper = 127};
  float *x = random_values(count, 40);
  uint8_t *bytes = exactly(count, sizeof *bytes);
  uint16_t *words = exactly(count, sizeof *words);
  float smallest = INFINITY, largest = -INFINITY, least = INFINITY, most = -INFINITY;
  table->quantize_to_8(&quantization, x, count, bytes);
  table->quantize_to_16(&quantization, x, count, words);
  table->find_extremes(x, count, &smallest, &largest);
  for (size_t i = 0; i < count; i++) {
    const int exact = (int)fmax(-128, fmin(127, nearbyint(x[i] / 0.5) + 3));
    expect((int8_t)bytes[i] == exact && (int16_t)words[i] == exact, "quantization", table->name, 1, count);
    least = fminf(least, x[i]);
    most = fmaxf(most, x[i]);
  }
  expect(smallest == least && largest == most, "extremes", table->name, 1, count);
  release(x), release(bytes), release(words);
}

static void check_normalization(const momos_vector_table *table, size_t rows, size_t columns) {
  for (int keeps_mean = 0; keeps_mean < 2; keeps_mean++) {
    float *x = random_values(rows * columns, 2), *y = exactly(rows * columns, sizeof *y);
    float *means = exactly(rows, sizeof *means), *inverses = exactly(rows, sizeof *inverses);
    const momos_normalization normalization = {
        .columns = columns, .epsilon = 1e-5f, .keeps_mean = keeps_mean, .means = means, .inverse_deviations = inverses};
    table->normalize(&normalization, x, rows, y);
    for (size_t r = 0; r < rows && columns > 0; r++) {
      double mean = 0, square = 0, largest = 0;
      for (size_t j = 0; j < columns && !keeps_mean; j++) mean += x[r * columns + j] / (double)columns;
      for (size_t j = 0; j < columns; j++) square += pow(x[r * columns + j] - mean, 2) / (double)columns;
      const double inverse = 1 / sqrt(square + (double)1e-5f);
      for (size_t j = 0; j < columns; j++) largest = fmax(largest, fabs(x[r * columns + j] - mean) * inverse);
      for (size_t j = 0; j < columns; j++)
        expect(is_close(y[r * columns + j], (x[r * columns + j] - mean) * inverse, 0, 1e-6 * fmax(largest, 1e-3)),
               "normalization", table->name, rows, columns);
    }
    release(x), release(y), release(means), release(inverses);
  }
}

int main(int argument_count, char **arguments) {
  const size_t share = share_of(argument_count, arguments);
  for (const char *const *name = momos_vector_names(); *name; name++) {
    const momos_vector_table *table = momos_vector_named(*name);
    if (!table) continue;
    for (size_t i = 0; i < SIZE_COUNT; i++) {
      check_maps(table, sizes[i]);
      check_operations(table, sizes[i]);
      check_narrowing(table, sizes[i]);
      check_quantization(table, sizes[i]);
      for (size_t rows = 0; rows < 4; rows++) {
        if (!is_chosen(share)) continue;
        check_affine(table, rows, sizes[i]);
        if (sizes[i] == 0) continue;
        check_softmax(table, rows, sizes[i]);
        check_scaled_softmax(table, rows, sizes[i]);
        check_normalization(table, rows, sizes[i]);
      }
    }
  }
  printf("functions of elements and rows: %d failures\n", failure_count);
  return failure_count > 0;
}

// All functions of one instruction set; the including file defines what vector_functions.h asks for, VECTOR_TABLE and
// VECTOR_NAME.

#include <string.h>

#include "vector_functions.h"

typedef float unaligned_lanes __attribute__((ext_vector_type(VECTOR_LANES), aligned(4), may_alias));

INLINE lanes loaded(const float *source) { return *(const unaligned_lanes *)source; }
INLINE void store(float *target, lanes value) { *(unaligned_lanes *)target = value; }

/// The first `count` elements, at most VECTOR_LANES, then `rest`.
INLINE lanes loaded_part(const float *source, size_t count, float rest) {
  if (count >= VECTOR_LANES) return loaded(source);
  lanes value = rest;
  memcpy(&value, source, count * sizeof(float));
  return value;
}

INLINE void store_part(float *target, size_t count, lanes value) {
  if (count >= VECTOR_LANES)
    store(target, value);
  else
    memcpy(target, &value, count * sizeof(float));
}

// Calls body(..., function) with the function as a constant.
#define FOR_FUNCTION(function, body, ...)                                    \
  switch (function) {                                                        \
    case MOMOS_IDENTITY: return body(__VA_ARGS__, MOMOS_IDENTITY);           \
    case MOMOS_EXP: return body(__VA_ARGS__, MOMOS_EXP);                     \
    case MOMOS_TANH: return body(__VA_ARGS__, MOMOS_TANH);                   \
    case MOMOS_SIGMOID: return body(__VA_ARGS__, MOMOS_SIGMOID);             \
    case MOMOS_ERF: return body(__VA_ARGS__, MOMOS_ERF);                     \
    case MOMOS_GELU: return body(__VA_ARGS__, MOMOS_GELU);                   \
    case MOMOS_GELU_TANH: return body(__VA_ARGS__, MOMOS_GELU_TANH);         \
    case MOMOS_SILU: return body(__VA_ARGS__, MOMOS_SILU);                   \
    case MOMOS_RELU: return body(__VA_ARGS__, MOMOS_RELU);                   \
    case MOMOS_SQRT: return body(__VA_ARGS__, MOMOS_SQRT);                   \
    case MOMOS_RECIPROCAL: return body(__VA_ARGS__, MOMOS_RECIPROCAL);       \
  }

INLINE void map_all(const float *x, size_t count, float *y, const momos_function function) {
  size_t i = 0;
  for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) store(y + i, function_of(loaded(x + i), function));
  if (i < count) store_part(y + i, count - i, function_of(loaded_part(x + i, count - i, 0), function));
}

static void map(momos_function function, const float *x, size_t count, float *y) {
  FOR_FUNCTION(function, map_all, x, count, y);
}

/// Elements from i on, or the same element in all lanes where the step is 0.
INLINE lanes operand(const float *source, const size_t step, size_t i, size_t count) {
  return step ? loaded_part(source + i, count - i, 0) : (lanes)*source;
}

INLINE void combine_steps(const float *left, const size_t left_step, const float *right, const size_t right_step,
                          size_t count, float *y, const momos_operation operation) {
  size_t i = 0;
  for (; i + VECTOR_LANES <= count; i += VECTOR_LANES)
    store(y + i, combined(operand(left, left_step, i, i + VECTOR_LANES),
                          operand(right, right_step, i, i + VECTOR_LANES), operation));
  if (i < count)
    store_part(y + i, count - i,
               combined(operand(left, left_step, i, count), operand(right, right_step, i, count), operation));
}

INLINE void combine_all(const float *left, size_t left_step, const float *right, size_t right_step, size_t count,
                        float *y, const momos_operation operation) {
  if (left_step && right_step) return combine_steps(left, 1, right, 1, count, y, operation);
  if (left_step) return combine_steps(left, 1, right, 0, count, y, operation);
  if (right_step) return combine_steps(left, 0, right, 1, count, y, operation);
  combine_steps(left, 0, right, 0, count, y, operation);
}

static void combine(momos_operation operation, const float *left, size_t left_step, const float *right,
                    size_t right_step, size_t count, float *y) {
  switch (operation) {
    case MOMOS_ADD: return combine_all(left, left_step, right, right_step, count, y, MOMOS_ADD);
    case MOMOS_SUBTRACT: return combine_all(left, left_step, right, right_step, count, y, MOMOS_SUBTRACT);
    case MOMOS_MULTIPLY: return combine_all(left, left_step, right, right_step, count, y, MOMOS_MULTIPLY);
    case MOMOS_DIVIDE: return combine_all(left, left_step, right, right_step, count, y, MOMOS_DIVIDE);
    case MOMOS_MAXIMUM: return combine_all(left, left_step, right, right_step, count, y, MOMOS_MAXIMUM);
    case MOMOS_MINIMUM: return combine_all(left, left_step, right, right_step, count, y, MOMOS_MINIMUM);
  }
}

/// y = f(x * scale + bias) for `count` elements at most VECTOR_LANES. A bias of -0 changes nothing, not even a zero.
INLINE void affine_lanes(const float *x, size_t count, lanes scale, lanes bias, float *y,
                         const momos_function function) {
  store_part(y, count, function_of(MULTIPLY_ADD(loaded_part(x, count, 0), scale, bias), function));
}

INLINE void affine_columns_all(const float *x, size_t rows, size_t columns, const float *scale, const float *bias,
                               float *y, const momos_function function) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns)
    for (size_t j = 0; j < columns; j += VECTOR_LANES) {
      const size_t count = columns - j;
      affine_lanes(x + j, count, scale ? loaded_part(scale + j, count, 0) : (lanes)1,
                   bias ? loaded_part(bias + j, count, 0) : (lanes)-0.0f, y + j, function);
    }
}

static void affine_columns(momos_function function, const float *x, size_t rows, size_t columns, const float *scale,
                           const float *bias, float *y) {
  FOR_FUNCTION(function, affine_columns_all, x, rows, columns, scale, bias, y);
}

/// The lanes combined as a tree of halves.
INLINE float reduced(lanes value, const momos_operation operation) {
  float lane[VECTOR_LANES];
  memcpy(lane, &value, sizeof lane);
  for (int distance = VECTOR_LANES / 2; distance > 0; distance /= 2)
    for (int i = 0; i < distance; i++) {
      const float a = lane[i], b = lane[i + distance];
      lane[i] = operation == MOMOS_ADD ? a + b : a > b ? a : b;
    }
  return lane[0];
}

/// Elements of a row from j on, scaled and biased on request; -infinity in the lanes behind the row.
INLINE lanes scaled_part(const float *x, size_t columns, size_t j, const int is_scaled, float scale,
                         const float *bias) {
  const size_t count = columns - j;
  if (!is_scaled) return loaded_part(x + j, count, -INFINITY);
  const lanes sum = MULTIPLY_ADD(loaded_part(x + j, count, 0), (lanes)scale,
                                 bias ? loaded_part(bias + j, count, -INFINITY) : (lanes)-0.0f);
  if (bias || count >= VECTOR_LANES) return sum;
  return loaded_part((const float *)&sum, count, -INFINITY);
}

INLINE void softmax_rows(const float *x, size_t rows, size_t columns, const int is_scaled, float scale,
                         const float *bias, size_t bias_step, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float *const row_bias = bias ? bias + r * bias_step : NULL;
    lanes largest = -INFINITY, sum = 0;
    for (size_t j = 0; j < columns; j += VECTOR_LANES) {
      const lanes value = scaled_part(x, columns, j, is_scaled, scale, row_bias);
      largest = value > largest ? value : largest;
    }
    const float maximum = reduced(largest, MOMOS_MAXIMUM);
    for (size_t j = 0; j < columns; j += VECTOR_LANES) {
      const lanes power = exp_of(scaled_part(x, columns, j, is_scaled, scale, row_bias) - maximum);
      sum += power;
      store_part(y + j, columns - j, power);
    }
    const float total = reduced(sum, MOMOS_ADD);
    for (size_t j = 0; j < columns; j += VECTOR_LANES)
      store_part(y + j, columns - j, loaded_part(y + j, columns - j, 0) / total);
  }
}

static void softmax(const float *x, size_t rows, size_t columns, float *y) {
  softmax_rows(x, rows, columns, 0, 1, NULL, 0, y);
}

static void scaled_softmax(const float *x, size_t rows, size_t columns, float scale, const float *bias,
                           size_t bias_step, float *y) {
  softmax_rows(x, rows, columns, 1, scale, bias, bias_step, y);
}

/// The sum of a row.
INLINE float row_sum(const float *x, size_t columns) {
  lanes sum = 0;
  for (size_t j = 0; j < columns; j += VECTOR_LANES) sum += loaded_part(x + j, columns - j, 0);
  return reduced(sum, MOMOS_ADD);
}

/// The mean of x - mean, which rounding left, and of its square.
INLINE void add_deviations(const float *x, size_t columns, float mean, float *rest, float *square) {
  lanes sum = 0, squares = 0;
  for (size_t j = 0; j < columns; j += VECTOR_LANES) {
    const lanes deviation = loaded_part(x + j, columns - j, mean) - mean;
    sum += deviation;
    squares = MULTIPLY_ADD(deviation, deviation, squares);
  }
  *rest = reduced(sum, MOMOS_ADD) / (float)columns;
  *square = reduced(squares, MOMOS_ADD) / (float)columns;
}

static void normalize(const momos_normalization *normalization, const float *x, size_t rows, float *y) {
  const size_t columns = normalization->columns;
  const float *const scale = normalization->scale, *const bias = normalization->bias;
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float mean = normalization->keeps_mean ? 0 : row_sum(x, columns) / (float)columns;
    float rest, square;
    add_deviations(x, columns, mean, &rest, &square);
    if (normalization->keeps_mean) rest = 0;
    const float inverse = 1 / sqrtf(square - rest * rest + normalization->epsilon);
    if (normalization->means) normalization->means[r] = mean + rest;
    if (normalization->inverse_deviations) normalization->inverse_deviations[r] = inverse;
    for (size_t j = 0; j < columns; j += VECTOR_LANES) {
      const size_t count = columns - j;
      const lanes standardised = (loaded_part(x + j, count, 0) - mean - rest) * inverse;
      const lanes factor = scale ? loaded_part(scale + j, count, 0) : (lanes)1;
      store_part(y + j, count,
                 MULTIPLY_ADD(standardised, factor, bias ? loaded_part(bias + j, count, 0) : (lanes)-0.0f));
    }
  }
}

#include "vector_conversions.h"

const momos_vector_table VECTOR_TABLE = {
    .name = VECTOR_NAME,
    .map = map,
    .combine = combine,
    .affine_columns = affine_columns,
    .softmax = softmax,
    .scaled_softmax = scaled_softmax,
    .normalize = normalize,
    .narrow_to_f16 = narrow_to_f16,
    .widen_f16 = widen_f16,
    .narrow_to_bf16 = narrow_to_bf16,
    .widen_bf16 = widen_bf16,
    .quantize_to_8 = quantize_to_8,
    .quantize_to_16 = quantize_to_16,
    .find_extremes = find_extremes,
};

/// Functions of float32 elements and rows: activations, element-wise arithmetic, softmax, normalisation.
///
/// Nothing is allocated, no threads are started and arguments are trusted: the caller checks them. An output may be
/// the very input of the same elements and otherwise must not overlap an input. Any alignment that float allows.
/// Elements and rows are independent, so that callers may split them in any way without changing a bit; instruction
/// sets differ within the stated bounds.
#ifndef MOMOS_VECTOR_H
#define MOMOS_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define MOMOS_VECTOR_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MOMOS_VECTOR_SENDABLE
#endif

/// Functions of one element. NaN gives NaN.
///
/// Error: at most 4e-7 of the real function's value plus 3e-43. Square root and reciprocal are rounded correctly.
typedef enum {
  MOMOS_IDENTITY,
  MOMOS_EXP,
  MOMOS_TANH,
  MOMOS_SIGMOID,     ///< 1 / (1 + e^-x)
  MOMOS_ERF,         ///< the Gauss error function
  MOMOS_GELU,        ///< x / 2 (1 + erf(x / sqrt 2)); NaN at -infinity
  MOMOS_GELU_TANH,   ///< x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))); NaN at -infinity
  MOMOS_SILU,        ///< x / (1 + e^-x); NaN at -infinity
  MOMOS_RELU,        ///< 0 for x < 0, otherwise x
  MOMOS_SQRT,
  MOMOS_RECIPROCAL,  ///< 1 / x
} momos_function;

/// Functions of two elements, rounded once. NaN on either side gives NaN.
typedef enum {
  MOMOS_ADD,
  MOMOS_SUBTRACT,
  MOMOS_MULTIPLY,
  MOMOS_DIVIDE,
  MOMOS_MAXIMUM,
  MOMOS_MINIMUM,
} momos_operation;

/// y = (x - mean) / sqrt(mean of (x - mean)^2 + epsilon) * scale + bias over each row, or with `keeps_mean`
/// y = x / sqrt(mean of x^2 + epsilon) * scale + bias.
typedef struct {
  size_t columns;
  float epsilon;
  int keeps_mean;
  const float *scale;         ///< [columns], or NULL for ones
  const float *bias;          ///< [columns], or NULL for zeros
  float *means;               ///< [rows], overwritten; or NULL
  float *inverse_deviations;  ///< [rows], 1 / sqrt(...), overwritten; or NULL
} momos_normalization;

/// y = x / scale rounded to nearest, ties to even, plus the zero point, no less than `lower` and no more than `upper`; 0
/// for NaN. The limits are integers of the type that y has.
typedef struct {
  float scale, zero_point, lower, upper;
} momos_quantization;

/// The functions of one instruction set; constant for the life of the process.
typedef struct MOMOS_VECTOR_SENDABLE {
  const char *name;

  /// y[i] = f(x[i]) for i < count.
  void (*map)(momos_function function, const float *x, size_t count, float *y);

  /// y[i] = left[i * left_step] (operation) right[i * right_step] for i < count; a step is 0 or 1.
  void (*combine)(momos_operation operation, const float *left, size_t left_step, const float *right,
                  size_t right_step, size_t count, float *y);

  /// y[r, j] = f(x[r, j] * scale[j] + bias[j]), the product not rounded. Without scale (NULL) it is 1, without bias 0.
  void (*affine_columns)(momos_function function, const float *x, size_t rows, size_t columns, const float *scale,
                         const float *bias, float *y);

  /// y[r, j] = e^(x[r, j] - max of row r) / their sum. A NaN, a +infinity or nothing but -infinity makes a row NaN.
  /// Error relative to the exact value: at most 1e-6 + |x - max| * 2^-24.
  void (*softmax)(const float *x, size_t rows, size_t columns, float *y);

  /// The same of x[r, j] * scale + bias[r * bias_step + j], the product not rounded; without bias (NULL) it is 0.
  void (*scaled_softmax)(const float *x, size_t rows, size_t columns, float scale, const float *bias,
                         size_t bias_step, float *y);

  /// Error of the standardised values: at most 1e-6 of the largest one of their row, for rows of up to 8192 columns.
  void (*normalize)(const momos_normalization *normalization, const float *x, size_t rows, float *y);

  /// To f16 and bf16, rounded to nearest, ties to even, and exactly back. NaN stays NaN.
  void (*narrow_to_f16)(const float *x, size_t count, uint16_t *y);
  void (*widen_f16)(const uint16_t *x, size_t count, float *y);
  void (*narrow_to_bf16)(const float *x, size_t count, uint16_t *y);
  void (*widen_bf16)(const uint16_t *x, size_t count, float *y);

  /// The bits of integers, signed ones included.
  void (*quantize_to_8)(const momos_quantization *quantization, const float *x, size_t count, uint8_t *y);
  void (*quantize_to_16)(const momos_quantization *quantization, const float *x, size_t count, uint16_t *y);

  /// Lowers *smallest and raises *largest to the elements; NaN if there is one.
  void (*find_extremes)(const float *x, size_t count, float *smallest, float *largest);
} momos_vector_table;

/// The table of an instruction set by its name, or NULL if this build or this processor lacks it.
const momos_vector_table *momos_vector_named(const char *name);

/// Names of the instruction sets of this build, best first, NULL-terminated.
const char *const *momos_vector_names(void);

/// The best table that this processor supports; never NULL.
const momos_vector_table *momos_vector_best(void);

#endif

// Functions of a vector of lanes.
//
// The including file defines VECTOR_LANES (4, 8 or 16) and MULTIPLY_ADD(a, b, c) = a b + c, the product not rounded.
// Polynomials were fitted by weighted least squares at Chebyshev nodes; each stays within 2e-8 of its function.

#include <math.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((ext_vector_type(VECTOR_LANES)));
typedef int32_t int_lanes __attribute__((ext_vector_type(VECTOR_LANES)));
typedef uint32_t bit_lanes __attribute__((ext_vector_type(VECTOR_LANES)));

/// A number as a hi part and what it lacks.
typedef struct {
  lanes high, low;
} lane_pair;

INLINE lanes magnitude(lanes x) { return (lanes)((bit_lanes)x & 0x7fffffffu); }

INLINE lanes with_sign_of(lanes x, lanes sign) { return (lanes)((bit_lanes)x | ((bit_lanes)sign & 0x80000000u)); }

INLINE lanes polynomial(lanes x, const float *coefficients, const int degree) {
  lanes sum = coefficients[degree];
  for (int i = degree - 1; i >= 0; i--) sum = MULTIPLY_ADD(sum, x, (lanes)coefficients[i]);
  return sum;
}

/// 2^n for -126 <= n <= 127.
INLINE lanes power_of_two(bit_lanes n) { return (lanes)((n + 127) << 23); }

/// e^(high + low) for |low| < 1: 2^n e^r with |r| <= ln 2 / 2, scaled in two steps for subnormal results.
INLINE lanes exp_of_pair(lanes high, lanes low) {
  static const float q[] = {0.500000001f, 0.16666577f, 0.041666465f, 0.00836317557f, 0.00139336435f};
  const lanes rounding = 0x1.8p23f;
  lanes x = high < -105 ? (lanes)-105 : high;
  x = x > 90 ? (lanes)90 : x;
  const lanes shifted = MULTIPLY_ADD(x, (lanes)0x1.715476p+0f, rounding);
  const lanes n = shifted - rounding;
  lanes r = MULTIPLY_ADD(n, (lanes)-0x1.62e4p-1f, x);
  r = MULTIPLY_ADD(n, (lanes)-0x1.7f7d1cp-20f, r) + low;
  const lanes power = 1 + MULTIPLY_ADD(r * r, polynomial(r, q, 4), r);
  // NaN has nonsense here, and keeps it out of the product by being NaN in `power`.
  const bit_lanes whole = (bit_lanes)shifted - (bit_lanes)rounding;
  const bit_lanes half = (bit_lanes)((int_lanes)(whole << 23) >> 24);
  return power * power_of_two(half) * power_of_two(whole - half);
}

INLINE lanes exp_of(lanes x) { return exp_of_pair(x, (lanes)0); }

/// x / (1 - x^2/3 ...) near 0, otherwise 1 - 2 / (e^2|x| + 1).
INLINE lanes tanh_of(lanes x) {
  static const float q[] = {-0.333333332f,  0.133333043f,  -0.0539594059f,
                            0.0217699609f, -0.00834698049f, 0.00229584126f};
  const lanes square = x * x, size = magnitude(x);
  const lanes near = MULTIPLY_ADD(x * square, polynomial(square, q, 5), x);
  const lanes far = 1 - 2 / (exp_of(size + size) + 1);
  return with_sign_of(size < 0.625f ? near : far, x);
}

/// 1 / (1 + e^-(high + low))
INLINE lanes sigmoid_of_pair(lanes high, lanes low) {
  const lanes power = exp_of_pair(-magnitude(high), high < 0 ? low : -low);
  return (high < 0 ? power : (lanes)1) / (1 + power);
}

INLINE lanes sigmoid_of(lanes x) { return sigmoid_of_pair(x, (lanes)0); }

/// erfc(z) for z >= 0, given z^2: e^-z^2 t g(t) with t = 1 / (1 + 0.4 z).
INLINE lanes erfc_of(lanes z, lane_pair square) {
  static const float g[] = {0.421612729f,  0.643721386f,  0.726262391f,  0.548014644f,  0.181519266f,
                            -0.107791655f, -0.123148037f, 0.0270151687f, 0.0652485447f, -0.0302356703f};
  const lanes t = 1 / MULTIPLY_ADD(z, (lanes)0.4f, (lanes)1);
  return exp_of_pair(-square.high, -square.low) * (t * polynomial(t - 0.5f, g, 9));
}

/// factor x^2; the low part is 0 where it does not matter, as for infinity.
INLINE lane_pair scaled_square(lanes x, const float factor) {
  const lanes scaled = x * factor, high = scaled * x;
  return (lane_pair){high, high < 200 ? MULTIPLY_ADD(scaled, x, -high) : (lanes)0};
}

INLINE lanes erf_of(lanes x) {
  static const float p[] = {1.12837917f,    -0.376126385f,  0.112837826f,    -0.0268654383f,
                            0.00522105341f, -0.000848439655f, 0.000112682539f, -9.67359081e-06f};
  const lanes size = magnitude(x);
  const lanes near = x * polynomial(x * x, p, 7);
  const lanes far = with_sign_of(1 - erfc_of(size, scaled_square(size, 1)), x);
  return size < 1 ? near : far;
}

/// x times the standard normal distribution function, which is erfc(|x| / sqrt 2) / 2 on the left.
INLINE lanes gelu_of(lanes x) {
  const lanes size = magnitude(x);
  const lanes tail = 0.5f * erfc_of(size * 0x1.6a09e6p-1f, scaled_square(size, 0.5f));
  return x * (x < 0 ? tail : 1 - tail);
}

/// x sigmoid(x (c + d x^2)) with c = 2 sqrt(2 / pi) and d = 0.044715 c; the argument has the bits of two floats, for
/// its error is the relative error of small results.
INLINE lanes gelu_tanh_of(lanes x) {
  const float c = 0x1.988454p+0f, c_rest = -0x1.857936p-25f, d = 0x1.2444f2p-4f, d_rest = 0x1.49b16ap-29f;
  const lane_pair square = {x * x, MULTIPLY_ADD(x, x, -(x * x))};
  const lanes term = d * square.high, sum = c + term;
  const lanes term_rest = MULTIPLY_ADD((lanes)d, square.high, -term) + (d * square.low + d_rest * square.high);
  const lanes part = sum - c;
  const lanes sum_rest = ((c - (sum - part)) + (term - part)) + (term_rest + c_rest);
  const lanes high = x * sum;
  const lanes low = MULTIPLY_ADD(x, sum, -high) + x * sum_rest;
  // Far out the low part has no meaning: infinities cancel.
  return x * sigmoid_of_pair(high, magnitude(high) < 200 ? low : (lanes)0);
}

INLINE lanes root_of(lanes x) { return __builtin_elementwise_sqrt(x); }

INLINE lanes function_of(lanes x, const momos_function function) {
  switch (function) {
    case MOMOS_IDENTITY: return x;
    case MOMOS_EXP: return exp_of(x);
    case MOMOS_TANH: return tanh_of(x);
    case MOMOS_SIGMOID: return sigmoid_of(x);
    case MOMOS_ERF: return erf_of(x);
    case MOMOS_GELU: return gelu_of(x);
    case MOMOS_GELU_TANH: return gelu_tanh_of(x);
    case MOMOS_SILU: return x * sigmoid_of(x);
    case MOMOS_RELU: return x < 0 ? (lanes)0 : x;
    case MOMOS_SQRT: return root_of(x);
    case MOMOS_RECIPROCAL: return 1 / x;
  }
}

INLINE lanes combined(lanes left, lanes right, const momos_operation operation) {
  switch (operation) {
    case MOMOS_ADD: return left + right;
    case MOMOS_SUBTRACT: return left - right;
    case MOMOS_MULTIPLY: return left * right;
    case MOMOS_DIVIDE: return left / right;
    case MOMOS_MAXIMUM: return ((left > right) | (left != left)) ? left : right;
    case MOMOS_MINIMUM: return ((left < right) | (left != left)) ? left : right;
  }
}

#include "gemm_sets.h"

#define GEMM_LANES 4
#define GEMM_ROWS 4
#define NARROW_PANEL 2
#define WIDE_PANEL 2
#define DOT_VECTORS 2
#define MULTIPLIES_MOTIFS 0
#define MULTIPLY_ADD(a, b, sum) ((a) * (b) + (sum))
#define PARTIAL(source, count) partial(source, count)
#define STORE_PARTIAL(target, count, value) \
  for (size_t lane = 0; lane < (count); lane++) (target)[lane] = (value)[lane]
#define WIDENED_F16(source) widened_f16(source)
#define WIDENED_BF16(source) widened_bf16(source)

typedef float scalar_lanes __attribute__((ext_vector_type(GEMM_LANES)));

static inline float float_of_bits(uint32_t bits) {
  union {
    uint32_t bits;
    float value;
  } converted = {bits};
  return converted.value;
}

/// The value of an IEEE half: a subnormal is its fraction times 2^-24.
static inline float float_of_half(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return float_of_bits(sign | 0x7f800000 | fraction << 13);
  if (exponent == 0) return (sign ? -0x1p-24f : 0x1p-24f) * (float)fraction;
  return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline scalar_lanes partial(const float *source, size_t count) {
  scalar_lanes values = 0;
  for (size_t i = 0; i < count; i++) values[i] = source[i];
  return values;
}

static inline scalar_lanes widened_f16(const uint16_t *source) {
  scalar_lanes values;
  for (int i = 0; i < GEMM_LANES; i++) values[i] = float_of_half(source[i]);
  return values;
}

static inline scalar_lanes widened_bf16(const uint16_t *source) {
  scalar_lanes values;
  for (int i = 0; i < GEMM_LANES; i++) values[i] = float_of_bits((uint32_t)source[i] << 16);
  return values;
}

#define MULTIPLY_DENSE static void multiply_dense
#define MULTIPLY_MOSAIC static void multiply_mosaic
#include "gemm_bodies.h"

const momos_gemm_table momos_gemm_scalar = {
    .name = "scalar",
    .multiply_dense = multiply_dense,
    .multiply_mosaic = multiply_mosaic,
    CONVOLUTION_MEMBERS,
};

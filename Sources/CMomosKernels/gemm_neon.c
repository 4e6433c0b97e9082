#if defined(__aarch64__)
#include <arm_neon.h>

#include "gemm_sets.h"

#define GEMM_LANES 4
#define GEMM_ROWS 8
#define NARROW_PANEL 1
#define WIDE_PANEL 3
#define DOT_VECTORS 3
#define MULTIPLIES_MOTIFS 0
#define MULTIPLY_ADD(a, b, sum) __builtin_elementwise_fma(a, b, sum)
#define PARTIAL(source, count) partial(source, count)
#define STORE_PARTIAL(target, count, value) store_partial(target, count, value)
#define WIDENED_F16(source) ((neon_lanes)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(source))))
#define WIDENED_BF16(source) ((neon_lanes)vshll_n_u16(vld1_u16(source), 16))

typedef float neon_lanes __attribute__((ext_vector_type(GEMM_LANES)));

static inline neon_lanes partial(const float *source, size_t count) {
  neon_lanes values = 0;
  for (size_t i = 0; i < count; i++) values[i] = source[i];
  return values;
}

static inline void store_partial(float *target, size_t count, neon_lanes values) {
  for (size_t i = 0; i < count; i++) target[i] = values[i];
}

#define MULTIPLY_DENSE static void multiply_dense
#define MULTIPLY_MOSAIC static void multiply_mosaic
#include "gemm_bodies.h"

const momos_gemm_table momos_gemm_neon = {
    .name = "neon",
    .multiply_dense = multiply_dense,
    .multiply_mosaic = multiply_mosaic,
    CONVOLUTION_MEMBERS,
};
#endif

#include <string.h>

#include "gemm_plan.h"
#include "gemm_sets.h"

static const char *const names[] = {
#if defined(__x86_64__)
    "avx512bf16", "avx512", "avx2",
#endif
    "scalar", NULL};

const char *const *momos_gemm_names(void) { return names; }

#if defined(__x86_64__)
static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const momos_gemm_table *momos_gemm_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512bf16") == 0)
    return has_avx512() && __builtin_cpu_supports("avx512bf16") ? &momos_gemm_avx512bf16 : NULL;
  if (strcmp(name, "avx512") == 0) return has_avx512() ? &momos_gemm_avx512 : NULL;
  if (strcmp(name, "avx2") == 0)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
               ? &momos_gemm_avx2
               : NULL;
#endif
  return strcmp(name, "scalar") == 0 ? &momos_gemm_scalar : NULL;
}

const momos_gemm_table *momos_gemm_best(void) {
  for (size_t i = 0; names[i]; i++) {
    const momos_gemm_table *table = momos_gemm_named(names[i]);
    if (table) return table;
  }
  return &momos_gemm_scalar;
}

size_t momos_dense_scratch_count(const momos_dense_weight *weight, size_t batch) {
  if (batch < WIDE_BATCH || weight->columns == 0) return 0;
  const size_t columns = smallest(weight->columns, COLUMN_BLOCK);
  return MOST_ROWS * COLUMN_BLOCK + columns * smallest(batch_block(batch), batch);
}

size_t momos_mosaic_scratch_count(const momos_mosaic_weight *weight, size_t batch) {
  const size_t s = weight->block_length;
  const size_t blocks = smallest(mosaic_block_count(weight), weight->block_count);
  const size_t vectors = divided_up(smallest(batch_block(batch), batch), MOST_LANES) * MOST_LANES;
  return MOST_ROWS * OFFSET_STRIDE + (blocks * s + (weight->motif_length - s)) * vectors;
}

static uint32_t bf16_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t exponent = bits >> 23 & 255;
  if (exponent == 0) return bits >> 16 & 0x8000;
  if (exponent == 255) return bits >> 16 | (bits & 0x7fffff ? 0x40 : 0);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

void momos_pair_motifs(const float *motifs, size_t motif_count, size_t motif_length, uint32_t *pairs) {
  for (size_t m = 0; m < motif_count; m++, motifs += motif_length) {
    for (size_t o = 0; o < motif_length; o += 2) {
      const uint32_t high = o + 1 < motif_length ? bf16_of_float(motifs[o + 1]) : 0;
      *pairs++ = high << 16 | bf16_of_float(motifs[o]);
    }
  }
}

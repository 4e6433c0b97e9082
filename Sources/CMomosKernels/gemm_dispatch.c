#include <string.h>

#include "gemm_plan.h"
#include "gemm_sets.h"

static const char *const names[] = {
#if defined(__x86_64__)
    "avx512bf16", "avx512", "avx2",
#elif defined(__aarch64__)
    "neon",
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
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return &momos_gemm_neon;
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

static size_t scratch_count(size_t columns, size_t batch) {
  // Of columns and of pairs of them.
  size_t most = 0;
  for (size_t packed = 1; packed <= 2; packed++) {
    const size_t lanes = divided_up(columns, packed);
    const size_t panels = smallest(lanes, LANE_BLOCK) * smallest(batch_block(batch, lanes), batch);
    if (panels > most) most = panels;
  }
  return MOST_PANELS_BEGIN + (tile_group_count(batch) - 1) * MOST_TILE_SIZE + most;
}

size_t momos_dense_scratch_count(const momos_dense_weight *weight, size_t batch) {
  return scratch_count(weight->columns, batch);
}

size_t momos_mosaic_scratch_count(const momos_mosaic_weight *weight, size_t batch) {
  return scratch_count(weight->columns, batch);
}

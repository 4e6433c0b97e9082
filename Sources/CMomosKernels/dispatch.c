#include <string.h>

#include "kernel_table.h"

static const char *const names[] = {
#if defined(__x86_64__)
    "avx512", "avx2",
#elif defined(__aarch64__)
    "neon",
#endif
    "scalar", NULL};

const char *const *momos_kernels_names(void) { return names; }

const momos_kernel_table *momos_kernels_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? &momos_avx512_kernels
               : NULL;
  if (strcmp(name, "avx2") == 0) return __builtin_cpu_supports("avx2") ? &momos_avx2_kernels : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return &momos_neon_kernels;
#endif
  return strcmp(name, "scalar") == 0 ? &momos_scalar_kernels : NULL;
}

const momos_kernel_table *momos_kernels_best(void) {
  for (size_t i = 0; names[i]; i++) {
    const momos_kernel_table *table = momos_kernels_named(names[i]);
    if (table) return table;
  }
  return &momos_scalar_kernels;
}

size_t momos_table_scratch_count(const momos_stage *stage) { return table_batch(stage) * table_stride(stage); }

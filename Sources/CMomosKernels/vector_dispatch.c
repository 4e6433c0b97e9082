#include <string.h>

#include "vector_sets.h"

static const char *const names[] = {
#if defined(__x86_64__)
    "avx512", "avx2",
#elif defined(__aarch64__)
    "neon",
#endif
    "scalar", NULL};

const char *const *momos_vector_names(void) { return names; }

const momos_vector_table *momos_vector_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? &momos_vector_avx512
               : NULL;
  if (strcmp(name, "avx2") == 0)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
               ? &momos_vector_avx2
               : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return &momos_vector_neon;
#endif
  return strcmp(name, "scalar") == 0 ? &momos_vector_scalar : NULL;
}

const momos_vector_table *momos_vector_best(void) {
  for (size_t i = 0; names[i]; i++) {
    const momos_vector_table *table = momos_vector_named(names[i]);
    if (table) return table;
  }
  return &momos_vector_scalar;
}

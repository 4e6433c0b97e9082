#include <string.h>

#include "lut_internal.h"

static const char *const names[] = {
#if defined(__x86_64__)
    "avx512", "avx2",
#elif defined(__aarch64__)
    "neon",
#endif
    "scalar", NULL};

const char *const *momos_lut_names(void) { return names; }

const momos_lut_kernels *momos_lut_named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni")
               ? &momos_lut_avx512_kernels
               : NULL;
  if (strcmp(name, "avx2") == 0)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &momos_lut_avx2_kernels : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return &momos_lut_neon_kernels;
#endif
  return strcmp(name, "scalar") == 0 ? &momos_lut_scalar_kernels : NULL;
}

const momos_lut_kernels *momos_lut_best(void) {
  for (size_t i = 0; names[i]; i++) {
    const momos_lut_kernels *kernels = momos_lut_named(names[i]);
    if (kernels) return kernels;
  }
  return &momos_lut_scalar_kernels;
}

const char *momos_lut_name(const momos_lut_kernels *kernels) { return kernels->name; }

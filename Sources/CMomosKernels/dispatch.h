// How each family of kernels is found by the name of an instruction set.
#ifndef MOMOS_DISPATCH_H
#define MOMOS_DISPATCH_H

#include <stddef.h>
#include <string.h>

// Lists of SET(prefix, name, condition to run on this processor), the fastest first, the one that always runs last.
#if defined(__x86_64__)
static inline int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static inline int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
#define STANDARD_SETS(SET, prefix) SET(prefix, avx512, has_avx512()) COMMON_SETS(SET, prefix)
#define COMMON_SETS(SET, prefix) SET(prefix, avx2, has_avx2()) SET(prefix, scalar, 1)
#elif defined(__aarch64__)
#define STANDARD_SETS(SET, prefix) COMMON_SETS(SET, prefix)
#define COMMON_SETS(SET, prefix) SET(prefix, neon, 1) SET(prefix, scalar, 1)
#else
#define STANDARD_SETS(SET, prefix) COMMON_SETS(SET, prefix)
#define COMMON_SETS(SET, prefix) SET(prefix, scalar, 1)
#endif

#define SET_NAME(prefix, set, runs) #set,
#define SET_IF_NAMED(prefix, set, runs) \
  if (strcmp(name, #set) == 0) return (runs) ? &prefix##_##set : NULL;
#define SET_IF_RUNNING(prefix, set, runs) \
  if (runs) return &prefix##_##set;

// Defines PREFIX_names, PREFIX_named and PREFIX_best over the tables PREFIX_SET of a list of sets.
#define DISPATCH(prefix, type, SETS)                                                \
  const char *const *prefix##_names(void) {                                         \
    static const char *const names[] = {SETS(SET_NAME, prefix) NULL};               \
    return names;                                                                   \
  }                                                                                 \
  const type *prefix##_named(const char *name) { SETS(SET_IF_NAMED, prefix) return NULL; } \
  const type *prefix##_best(void) { SETS(SET_IF_RUNNING, prefix) }

#endif

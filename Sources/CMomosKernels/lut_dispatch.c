#include "dispatch.h"
#include "lut_internal.h"

#if defined(__x86_64__)
#define LUT_SETS(SET, prefix)                                                                                        \
  SET(prefix, avx512, has_avx512() && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni")) \
  COMMON_SETS(SET, prefix)
#else
#define LUT_SETS STANDARD_SETS
#endif

DISPATCH(momos_lut, momos_lut_kernels, LUT_SETS)

const char *momos_lut_name(const momos_lut_kernels *kernels) { return kernels->name; }

#if defined(__aarch64__)
#define MOMOS_KERNEL_TABLE momos_kernels_neon
#define MOMOS_KERNEL_NAME "neon"
#define MOMOS_STRIP_LOOKUPS momos_scalar_strip_lookups
#include "kernel_bodies.h"
#endif

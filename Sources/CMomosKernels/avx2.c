#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define MOMOS_KERNEL_TABLE momos_kernels_avx2
#define MOMOS_KERNEL_NAME "avx2"
#define MOMOS_STRIP_LOOKUPS momos_avx2_strip_lookups
#include "strip_lookups.h"
#include "kernel_bodies.h"
#pragma clang attribute pop
#endif

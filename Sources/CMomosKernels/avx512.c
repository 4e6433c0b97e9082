#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#define MOMOS_KERNEL_TABLE momos_kernels_avx512
#define MOMOS_KERNEL_NAME "avx512"
#define MOMOS_STRIP_LOOKUPS momos_avx2_strip_lookups
#include "kernel_bodies.h"
#pragma clang attribute pop
#endif

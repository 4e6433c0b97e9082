#if defined(__x86_64__)
#include "vector_sets.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define VECTOR_LANES 8
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#define VECTOR_TABLE momos_vector_avx2
#define VECTOR_NAME "avx2"
#include "vector_bodies.h"
#pragma clang attribute pop
#endif

#if defined(__aarch64__)
#include "vector_sets.h"

#define VECTOR_LANES 4
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#define VECTOR_TABLE momos_vector_neon
#define VECTOR_NAME "neon"
#include "vector_bodies.h"
#endif

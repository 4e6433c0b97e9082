#include "vector_sets.h"

#define VECTOR_LANES 4
#define VECTOR_TABLE momos_vector_scalar
#define VECTOR_NAME "scalar"

/// A product is exact in double; its sum is rounded there once more, which no bound notices.
typedef double wide_lanes __attribute__((ext_vector_type(4)));
#define WIDE(value) __builtin_convertvector(value, wide_lanes)
#define MULTIPLY_ADD(a, b, c) __builtin_convertvector(WIDE(a) * WIDE(b) + WIDE(c), lanes)
#include "vector_bodies.h"

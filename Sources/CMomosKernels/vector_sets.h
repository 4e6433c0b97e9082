// The tables of each instruction set.
#ifndef MOMOS_VECTOR_SETS_H
#define MOMOS_VECTOR_SETS_H

#include "momos_vector.h"

extern const momos_vector_table momos_vector_scalar;
#if defined(__x86_64__)
extern const momos_vector_table momos_vector_avx2;
extern const momos_vector_table momos_vector_avx512;
#elif defined(__aarch64__)
extern const momos_vector_table momos_vector_neon;
#endif

#endif

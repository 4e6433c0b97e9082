// The tables of each instruction set.
#ifndef MOMOS_FIT_SETS_H
#define MOMOS_FIT_SETS_H

#include "momos_fit.h"

extern const momos_fit_table momos_fit_scalar;
#if defined(__x86_64__)
extern const momos_fit_table momos_fit_avx2;
extern const momos_fit_table momos_fit_avx512;
#elif defined(__aarch64__)
extern const momos_fit_table momos_fit_neon;
#endif

#endif

// The functions of each instruction set that tables share.
#ifndef MOMOS_GEMM_SETS_H
#define MOMOS_GEMM_SETS_H

#include "momos_gemm.h"

extern const momos_gemm_table momos_gemm_scalar;
#if defined(__x86_64__)
extern const momos_gemm_table momos_gemm_avx2;
extern const momos_gemm_table momos_gemm_avx512;
extern const momos_gemm_table momos_gemm_avx512bf16;

void momos_multiply_dense_pairs(const momos_dense_weight *weight, const momos_batch *batch, size_t row_begin,
                                size_t row_end, float *scratch);
void momos_multiply_mosaic_pairs(const momos_mosaic_weight *weight, const momos_batch *batch, size_t row_begin,
                                 size_t row_end, float *scratch);
#elif defined(__aarch64__)
extern const momos_gemm_table momos_gemm_neon;
#endif

#endif

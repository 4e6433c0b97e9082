// All float32 products of one instruction set; the including file defines what gemm_tile.h asks for.

#include "gemm_tile.h"
#include "gemm_dot.h"
#include "gemm_dense.h"
#if GEMM_LANES >= 8
#include "direct_unpack.h"
#endif
#include "direct_offsets.h"
#define MOSAIC_FUNCTION static void multiply_mosaic
#include "direct_mosaic.h"

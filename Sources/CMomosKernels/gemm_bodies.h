// All products of one instruction set; the including file defines what gemm_tile.h asks for and the linkage and names
// MULTIPLY_DENSE and MULTIPLY_MOSAIC of the two functions made here.

#include "gemm_tile.h"
#include "gemm_rows.h"
#include "gemm_dot.h"
#if GEMM_LANES >= 8
#include "direct_unpack.h"
#endif
#include "direct_offsets.h"
#include "direct_rows.h"
#include "direct_strips.h"
#include "direct_tile.h"
#include "gemm_product.h"
#if PACKED_FLOATS == 1
#include "convolution_plan.h"
#include "convolution_pack.h"
#include "convolution_product.h"
#include "convolution_channels.h"
#endif

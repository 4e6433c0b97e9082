/// The C kernels of momos.
#ifndef CMOMOSKERNELS_H
#define CMOMOSKERNELS_H

#include "momos_convolution.h"
#include "momos_fit.h"
#include "momos_gemm.h"
#include "momos_kernels.h"
#include "momos_lut.h"
#include "momos_vector.h"

#endif

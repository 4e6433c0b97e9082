#define MOMOS_KERNEL_TABLE momos_kernels_scalar
#define MOMOS_KERNEL_NAME "scalar"
#define MOMOS_STRIP_LOOKUPS momos_scalar_strip_lookups
#include "strip_lookups.h"
#include "kernel_bodies.h"

#define MOMOS_KERNEL_TABLE momos_scalar_kernels
#define MOMOS_KERNEL_NAME "scalar"
#include "kernel_bodies.h"

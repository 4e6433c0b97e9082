#include "momos_kernels.h"

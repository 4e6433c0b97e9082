// Few bytes: a tenth slower than otherwise.
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

#define FIT_LANES 4
#define FIT_TILE_ROWS 4
#define FIT_TILE_VECTORS 2
#define FIT_TABLE momos_fit_scalar
#define FIT_NAME "scalar"
#include "fit_lanes.h"
#include "fit_portable.h"
#include "fit_bodies.h"

#pragma clang attribute pop

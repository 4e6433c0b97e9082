#if defined(__aarch64__)
#define FIT_LANES 4
#define FIT_TILE_ROWS 8
#define FIT_TILE_VECTORS 2
#define FIT_TABLE momos_fit_neon
#define FIT_NAME "neon"
#include "fit_lanes.h"
#include "fit_portable.h"
#include "fit_bodies.h"
#endif

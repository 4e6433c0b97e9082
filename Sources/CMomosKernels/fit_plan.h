// What all instruction sets agree on: the blocking of products, and how the scratch of a path search is divided.
#ifndef MOMOS_FIT_PLAN_H
#define MOMOS_FIT_PLAN_H

#include <string.h>

#include "momos_fit.h"

/// Rows of A that are packed at a time, a multiple of the tiles of all instruction sets, and columns of A; both packed
/// operands fill half of level 2. Columns are a multiple of MOMOS_MOMENT_GROUP.
#define PRODUCT_ROWS 96
#define PRODUCT_INNER(type) (sizeof(type) == 8 ? (size_t)128 : (size_t)256)

/// Lanes that every instruction set divides.
#define MOST_LANES 16

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t rounded_up(size_t count, size_t unit) { return (count + unit - 1) / unit * unit; }

#endif

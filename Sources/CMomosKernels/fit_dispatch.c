#include "dispatch.h"
#include "fit_sets.h"

DISPATCH(momos_fit, momos_fit_table, STANDARD_SETS)

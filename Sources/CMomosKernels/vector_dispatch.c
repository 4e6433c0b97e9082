#include "dispatch.h"
#include "vector_sets.h"

DISPATCH(momos_vector, momos_vector_table, STANDARD_SETS)

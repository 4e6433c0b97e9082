// Vectors of FIT_LANES floats.

#include "fit_stage_plan.h"
#include "fit_sets.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float lanes __attribute__((ext_vector_type(FIT_LANES)));
typedef int32_t index_lanes __attribute__((ext_vector_type(FIT_LANES)));

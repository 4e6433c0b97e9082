// All functions of one instruction set. The including file defines FIT_LANES, FIT_TILE_ROWS and FIT_TILE_VECTORS,
// lesser(a, b), looked_up(table, padded, index): table[index[lane]] for every lane, bits_below(keys, bound): a bit for
// every lane that is below, FIT_TABLE and FIT_NAME.

typedef float unaligned_lanes __attribute__((ext_vector_type(FIT_LANES), aligned(4), may_alias));
typedef int32_t unaligned_indices __attribute__((ext_vector_type(FIT_LANES), aligned(4), may_alias));

INLINE lanes loaded(const float *source) { return *(const unaligned_lanes *)source; }
INLINE void store(float *target, lanes value) { *(unaligned_lanes *)target = value; }
INLINE index_lanes loaded_indices(const int32_t *source) { return *(const unaligned_indices *)source; }
INLINE void store_indices(int32_t *target, index_lanes value) { *(unaligned_indices *)target = value; }

#define VALUE float
#define VALUE_LANES FIT_LANES
#define NAMED(name) f32_##name
#include "fit_product.h"
#undef VALUE
#undef VALUE_LANES
#undef NAMED
#define VALUE double
#define VALUE_LANES (FIT_LANES / 2)
#define NAMED(name) f64_##name
#include "fit_product.h"

#include "fit_moments.h"
#include "fit_path_tables.h"
#include "fit_path_step.h"
#include "fit_path.h"
#include "fit_path_exact.h"
#include "fit_stages.h"

static void encode_paths(const momos_path_search *search, const float *rows, size_t count, uint16_t *indices,
                         void *scratch) {
  if (search->cross)
    encode_exact(search, rows, count, indices, scratch);
  else
    encode_surviving(search, rows, count, indices, scratch);
}

const momos_fit_table FIT_TABLE = {
    .name = FIT_NAME,
    .multiply_f32 = f32_multiply,
    .multiply_f64 = f64_multiply,
    .add_moments = add_moments,
    .encode_paths = encode_paths,
    .encode_stages = encode_stages,
};

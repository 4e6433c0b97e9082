#include "dispatch.h"
#include "gemm_plan.h"
#include "gemm_sets.h"

#if defined(__x86_64__)
#define GEMM_SETS(SET, prefix)                                                       \
  SET(prefix, avx512bf16, has_avx512() && __builtin_cpu_supports("avx512bf16")) \
  STANDARD_SETS(SET, prefix)
#else
#define GEMM_SETS STANDARD_SETS
#endif

DISPATCH(momos_gemm, momos_gemm_table, GEMM_SETS)

static size_t scratch_count(size_t columns, size_t batch) {
  // Of columns and of pairs of them.
  size_t most = 0;
  for (size_t packed = 1; packed <= 2; packed++) {
    const size_t lanes = divided_up(columns, packed);
    const size_t panels = smallest(lanes, LANE_BLOCK) * smallest(batch_block(batch, lanes), batch);
    if (panels > most) most = panels;
  }
  return MOST_PANELS_BEGIN + (tile_group_count(batch) - 1) * MOST_TILE_SIZE + most;
}

size_t momos_dense_scratch_count(const momos_dense_weight *weight, size_t batch) {
  return scratch_count(weight->columns, batch);
}

size_t momos_mosaic_scratch_count(const momos_mosaic_weight *weight, size_t batch) {
  return scratch_count(weight->columns, batch);
}

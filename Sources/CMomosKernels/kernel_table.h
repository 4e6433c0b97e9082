#ifndef MOMOS_KERNEL_TABLE_H
#define MOMOS_KERNEL_TABLE_H

#include "momos_kernels.h"

extern const momos_kernel_table momos_scalar_kernels;
#if defined(__x86_64__)
extern const momos_kernel_table momos_avx2_kernels;
extern const momos_kernel_table momos_avx512_kernels;
#endif

/// Blocks whose products form one group.
static inline size_t group_block_count(const momos_stage *stage) {
  size_t count = MOMOS_GROUP_COLUMNS / stage->block_length;
  return count > 0 ? count : 1;
}

/// Entries of one table, padded.
static inline size_t table_stride(const momos_stage *stage) {
  size_t count = (size_t)1 << stage->index_width;
  return (count + MOMOS_LANES - 1) / MOMOS_LANES * MOMOS_LANES;
}

/// Blocks whose tables are built together: as many of a group as fit 64 Ki entries, at least one.
static inline size_t table_batch(const momos_stage *stage) {
  size_t batch = 65536 / table_stride(stage);
  size_t group = group_block_count(stage);
  return batch < 1 ? 1 : batch < group ? batch : group;
}

#endif

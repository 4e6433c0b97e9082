#include "dispatch.h"
#include "kernel_table.h"

DISPATCH(momos_kernels, momos_kernel_table, STANDARD_SETS)

size_t momos_table_scratch_count(const momos_stage *stage) { return table_batch(stage) * table_stride(stage); }

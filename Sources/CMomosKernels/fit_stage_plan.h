// The measures of a stage search and the division of its scratch.
#ifndef MOMOS_FIT_STAGE_PLAN_H
#define MOMOS_FIT_STAGE_PLAN_H

#include "fit_path_plan.h"

/// A group is `group_blocks` longer blocks; its errors move what comes after it in one product.
typedef struct {
  size_t blocks;         ///< longer ones of a row
  size_t parts;          ///< shorter blocks of a longer one
  size_t group_blocks;
  size_t group_columns;
  size_t factor_stride;  ///< of U within a group
  size_t row_stride;     ///< columns of a row with what the last group reaches beyond it
} stage_measures;

static inline stage_measures stage_measures_of(const momos_stage_search *search) {
  const size_t length = search->block_length;
  stage_measures measures = {.blocks = (search->columns + length - 1) / length};
  measures.parts = length / search->added_length;
  measures.group_blocks = MOMOS_PATH_GROUP_COLUMNS / length;
  measures.group_columns = measures.group_blocks * length;
  measures.factor_stride = rounded_up(measures.group_columns, MOST_LANES);
  measures.row_stride = rounded_up(search->columns, measures.group_columns) + MOST_LANES;
  return measures;
}

typedef struct {
  float *products;  ///< motifs T of the blocks of a group, [s, padded] each
  float *norms;     ///< |motif T|^2, [padded] each
  float *added;     ///< added motifs T of the shorter blocks, [added_count, added_length + 1] each: then half |motif T|^2
  float *factor;    ///< U [group_columns, factor_stride] within the group
  float *targets;   ///< [rows, row_stride]
  float *errors;    ///< [rows, group_columns], negative
  int32_t *key;     ///< [padded]
  float *transformed;  ///< [added_length, padded added_count]
  void *product;    ///< scratch of products
} stage_memory;

static inline size_t divide_stage_memory(const momos_stage_search *search, size_t row_count, char *base,
                                         stage_memory *memory) {
  const stage_measures measures = stage_measures_of(search);
  const size_t length = search->block_length, padded = search->padded, group = measures.group_blocks;
  const size_t added = search->added_count * (search->added_length + 1);
  const size_t transformed = search->added_length * rounded_up(search->added_count, MOST_LANES);
  size_t offset = 0;
  memory->products = taken(base, &offset, group * length * padded * sizeof(float));
  memory->norms = taken(base, &offset, group * padded * sizeof(float));
  memory->added = taken(base, &offset, group * measures.parts * added * sizeof(float));
  memory->factor = taken(base, &offset, measures.group_columns * measures.factor_stride * sizeof(float));
  memory->targets = taken(base, &offset, row_count * measures.row_stride * sizeof(float));
  memory->errors = taken(base, &offset, row_count * measures.group_columns * sizeof(float));
  memory->key = taken(base, &offset, padded * sizeof(int32_t));
  memory->transformed = taken(base, &offset, transformed * sizeof(float));
  memory->product = taken(base, &offset, MOMOS_FIT_PRODUCT_SCRATCH);
  return offset;
}

#endif

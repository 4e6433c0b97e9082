// The measures of a path search and the division of its scratch.
#ifndef MOMOS_FIT_PATH_PLAN_H
#define MOMOS_FIT_PATH_PLAN_H

#include "fit_plan.h"

/// A group is `group_blocks` blocks; a window holds the targets of this group and of the next.
typedef struct {
  size_t blocks;         ///< of a row
  size_t group_blocks;
  size_t group_columns;
  size_t window_stride;  ///< 2 groups, rounded up to lanes
  size_t factor_stride;  ///< 3 groups, rounded up to lanes
  size_t slots;          ///< survivors, rounded up to lanes
  size_t row_stride;     ///< columns of a row with what windows reach beyond it
} path_measures;

static inline path_measures path_measures_of(const momos_path_search *search) {
  const size_t length = search->block_length;
  path_measures measures = {.blocks = (search->columns + length - 1) / length};
  measures.group_blocks = MOMOS_PATH_GROUP_COLUMNS / length;
  measures.group_columns = measures.group_blocks * length;
  measures.window_stride = rounded_up(2 * measures.group_columns, MOST_LANES);
  measures.factor_stride = rounded_up(3 * measures.group_columns, MOST_LANES);
  measures.slots = rounded_up(search->survivor_count, MOST_LANES);
  measures.row_stride = rounded_up(search->columns, measures.group_columns) + 2 * measures.window_stride;
  return measures;
}

/// What survivors did in one group: [block of the group][slot].
typedef struct {
  uint16_t *index;
  uint16_t *previous;  ///< slot before the block; for the first one of a group unused
  float *error;        ///< e T of the block, [block of the group][slot][s]
} path_history;

/// One row on its way.
typedef struct {
  float *targets;          ///< [row_stride]: the weights, moved by the errors of decided groups
  float *windows;          ///< [slots, window_stride]
  float *terms;            ///< [slots, s + 1]: cost + |target T|^2, then -2 target T
  float *cost;             ///< [slots]
  float *rank;             ///< [slots]
  uint16_t *ancestor;      ///< [slots]: slot at the end of the group before
  path_history history[2];
  size_t count;            ///< survivors
} path_row;

/// What the rows of a call share.
typedef struct {
  // Of a group: of its blocks, [s, padded] each.
  float *products;  ///< first T
  float *next;      ///< first T V - second T' with V = U[block, next block] T' and T' that of the next block
  float *norms;     ///< |first T|^2, [padded]; infinite beyond the last motif
  float *shift;     ///< V, [s, s] of each block
  float *factor;    ///< U [group_columns, factor_stride] from the first column of the group on
  // Of a block.
  float *best;      ///< [padded]
  int32_t *previous;
  float *cost;
  float *square;    ///< |next target T|^2
  int32_t *key;     ///< rank, as an integer of the same order
  float *bases;     ///< [s, slots]: next targets T before their motifs
  float *columns;   ///< [s, slots]
  float *windows;   ///< [slots, window_stride], next to those of a row
  float *terms;
  uint16_t *ancestor;
  uint16_t *chosen; ///< [slots] motifs, ascending
  float *errors;    ///< [slots, group_columns]: of the paths of a group, negative
  float *committed; ///< [MOMOS_PATH_ROWS, group_columns]: of decided groups, negative
  void *product;    ///< scratch of products
  float *targets;   ///< [rows, row_stride], of all rows
  path_row rows[MOMOS_PATH_ROWS];
} path_memory;

/// Takes `byte_count` bytes at a multiple of 64; a NULL base only counts.
static inline void *taken(char *base, size_t *offset, size_t byte_count) {
  void *memory = base ? base + *offset : NULL;
  *offset += rounded_up(byte_count, 64);
  return memory;
}

static inline void divide_row(const path_measures *measures, size_t length, char *base, size_t *offset, path_row *row) {
  const size_t slots = measures->slots;
  row->windows = taken(base, offset, slots * measures->window_stride * sizeof(float));
  row->terms = taken(base, offset, slots * (length + 1) * sizeof(float));
  row->cost = taken(base, offset, slots * sizeof(float));
  row->rank = taken(base, offset, slots * sizeof(float));
  row->ancestor = taken(base, offset, slots * sizeof(uint16_t));
  for (int h = 0; h < 2; h++) {
    const size_t steps = measures->group_blocks * slots;
    row->history[h].index = taken(base, offset, steps * sizeof(uint16_t));
    row->history[h].previous = taken(base, offset, steps * sizeof(uint16_t));
    row->history[h].error = taken(base, offset, steps * length * sizeof(float));
  }
}

/// Divides scratch; returns the bytes that are needed.
static inline size_t divide_path_memory(const momos_path_search *search, size_t row_count, char *base,
                                        path_memory *memory) {
  const path_measures measures = path_measures_of(search);
  const size_t length = search->block_length, padded = search->padded, slots = measures.slots;
  const size_t group = measures.group_blocks;
  size_t offset = 0;
  memory->products = taken(base, &offset, group * length * padded * sizeof(float));
  memory->next = taken(base, &offset, group * length * padded * sizeof(float));
  memory->norms = taken(base, &offset, group * padded * sizeof(float));
  memory->shift = taken(base, &offset, group * length * length * sizeof(float));
  memory->factor = taken(base, &offset, measures.group_columns * measures.factor_stride * sizeof(float));
  memory->best = taken(base, &offset, padded * sizeof(float));
  memory->previous = taken(base, &offset, padded * sizeof(int32_t));
  memory->cost = taken(base, &offset, padded * sizeof(float));
  memory->square = taken(base, &offset, padded * sizeof(float));
  memory->key = taken(base, &offset, padded * sizeof(int32_t));
  memory->bases = taken(base, &offset, length * slots * sizeof(float));
  memory->columns = taken(base, &offset, length * slots * sizeof(float));
  memory->windows = taken(base, &offset, slots * measures.window_stride * sizeof(float));
  memory->terms = taken(base, &offset, slots * (length + 1) * sizeof(float));
  memory->ancestor = taken(base, &offset, slots * sizeof(uint16_t));
  memory->chosen = taken(base, &offset, slots * sizeof(uint16_t));
  memory->errors = taken(base, &offset, slots * measures.group_columns * sizeof(float));
  memory->committed = taken(base, &offset, MOMOS_PATH_ROWS * measures.group_columns * sizeof(float));
  memory->product = taken(base, &offset, MOMOS_FIT_PRODUCT_SCRATCH);
  memory->targets = taken(base, &offset, row_count * measures.row_stride * sizeof(float));
  for (size_t r = 0; r < row_count; r++) {
    divide_row(&measures, length, base, &offset, &memory->rows[r]);
    memory->rows[r].targets = base ? memory->targets + r * measures.row_stride : NULL;
  }
  return offset;
}

/// Rows of an exact search that share the reading of `cross`.
#define EXACT_ROWS 4

/// What an exact search remembers of a row and block: what each path costs before the motif of the block.
static inline size_t exact_byte_count(const momos_path_search *search) {
  const path_measures measures = path_measures_of(search);
  return (measures.blocks + 1) * EXACT_ROWS * search->padded * sizeof(float);
}

#endif

// Single rows of a mosaic: the motifs of one column block are laid side by side and summed over stages.

#include <string.h>

typedef float two __attribute__((ext_vector_type(2)));
typedef float eight __attribute__((ext_vector_type(8)));
typedef float unaligned_two __attribute__((ext_vector_type(2), aligned(4), may_alias));
typedef float unaligned_eight __attribute__((ext_vector_type(8), aligned(4), may_alias));

/// The second half of the motif before the first block.
static const float no_motif[MOST_BLOCK_LENGTH];

/// A run of blocks of one row and one stage.
typedef struct {
  const char *motifs;
  const uint32_t *offsets;  ///< byte offset of each block's motif
  size_t count;
  size_t length;            ///< lanes of a block
  const float *second;      ///< overlapping: the second half of the motif before the first block; otherwise NULL
} block_run;

// to[o] = (to[o] +) motif[o] (+ second[o]) for the elements of one vector.
#define EXPAND(type, o)                                                                 \
  do {                                                                                  \
    type value = *(const unaligned_##type *)(motif + (o));                              \
    if (overlapping) value += *(const unaligned_##type *)(second + (o));                \
    if (adding) value = *(unaligned_##type *)(to + (o)) + value;                        \
    *(unaligned_##type *)(to + (o)) = value;                                            \
  } while (0)

typedef float one;
typedef float unaligned_one __attribute__((may_alias));

/// Writes or adds the weights of a run of blocks.
INLINE void expand_run(const block_run *run, float *to, const size_t length, const int overlapping, const int adding) {
  const float *second = run->second;
  for (size_t t = 0; t < run->count; t++, to += length) {
    const float *motif = (const float *)(run->motifs + run->offsets[t]);
    size_t o = 0;
    for (; o + 8 <= length; o += 8) EXPAND(eight, o);
    if (o + 4 <= length) {
      EXPAND(four, o);
      o += 4;
    }
    if (o + 2 <= length) {
      EXPAND(two, o);
      o += 2;
    }
    if (o < length) EXPAND(one, o);
    second = motif + length;
  }
}

INLINE void expand_length(const block_run *run, float *to, const int overlapping, const int adding) {
  switch (run->length) {
    case 1: return expand_run(run, to, 1, overlapping, adding);
    case 2: return expand_run(run, to, 2, overlapping, adding);
    case 3: return expand_run(run, to, 3, overlapping, adding);
    case 4: return expand_run(run, to, 4, overlapping, adding);
    case 5: return expand_run(run, to, 5, overlapping, adding);
    case 6: return expand_run(run, to, 6, overlapping, adding);
    case 8: return expand_run(run, to, 8, overlapping, adding);
    case 12: return expand_run(run, to, 12, overlapping, adding);
    case 16: return expand_run(run, to, 16, overlapping, adding);
    default: return expand_run(run, to, run->length, overlapping, adding);
  }
}

static void expand(const block_run *run, float *to, int adding) {
  if (run->second)
    adding ? expand_length(run, to, 1, 1) : expand_length(run, to, 1, 0);
  else
    adding ? expand_length(run, to, 0, 1) : expand_length(run, to, 0, 0);
}

/// Asks for the indices of blocks [first, last) of a row ahead of their use.
static void prefetch_indices(const momos_stage *stage, size_t row, size_t first, size_t last) {
  // The rows of a strip share their lines: the next one is there already.
  if (stage->layout != MOMOS_LAYOUT_ROW_MAJOR) return;
  const uint8_t *packed = stage->indices + row * stage->row_byte_count;
  const size_t end = divided_up(last * stage->index_width, 8);
  for (size_t byte = first * stage->index_width / 8; byte < end; byte += 64) __builtin_prefetch(packed + byte, 0, 2);
}

/// Lanes that a block of a stage fills: one for each value, or for PACKED_FLOATS of them where the motifs were packed.
static inline size_t block_lanes(const momos_stage *stage) {
  return smallest(stage->block_length, stage->motif_length);
}

/// The same of some columns, which blocks or their lanes divide.
static inline size_t lanes_of(const momos_stage *stage, size_t columns) {
  return block_lanes(stage) < stage->block_length ? columns / PACKED_FLOATS : columns;
}

/// The weights of one stage of a row in columns [begin, end); to[0] is column `begin`. Writes or adds up to s - 1 more
/// columns on both sides.
static void expand_stage(const momos_stage *stage, size_t row, size_t begin, size_t end, int adding,
                         uint32_t *offsets, float *to) {
  const size_t s = stage->block_length, first = begin / s, last = divided_up(end, s);
  const int overlapping = stage->motif_length > s;
  const size_t unpacked = (overlapping && first > 0 ? first - 1 : first) / 8 * 8;
  unpack_offsets(stage, row, unpacked, last - unpacked, offsets);
  const char *motifs = (const char *)stage->motifs;
  block_run run = {.motifs = motifs, .offsets = offsets + (first - unpacked), .count = last - first,
                   .length = block_lanes(stage)};
  if (overlapping) run.second = first > 0 ? (const float *)(motifs + run.offsets[-1]) + s : no_motif;
  expand(&run, to - lanes_of(stage, begin - first * s), adding);
}

/// Expands one row in columns [begin, end); to[0] is column `begin`.
static void expand_row(const momos_mosaic_weight *weight, size_t row, size_t row_end, size_t begin, size_t end,
                       uint32_t *offsets, float *to) {
  for (size_t s = 0; s < weight->stage_count; s++) {
    const momos_stage *stage = &weight->stages[s];
    if (row + GEMM_ROWS < row_end)
      prefetch_indices(stage, row + GEMM_ROWS, begin / stage->block_length, divided_up(end, stage->block_length));
    expand_stage(stage, row, begin, end, s > 0, offsets, to);
  }
}

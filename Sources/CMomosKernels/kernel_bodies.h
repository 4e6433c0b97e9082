// The kernels over vectors of 16 lanes, compiled once for each instruction set; the compiler splits the vectors
// into what the set has. No sum is reordered, so all sets give the same bits.

#include "kernel_table.h"

typedef float lanes __attribute__((ext_vector_type(MOMOS_LANES)));
typedef int32_t index_lanes __attribute__((ext_vector_type(MOMOS_LANES)));

// Macros, since passing a vector to a function would depend on the instruction set.
typedef float unaligned_lanes __attribute__((ext_vector_type(MOMOS_LANES), aligned(4), may_alias));
#define LOADED(source) (*(const unaligned_lanes *)(source))
#define STORE(target, value) (*(unaligned_lanes *)(target) = (value))

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Index number `block` of a packed row.
static inline size_t unpacked_index(const uint8_t *row, size_t block, uint32_t width) {
  if (width == 8) return row[block];
  if (width == 0) return 0;
  size_t bit = block * width;
  size_t byte = bit / 8;
  uint32_t shift = bit % 8;
  uint32_t value = row[byte];
  if (shift + width > 8) value |= (uint32_t)row[byte + 1] << 8;
  if (shift + width > 16) value |= (uint32_t)row[byte + 2] << 16;
  return (value >> shift) & ((1u << width) - 1);
}

/// sum[i] += table[index(row_begin + i)] for one block of a mosaic in a tile layout.
static void add_tiled_lookups(const momos_stage *stage, size_t block, const float *table, size_t row_begin,
                              size_t rows, float *sum) {
  const tile_shape shape = tile_shape_of(stage->layout);
  for (size_t i = 0; i < rows;) {
    const size_t row = row_begin + i;
    const uint8_t *strip = stage->indices + strip_offset(stage, &shape, row, block / shape.bundle_blocks);
    const size_t first = row % shape.strip_rows;
    const size_t count = smaller(shape.strip_rows - first, rows - i);
    for (size_t r = 0; r < count; r++)
      sum[i + r] += table[strip_index(stage->layout, strip, first + r, block % shape.bundle_blocks)];
    i += count;
  }
}

/// sum[i] += sum over blocks t in [begin, end) of tables[t - begin][index(row_begin + i, t)], t ascending.
static void add_lookups(const momos_stage *stage, size_t begin, size_t end, const float *tables, size_t row_begin,
                        size_t rows, float *sum) {
  const size_t stride = table_stride(stage);
  if (stage->layout != MOMOS_LAYOUT_ROW_MAJOR) {
    const size_t strips = stage->layout == MOMOS_LAYOUT_TILE_K256 && row_begin % 64 == 0 ? rows / 64 : 0;
    const tile_shape shape = tile_shape_of(stage->layout);
    // Sixteen blocks at a time: their tables stay in the nearest cache.
    for (size_t first = begin; first < end && strips > 0; first += 16)
      for (size_t strip = 0; strip < strips; strip++) {
        const size_t row = row_begin + 64 * strip;
        MOMOS_STRIP_LOOKUPS(stage->indices + strip_offset(stage, &shape, row, first), tile_row_count(stage, &shape, row),
                          smaller(16, end - first), tables + (first - begin) * stride, stride, sum + 64 * strip);
      }
    for (size_t t = begin; t < end; t++)
      add_tiled_lookups(stage, t, tables + (t - begin) * stride, row_begin + 64 * strips, rows - 64 * strips,
                        sum + 64 * strips);
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    const uint8_t *row = stage->indices + (row_begin + i) * stage->row_byte_count;
    float value = sum[i];
    for (size_t t = begin; t < end; t++)
      value += tables[(t - begin) * stride + unpacked_index(row, t, stage->index_width)];
    sum[i] = value;
  }
}

/// table[m] = sum over o of transposed[o, m] * x[o].
static void fill_table(const float *transposed, size_t stride, size_t length, const float *x, float *table) {
  for (size_t m = 0; m < stride; m += MOMOS_LANES) {
    lanes sum = LOADED(transposed + m) * x[0];
    for (size_t o = 1; o < length; o++) sum += LOADED(transposed + o * stride + m) * x[o];
    STORE(table + m, sum);
  }
}

static uint64_t multiply_tables(const momos_stage *stage, const float *x, size_t row_begin, size_t row_end,
                                float *tables, float *partial, float *sum) {
  const size_t stride = table_stride(stage), group = group_block_count(stage), batch = table_batch(stage);
  const size_t rows = row_end - row_begin;
  uint64_t products = 0;
  for (size_t first = 0; first < stage->block_count; first += group) {
    const size_t last = smaller(first + group, stage->block_count);
    for (size_t i = 0; i < rows; i++) partial[i] = 0;
    for (size_t begin = first; begin < last; begin += batch) {
      const size_t end = smaller(begin + batch, last);
      for (size_t t = begin; t < end; t++)
        fill_table(stage->transposed, stride, stage->motif_length, x + t * stage->block_length,
                   tables + (t - begin) * stride);
      products += (uint64_t)(end - begin) << stage->index_width;
      add_lookups(stage, begin, end, tables, row_begin, rows, partial);
    }
    for (size_t i = 0; i < rows; i++) sum[i] += partial[i];
  }
  return products;
}

static uint64_t multiply_motifs(const momos_stage *stage, const float *x, size_t row_begin, size_t row_end,
                                float *sum) {
  const size_t group = group_block_count(stage);
  for (size_t i = row_begin; i < row_end; i++) {
    const uint8_t *row = stage->indices + i * stage->row_byte_count;
    for (size_t first = 0; first < stage->block_count; first += group) {
      const size_t last = smaller(first + group, stage->block_count);
      float partial = 0;
      for (size_t t = first; t < last; t++) {
        const float *motif = stage->motifs + unpacked_index(row, t, stage->index_width) * stage->motif_length;
        const float *block = x + t * stage->block_length;
        float product = motif[0] * block[0];
        for (size_t o = 1; o < stage->motif_length; o++) product += motif[o] * block[o];
        partial += product;
      }
      sum[i - row_begin] += partial;
    }
  }
  return (uint64_t)(row_end - row_begin) * stage->block_count;
}

static inline __attribute__((always_inline)) float sparse_product(const momos_sparse_stage *stage, const float *x,
                                                                  size_t entry, const size_t length) {
  const float *motif = stage->motifs + stage->indices[entry] * length;
  const float *block = x + stage->columns[entry];
  float product = motif[0] * block[0];
  for (size_t o = 1; o < length; o++) product += motif[o] * block[o];
  return product;
}

static inline __attribute__((always_inline)) void multiply_sparse_vector(const momos_sparse_stage *stage, const float *x,
                                                                         size_t row_begin, size_t row_end, float *sum,
                                                                         const size_t length) {
  for (size_t i = row_begin; i < row_end; i++) {
    const size_t first = stage->starts[i], end = stage->starts[i + 1];
    float even = 0, odd = 0;
    size_t entry = first;
    for (; entry + 1 < end; entry += 2) {
      even += sparse_product(stage, x, entry, length);
      odd += sparse_product(stage, x, entry + 1, length);
    }
    if (entry < end) even += sparse_product(stage, x, entry, length);
    sum[i - row_begin] += even + odd;
  }
}

static inline __attribute__((always_inline)) void multiply_sparse_lanes(const momos_sparse_stage *stage, const float *x,
                                                                        size_t row_begin, size_t row_end, float *sum,
                                                                        const size_t length) {
  for (size_t i = row_begin; i < row_end; i++) {
    lanes value = 0;
    for (size_t entry = stage->starts[i]; entry < stage->starts[i + 1]; entry++) {
      const float *motif = stage->motifs + stage->indices[entry] * length;
      const float *block = x + (size_t)stage->columns[entry] * MOMOS_LANES;
      for (size_t o = 0; o < length; o++) value += LOADED(block + o * MOMOS_LANES) * motif[o];
    }
    float *target = sum + (i - row_begin) * MOMOS_LANES;
    STORE(target, LOADED(target) + value);
  }
}

static void multiply_sparse(const momos_sparse_stage *stage, const float *x, size_t lanes, size_t row_begin,
                            size_t row_end, float *sum) {
#define SPARSE(length)                                                  \
  if (lanes == 1)                                                       \
    multiply_sparse_vector(stage, x, row_begin, row_end, sum, length);  \
  else                                                                  \
    multiply_sparse_lanes(stage, x, row_begin, row_end, sum, length)
  switch (stage->block_length) {
    case 2: SPARSE(2); break;
    case 4: SPARSE(4); break;
    case 8: SPARSE(8); break;
    default: SPARSE(stage->block_length);
  }
#undef SPARSE
}

/// Vectors of blocks whose scores are found together.
#define NEAREST_VECTORS 2
#define NEAREST_BLOCKS (NEAREST_VECTORS * MOMOS_LANES)

/// columns[o, b] = offset o of block b; blocks from `count` on repeat the last one.
static void fill_columns(const float *blocks, size_t count, size_t length, float *columns) {
  for (size_t b = 0; b < NEAREST_BLOCKS; b++) {
    const float *block = blocks + smaller(b, count - 1) * length;
    for (size_t o = 0; o < length; o++) columns[o * NEAREST_BLOCKS + b] = block[o];
  }
}

/// Scores of the blocks in `columns` against all motifs, a motif at a time.
static inline __attribute__((always_inline)) void nearest_of_columns(const float *columns, const size_t length,
                                                                     const float *transposed, const float *half_norms,
                                                                     size_t padded, int32_t *nearest, float *scores) {
  lanes best[NEAREST_VECTORS];
  index_lanes index[NEAREST_VECTORS];
  for (int v = 0; v < NEAREST_VECTORS; v++) best[v] = -__builtin_inff(), index[v] = 0;
  for (size_t m = 0; m < padded; m++) {
    const index_lanes here = (index_lanes)(int32_t)m;
    lanes score[NEAREST_VECTORS];
    for (int v = 0; v < NEAREST_VECTORS; v++) score[v] = LOADED(columns + v * MOMOS_LANES) * transposed[m];
    for (size_t o = 1; o < length; o++)
      for (int v = 0; v < NEAREST_VECTORS; v++)
        score[v] += LOADED(columns + o * NEAREST_BLOCKS + v * MOMOS_LANES) * transposed[o * padded + m];
    for (int v = 0; v < NEAREST_VECTORS; v++) {
      score[v] -= half_norms[m];
      const index_lanes better = score[v] > best[v];
      best[v] = better ? score[v] : best[v];
      index[v] = better ? here : index[v];
    }
  }
  for (int v = 0; v < NEAREST_VECTORS; v++) {
    STORE(scores + v * MOMOS_LANES, best[v]);
    for (int lane = 0; lane < MOMOS_LANES; lane++) nearest[v * MOMOS_LANES + lane] = index[v][lane];
  }
}

static void nearest_motifs(const float *blocks, size_t count, size_t length, const float *transposed,
                           const float *half_norms, size_t padded, uint16_t *nearest, float *scores) {
  float columns[MOMOS_MOST_SEARCHED_LENGTH * NEAREST_BLOCKS], values[NEAREST_BLOCKS];
  int32_t indices[NEAREST_BLOCKS];
  for (size_t first = 0; first < count; first += NEAREST_BLOCKS) {
    fill_columns(blocks + first * length, count - first, length, columns);
    switch (length) {
#define NEAREST(length) \
  case length: nearest_of_columns(columns, length, transposed, half_norms, padded, indices, values); break
      NEAREST(1);
      NEAREST(2);
      NEAREST(4);
      NEAREST(8);
#undef NEAREST
      default: nearest_of_columns(columns, length, transposed, half_norms, padded, indices, values);
    }
    for (size_t b = 0; b < smaller(NEAREST_BLOCKS, count - first); b++) {
      nearest[first + b] = (uint16_t)indices[b];
      if (scores) scores[first + b] = values[b];
    }
  }
}

const momos_kernel_table MOMOS_KERNEL_TABLE = {
    .name = MOMOS_KERNEL_NAME,
    .multiply_tables = multiply_tables,
    .multiply_motifs = multiply_motifs,
    .multiply_sparse = multiply_sparse,
    .nearest_motifs = nearest_motifs,
};

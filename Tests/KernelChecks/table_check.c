// Checks every kernel of momos_kernels.h, bit for bit, against the sums of its documentation written out one number
// after another; those are checked against float64.

#include <math.h>

#include "exact_memory.h"
#include "momos_kernels.h"
#include "momos_lut.h"
#include "samples.h"

static int failure_count;

static void expect(int holds, const char *what, const char *kernels, size_t a, size_t b, size_t c) {
  if (holds) return;
  failure_count++;
  if (failure_count <= 20) fprintf(stderr, "FAILED %s: %s, %zu, %zu, %zu\n", what, kernels, a, b, c);
}

static int same_bits(const float *a, const float *b, size_t count) { return memcmp(a, b, count * sizeof *a) == 0; }

/// A random mosaic of one stage, its unpacked indices and an input.
typedef struct {
  momos_stage stage;
  momos_stage row_major;  ///< the same, as `multiply_motifs` reads it
  uint16_t *indices;      ///< [rows, blocks]
  float *x;
} random_mosaic;

static uint8_t *packed_rows(const momos_stage *stage, const uint16_t *indices) {
  const size_t bytes = stage->row_byte_count;
  uint8_t *packed = exactly(stage->row_count * bytes, 1);
  memset(packed, 0, stage->row_count * bytes);
  for (size_t i = 0; i < stage->row_count; i++)
    for (size_t t = 0; t < stage->block_count; t++)
      pack_index(packed + i * bytes, t, stage->index_width, indices[i * stage->block_count + t]);
  return packed;
}

static uint8_t *packed_tiles(const momos_stage *stage, momos_lut_layout layout, const uint16_t *indices) {
  const size_t rows = stage->row_count, blocks = stage->block_count;
  uint8_t *packed = exact_bytes(momos_lut_index_bytes(layout, rows, blocks), 64);
  momos_lut_pack(layout, stage->block_length, indices, rows, blocks, packed);
  return packed;
}

static size_t padded_count(uint32_t width) {
  return (((size_t)1 << width) + MOMOS_LANES - 1) / MOMOS_LANES * MOMOS_LANES;
}

/// [length, padded] from motifs [count, length].
static float *transposed_motifs(const float *motifs, size_t count, size_t length, size_t padded) {
  float *transposed = exactly(length * padded, sizeof *transposed);
  memset(transposed, 0, length * padded * sizeof *transposed);
  for (size_t m = 0; m < count; m++)
    for (size_t o = 0; o < length; o++) transposed[o * padded + m] = motifs[m * length + o];
  return transposed;
}

static random_mosaic new_mosaic(momos_layout layout, uint32_t width, uint32_t s, int overlapping, size_t rows,
                                size_t blocks) {
  const size_t count = (size_t)1 << width, length = overlapping ? 2 * s : s, input = blocks * s + (length - s);
  float *motifs = exactly(count * length, sizeof *motifs);
  random_mosaic made = {.indices = exactly(rows * blocks, sizeof *made.indices), .x = exactly(input, sizeof(float))};
  fill_gaussian(motifs, count * length);
  fill_gaussian(made.x, input);
  for (size_t i = 0; i < input; i += 100) made.x[i] *= 30;
  for (size_t i = 0; i < rows * blocks; i++) made.indices[i] = (uint16_t)(random_bits() % count);
  made.row_major = (momos_stage){.row_count = rows,
                                 .row_byte_count = packed_byte_count(blocks, width),
                                 .index_width = width,
                                 .block_length = s,
                                 .motif_length = (uint32_t)length,
                                 .block_count = blocks,
                                 .motifs = motifs,
                                 .transposed = transposed_motifs(motifs, count, length, padded_count(width))};
  made.row_major.indices = packed_rows(&made.row_major, made.indices);
  made.stage = made.row_major;
  made.stage.layout = layout;
  if (layout != MOMOS_LAYOUT_ROW_MAJOR)
    made.stage.indices = packed_tiles(&made.stage, (momos_lut_layout)layout, made.indices);
  return made;
}

static void release_mosaic(const random_mosaic *mosaic) {
  if (mosaic->stage.layout != MOMOS_LAYOUT_ROW_MAJOR) release(mosaic->stage.indices);
  release(mosaic->row_major.indices);
  release(mosaic->row_major.motifs);
  release(mosaic->row_major.transposed);
  release(mosaic->indices);
  release(mosaic->x);
}

/// sum[i] += row i's products in the order of the documentation; returns how far that is from float64, relative to
/// the sum of all magnitudes.
static double add_by_the_book(const random_mosaic *mosaic, size_t row, float *sum) {
  const momos_stage *stage = &mosaic->stage;
  const size_t group = stage->block_length < 256 ? 256 / stage->block_length : 1, s = stage->block_length;
  double exact = *sum, size = fabs(exact);
  for (size_t first = 0; first < stage->block_count; first += group) {
    float partial = 0;
    for (size_t t = first; t < first + group && t < stage->block_count; t++) {
      const float *motif =
          stage->motifs + (size_t)mosaic->indices[row * stage->block_count + t] * stage->motif_length;
      float product = motif[0] * mosaic->x[t * s];
      for (size_t o = 1; o < stage->motif_length; o++) product += motif[o] * mosaic->x[t * s + o];
      partial += product;
      for (size_t o = 0; o < stage->motif_length; o++) {
        const double term = (double)motif[o] * mosaic->x[t * s + o];
        exact += term, size += fabs(term);
      }
    }
    *sum += partial;
  }
  return size > 0 ? fabs(*sum - exact) / size : fabs(*sum - exact);
}

/// Rows [begin, end) by both kernels of every set.
static void check_rows(const random_mosaic *mosaic, size_t begin, size_t end) {
  const momos_stage *stage = &mosaic->stage;
  const size_t rows = end - begin, blocks = stage->block_count;
  float *expected = exactly(rows, sizeof(float)), *sum = exactly(rows, sizeof(float));
  float *start = exactly(rows, sizeof(float)), *partial = exactly(rows, sizeof(float));
  float *tables = exactly(momos_table_scratch_count(stage), sizeof(float));
  fill_gaussian(start, rows);
  memcpy(expected, start, rows * sizeof(float));
  // Every operation rounds once; a term passes fewer than motif length + group blocks + groups of them.
  const double roundings = stage->motif_length + 257 + (double)blocks * stage->block_length / 256 + 2;
  for (size_t i = 0; i < rows; i++)
    expect(add_by_the_book(mosaic, begin + i, expected + i) <= roundings * 0x1p-24, "error bound", "reference",
           stage->index_width, stage->block_length, blocks);
  for (const char *const *name = momos_kernels_names(); *name; name++) {
    const momos_kernel_table *table = momos_kernels_named(*name);
    if (!table) continue;
    memcpy(sum, start, rows * sizeof(float));
    table->multiply_tables(stage, mosaic->x, begin, end, tables, partial, sum);
    expect(same_bits(sum, expected, rows), "tables", *name, stage->index_width, stage->block_length, rows);
    memcpy(sum, start, rows * sizeof(float));
    table->multiply_motifs(&mosaic->row_major, mosaic->x, begin, end, sum);
    expect(same_bits(sum, expected, rows), "motifs", *name, stage->index_width, stage->block_length, rows);
  }
  release(expected), release(sum), release(start), release(partial), release(tables);
}

static void check_mosaics(size_t share) {
  static const size_t row_counts[] = {0, 1, 15, 16, 17, 63, 64, 65, 128, 257, 300};
  static const uint32_t lengths[] = {1, 2, 3, 4, 7, 8, 16, 17, 64, 300};
  for (size_t trial = 0; trial < 500; trial++) {
    const momos_layout layout = (momos_layout)(trial % 4);
    const uint32_t tiled_widths[] = {0, 8, 4, 6};
    const uint32_t width = layout == MOMOS_LAYOUT_ROW_MAJOR ? trial / 4 % 17 : tiled_widths[layout];
    const uint32_t s = layout == MOMOS_LAYOUT_ROW_MAJOR ? lengths[random_bits() % 10] : 2u << random_bits() % 4;
    const size_t rows = row_counts[random_bits() % 11], blocks = random_bits() % (1100 / s + 2);
    if (!is_chosen(share) || (width > 12 && (s > 16 || rows > 64))) continue;
    const random_mosaic mosaic = new_mosaic(layout, width, s, random_bits() % 2, rows, blocks);
    const size_t middle = random_bits() % (rows + 1);
    check_rows(&mosaic, 0, rows);
    check_rows(&mosaic, middle, rows);
    check_rows(&mosaic, 0, middle / 64 * 64);
    release_mosaic(&mosaic);
  }
}

/// One stage without its zero blocks, for one vector or sixteen side by side, by every set.
static void check_sparse(size_t rows, size_t blocks, uint32_t s, size_t lanes) {
  const size_t motif_count = 16, length = blocks * s * lanes, sums = rows * lanes;
  uint32_t *starts = exactly(rows + 1, sizeof *starts), *columns = exactly(rows * blocks, sizeof *columns);
  uint16_t *indices = exactly(rows * blocks, sizeof *indices);
  float *motifs = exactly(motif_count * s, sizeof(float)), *x = exactly(length, sizeof(float));
  float *start = exactly(sums, sizeof(float)), *expected = exactly(sums, sizeof(float)), *sum = exactly(sums, sizeof(float));
  fill_gaussian(motifs, motif_count * s), fill_gaussian(x, length), fill_gaussian(start, sums);
  starts[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    starts[i + 1] = starts[i];
    for (size_t t = 0; t < blocks; t++) {
      if (random_bits() % 4) continue;
      columns[starts[i + 1]] = (uint32_t)(t * s);
      indices[starts[i + 1]++] = (uint16_t)(random_bits() % motif_count);
    }
  }
  for (size_t i = 0; i < rows; i++)
    for (size_t v = 0; v < lanes; v++) {
      // One vector: entries at even and odd places apart.
      float parity[2] = {0, 0};
      for (uint32_t entry = starts[i]; entry < starts[i + 1]; entry++) {
        const float *motif = motifs + indices[entry] * s, *block = x + columns[entry] * lanes + v;
        float *target = &parity[lanes == 1 ? (entry - starts[i]) % 2 : 0];
        if (lanes == 1) {
          float product = motif[0] * block[0];
          for (size_t o = 1; o < s; o++) product += motif[o] * block[o];
          *target += product;
        } else {
          for (size_t o = 0; o < s; o++) *target += motif[o] * block[o * lanes];
        }
      }
      expected[i * lanes + v] = start[i * lanes + v] + (parity[0] + parity[1]);
    }
  const momos_sparse_stage stage = {starts, columns, indices, s, motifs};
  for (const char *const *name = momos_kernels_names(); *name; name++) {
    const momos_kernel_table *table = momos_kernels_named(*name);
    if (!table) continue;
    memcpy(sum, start, sums * sizeof(float));
    table->multiply_sparse(&stage, x, lanes, 0, rows / 2, sum);
    table->multiply_sparse(&stage, x, lanes, rows / 2, rows, sum + rows / 2 * lanes);
    expect(same_bits(sum, expected, sums), "sparse", *name, s, rows, lanes);
  }
  release(starts), release(columns), release(indices), release(motifs), release(x), release(start);
  release(expected), release(sum);
}

static void check_sparse_stages(void) {
  static const uint32_t lengths[] = {1, 2, 3, 4, 8, 16, 64};
  for (size_t number = 0; number < 7; number++)
    for (size_t rows = 0; rows < 6; rows++)
      for (size_t blocks = 0; blocks < 40; blocks += 13) {
        check_sparse(rows, blocks, lengths[number], 1);
        check_sparse(rows, blocks, lengths[number], MOMOS_LANES);
      }
}

/// The motif with the largest score, ties to the lowest index.
static size_t nearest_by_the_book(const float *block, size_t length, const float *transposed,
                                  const float *half_norms, size_t padded, float *score) {
  size_t winner = 0;
  for (size_t m = 0; m < padded; m++) {
    float sum = transposed[m] * block[0];
    for (size_t o = 1; o < length; o++) sum += transposed[o * padded + m] * block[o];
    sum -= half_norms[m];
    if (m == 0 || sum > *score) *score = sum, winner = m;
  }
  return winner;
}

static void check_nearest(size_t count, size_t length, size_t motif_count) {
  const size_t padded = (motif_count + MOMOS_LANES - 1) / MOMOS_LANES * MOMOS_LANES;
  float *blocks = exactly(count * length, sizeof(float)), *motifs = exactly(motif_count * length, sizeof(float));
  float *half_norms = exactly(padded, sizeof(float)), *scores = exactly(count, sizeof(float));
  uint16_t *nearest = exactly(count, sizeof *nearest);
  fill_gaussian(blocks, count * length);
  // Few distinct values, so that some motifs are equal and scores tie.
  for (size_t i = 0; i < motif_count * length; i++) motifs[i] = (float)(random_bits() % 5) - 2;
  float *transposed = transposed_motifs(motifs, motif_count, length, padded);
  for (size_t m = 0; m < padded; m++) {
    half_norms[m] = m < motif_count ? 0 : INFINITY;
    for (size_t o = 0; m < motif_count && o < length; o++)
      half_norms[m] += motifs[m * length + o] * motifs[m * length + o] / 2;
  }
  for (const char *const *name = momos_kernels_names(); *name; name++) {
    const momos_kernel_table *table = momos_kernels_named(*name);
    for (int scored = 0; scored < 2 && table; scored++) {
      memset(nearest, 0xff, count * sizeof *nearest);
      table->nearest_motifs(blocks, count, length, transposed, half_norms, padded, nearest, scored ? scores : NULL);
      for (size_t b = 0; b < count; b++) {
        float score = 0;
        const size_t winner = nearest_by_the_book(blocks + b * length, length, transposed, half_norms, padded, &score);
        expect(nearest[b] == winner, "nearest motif", *name, count, length, motif_count);
        if (scored) expect(same_bits(&scores[b], &score, 1), "score", *name, count, length, motif_count);
      }
    }
  }
  release(blocks), release(motifs), release(transposed), release(half_norms), release(scores), release(nearest);
}

int main(int argument_count, char **arguments) {
  static const size_t counts[] = {0, 1, 3, 31, 32, 33, 70}, lengths[] = {1, 2, 3, 4, 8, 17, 128};
  static const size_t motif_counts[] = {1, 2, 15, 16, 17, 31, 32, 33, 256, 300};
  check_sparse_stages();
  check_mosaics(share_of(argument_count, arguments));
  for (size_t c = 0; c < 7; c++)
    for (size_t l = 0; l < 7; l++)
      for (size_t m = 0; m < 10; m++) check_nearest(counts[c], lengths[l], motif_counts[m]);
  printf("tables, motifs and nearest motifs: %d failures\n", failure_count);
  return failure_count > 0;
}

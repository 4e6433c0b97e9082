// The product straight from a mosaic in one instruction set: motif elements are broadcast from the dictionary against
// packed inputs, so that nothing is rebuilt. The including file declares the function as MOSAIC_FUNCTION; what a lane
// holds (PACKED) and how it is multiplied (MULTIPLY_ADD) decide whether elements are single values or pairs.

/// The motifs of one tile: those of row r are at offsets[r * OFFSET_STRIDE + t], one for each block t.
typedef struct {
  const char *motifs;
  const uint32_t *offsets;
  size_t block_count;
  size_t block_stride;  ///< features of the panel from one block to the next
  size_t length;        ///< packed elements of a motif
} motif_tile;

/// sums[r][v] = sum over ascending blocks t and elements o of motif (r, t)[o] * panel[t * block_stride + o][v].
INLINE void multiply_motifs(const motif_tile *tile, const float *panel, lanes sums[GEMM_ROWS][PANEL_VECTORS],
                            const size_t length, const int vectors) {
  lanes sum[GEMM_ROWS][PANEL_VECTORS] = {0};
  const uint32_t *offsets = tile->offsets, *const end = offsets + tile->block_count;
  const char *const motifs = tile->motifs;
  const size_t stride = tile->block_stride * (size_t)vectors * GEMM_LANES;
  for (; offsets < end; offsets++, panel += stride) {
    const float *motif[GEMM_ROWS];
    UNROLLED for (int r = 0; r < GEMM_ROWS; r++) motif[r] = (const float *)(motifs + offsets[r * OFFSET_STRIDE]);
    for (size_t o = 0; o < length; o++) {
      lanes input[PANEL_VECTORS];
      UNROLLED for (int v = 0; v < vectors; v++) input[v] = loaded(panel + (o * vectors + v) * GEMM_LANES);
      UNROLLED for (int r = 0; r < GEMM_ROWS; r++) {
        const lanes weight = motif[r][o];
        UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = MULTIPLY_ADD(weight, input[v], sum[r][v]);
        UNROLLED for (int v = 0; v < vectors; v++) FINISH(sum[r][v]);
      }
    }
  }
  for (int r = 0; r < GEMM_ROWS; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = sum[r][v];
}

#define DEFINE_MULTIPLY_MOTIFS(vectors)                                                                   \
  static void multiply_motifs_##vectors(const motif_tile *tile, const float *panel,                       \
                                        lanes sums[GEMM_ROWS][PANEL_VECTORS]) {                           \
    switch (tile->length) {                                                                               \
      case 1: return multiply_motifs(tile, panel, sums, 1, vectors);                                      \
      case 2: return multiply_motifs(tile, panel, sums, 2, vectors);                                      \
      case 4: return multiply_motifs(tile, panel, sums, 4, vectors);                                      \
      case 8: return multiply_motifs(tile, panel, sums, 8, vectors);                                      \
      default: return multiply_motifs(tile, panel, sums, tile->length, vectors);                          \
    }                                                                                                     \
  }
DEFINE_MULTIPLY_MOTIFS(1)
DEFINE_MULTIPLY_MOTIFS(2)
DEFINE_MULTIPLY_MOTIFS(3)

/// The offsets of the motifs of rows row to row + GEMM_ROWS - 1 (missing rows repeat the last one).
static void unpack_tile(const momos_mosaic_weight *weight, size_t row, size_t row_end, size_t begin,
                        const motif_tile *tile, uint32_t *offsets) {
  for (size_t r = 0; r < GEMM_ROWS; r++)
    unpack_offsets(weight, smallest(row + r, row_end - 1), begin, tile->block_count, (uint32_t)tile->length * 4,
                   offsets + r * OFFSET_STRIDE);
}

/// All products of one tile of rows with the packed vectors of the batch; panels of `features` features.
static void multiply_motif_tile(const motif_tile *tile, const momos_batch *batch, const float *panels, size_t features,
                                tile_target target) {
  float *const y = target.y;
  for (size_t left = divided_up(batch->batch, GEMM_LANES), b = 0; left > 0;) {
    const size_t vectors = panel_vectors(left);
    lanes sums[GEMM_ROWS][PANEL_VECTORS];
    const float *panel = panels + b * features;
    switch (vectors) {
      case 1: multiply_motifs_1(tile, panel, sums); break;
      case 2: multiply_motifs_2(tile, panel, sums); break;
      default: multiply_motifs_3(tile, panel, sums);
    }
    target.y = y + b * target.y_stride;
    target.count = smallest(vectors * GEMM_LANES, batch->batch - b);
    add_sums(&target, sums, vectors);
    left -= vectors;
    b += vectors * GEMM_LANES;
  }
}

/// Packs the inputs of `block_count` blocks from `begin` on; returns the features of a panel. Where blocks start at a
/// whole feature they share the features of overlapping motifs; otherwise each block has its own.
static size_t pack_blocks(const momos_mosaic_weight *weight, const momos_batch *batch, size_t begin,
                          size_t block_count, float *panels) {
  const size_t s = weight->block_length, length = weight->motif_length;
  const size_t vector_count = divided_up(batch->batch, GEMM_LANES);
  if (s % PACKED_FLOATS == 0) {
    const size_t floats = block_count * s + (length - s);
    pack_panels(batch, begin * s, vector_count, floats, panels);
    return floats / PACKED_FLOATS;
  }
  const size_t block_features = divided_up(length, PACKED_FLOATS);
  for (size_t left = vector_count, b = 0; left > 0;) {
    const size_t vectors = panel_vectors(left), width = vectors * GEMM_LANES;
    for (size_t t = 0; t < block_count; t++)
      pack_panel(batch->x + b * batch->x_stride + (begin + t) * s, batch->x_stride, smallest(width, batch->batch - b),
                 length, width, panels + (b * block_count + t * width) * block_features);
    left -= vectors;
    b += width;
  }
  return block_count * block_features;
}

/// Products of at most `BATCH_BLOCK` vectors, one column block after the other.
static void multiply_mosaic_batch(const momos_mosaic_weight *weight, const momos_batch *batch, const void *motifs,
                                  size_t row_begin, size_t row_end, float *scratch) {
  uint32_t *const offsets = (uint32_t *)scratch;
  float *const panels = scratch + MOST_ROWS * OFFSET_STRIDE;
  const size_t most = mosaic_block_count(weight), length = divided_up(weight->motif_length, PACKED_FLOATS);
  for (size_t begin = 0; begin < weight->block_count; begin += most) {
    const size_t count = smallest(most, weight->block_count - begin);
    const size_t features = pack_blocks(weight, batch, begin, count, panels);
    const int shared = weight->block_length % PACKED_FLOATS == 0;
    const motif_tile tile = {.motifs = motifs, .offsets = offsets, .block_count = count, .length = length,
                             .block_stride = shared ? weight->block_length / PACKED_FLOATS : length};
    for (size_t row = row_begin; row < row_end; row += GEMM_ROWS) {
      unpack_tile(weight, row, row_end, begin, &tile, offsets);
      multiply_motif_tile(&tile, batch, panels, features,
                          (tile_target){.y = batch->y + row, .y_stride = batch->y_stride,
                                        .rows = smallest(row_end - row, GEMM_ROWS)});
    }
  }
}

MOSAIC_FUNCTION(const momos_mosaic_weight *weight, const momos_batch *batch, size_t row_begin, size_t row_end,
                float *scratch) {
  if (row_begin >= row_end || batch->batch == 0) return;
  if (!batch->accumulate) clear_rows(batch, row_begin, row_end);
  const void *motifs = PACKED_FLOATS == 2 ? (const void *)weight->pairs : weight->motifs;
  const size_t block = batch_block(batch->batch);
  for (size_t first = 0; first < batch->batch; first += block) {
    const momos_batch range = batch_range(batch, first, smallest(block, batch->batch - first));
    multiply_mosaic_batch(weight, &range, motifs, row_begin, row_end, scratch);
  }
}

#include "lookup_fixture.h"

#include <math.h>

#include "exact_memory.h"

uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

double next_gaussian(uint64_t *state) {
  const double u = ((double)(next_random(state) >> 11) + 1) * 0x1p-53;
  const double v = (double)(next_random(state) >> 11) * 0x1p-53;
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void *aligned_bytes(size_t byte_count) {
  void *memory = NULL;
  if (posix_memalign(&memory, MOMOS_LUT_ALIGNMENT, byte_count ? byte_count : 1) != 0) {
    fprintf(stderr, "out of memory: %zu bytes\n", byte_count);
    exit(70);
  }
  return memory;
}

static size_t motif_count_of(momos_lut_layout layout) {
  switch (layout) {
    case MOMOS_LUT_K16: return 16;
    case MOMOS_LUT_K64: return 64;
    default: return 256;
  }
}

random_stage make_stage(stage_kind kind, size_t rows, size_t columns, uint64_t seed) {
  random_stage stage = {.kind = kind, .rows = rows, .columns = columns};
  stage.blocks = (columns + kind.block_length - 1) / kind.block_length;
  stage.motif_count = motif_count_of(kind.layout);
  stage.motif_length = kind.block_length * (kind.is_overlapping ? 2 : 1);
  const size_t stored = stage.motif_count / (kind.is_antipodal ? 2 : 1);
  const size_t stored_values = stored * stage.motif_length;
  stage.motifs = aligned_bytes(stage.motif_count * stage.motif_length * sizeof(float));
  for (size_t i = 0; i < stored_values; i++) stage.motifs[i] = (float)(.02 * next_gaussian(&seed));
  for (size_t i = 0; kind.is_antipodal && i < stored_values; i++)
    stage.motifs[stored_values + i] = -stage.motifs[i];
  stage.indices = aligned_bytes(rows * stage.blocks * sizeof(uint16_t));
  for (size_t i = 0; i < rows * stage.blocks; i++)
    stage.indices[i] = (uint16_t)(next_random(&seed) % stage.motif_count);
  stage.packed = exact_bytes(momos_lut_index_bytes(kind.layout, rows, stage.blocks), MOMOS_LUT_ALIGNMENT);
  momos_lut_pack(kind.layout, kind.block_length, stage.indices, rows, stage.blocks, stage.packed);
  stage.expanded = exact_bytes(momos_lut_dictionary_bytes(kind.layout, stage.motif_length, kind.is_antipodal),
                               MOMOS_LUT_ALIGNMENT);
  stage.dictionary = momos_lut_prepare_dictionary(kind.layout, kind.block_length, stage.motif_length,
                                                  kind.is_antipodal, stage.motifs, stored, stage.expanded);
  return stage;
}

void free_stage(random_stage *stage) {
  free(stage->motifs);
  free(stage->indices);
  release(stage->packed);
  release(stage->expanded);
}

double add_exact_product(const random_stage *stage, const float *x, double *y) {
  double squares = 0;
  for (size_t i = 0; i < stage->rows; i++)
    for (size_t t = 0; t < stage->blocks; t++) {
      const float *motif = stage->motifs + stage->indices[i * stage->blocks + t] * stage->motif_length;
      const size_t first = t * stage->kind.block_length;
      double product = 0;
      for (size_t o = 0; o < stage->motif_length && first + o < stage->columns; o++)
        product += (double)motif[o] * x[first + o];
      y[i] += product;
      squares += product * product;
    }
  return squares;
}

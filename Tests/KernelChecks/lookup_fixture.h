#ifndef LOOKUP_FIXTURE_H
#define LOOKUP_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "momos_lut.h"

/// A kind of stage.
typedef struct {
  const char *name;
  momos_lut_layout layout;
  uint32_t block_length;
  bool is_overlapping;
  bool is_antipodal;
} stage_kind;

/// A random stage with what is needed to check it: float motifs and unpacked indices.
typedef struct {
  stage_kind kind;
  size_t rows, columns, blocks;
  size_t motif_count;
  uint32_t motif_length;
  float *motifs;      ///< [motif_count, motif_length], antipodal ones written out
  uint16_t *indices;  ///< [rows, blocks]
  uint8_t *packed;
  int16_t *expanded;
  momos_lut_dictionary dictionary;
} random_stage;

/// A random number of 64 bits (SplitMix64).
uint64_t next_random(uint64_t *state);

/// A random number with the standard normal distribution.
double next_gaussian(uint64_t *state);

/// Memory of exactly this size, aligned to 64 bytes; ends the program if there is none.
void *aligned_bytes(size_t byte_count);

random_stage make_stage(stage_kind kind, size_t rows, size_t columns, uint64_t seed);
void free_stage(random_stage *stage);

/// Products of the stage's motifs with x in double precision, added to y [rows].
/// Returns the sum of the squares of all products of a motif and a window.
double add_exact_product(const random_stage *stage, const float *x, double *y);

#endif

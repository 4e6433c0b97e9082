#include <math.h>

#include "lut_internal.h"

/// Entries of a table: an antipodal dictionary keeps its half only where kernels apply the sign themselves.
static uint32_t entries_of(momos_lut_layout layout, bool is_antipodal) {
  switch (layout) {
    case MOMOS_LUT_K16: return 16;
    case MOMOS_LUT_K64: return 64;
    default: return is_antipodal ? 128 : 256;
  }
}

size_t momos_lut_dictionary_bytes(momos_lut_layout layout, uint32_t motif_length, bool is_antipodal) {
  return (size_t)entries_of(layout, is_antipodal) * motif_length * sizeof(int16_t);
}

/// The place of element `offset` of entry m in the expanded dictionary.
static size_t place_of(const momos_lut_dictionary *dictionary, size_t m, size_t offset) {
  const size_t lanes = lut_smaller(64, dictionary->entry_count);
  return m / lanes * dictionary->motif_length * lanes + offset / 2 * lanes * 2 + m % lanes * 2 + offset % 2;
}

/// Sets what quantising x needs to know of the expanded motifs [entry_count, motif_length], of which the first
/// `stored_count` are stored.
static void set_bounds(momos_lut_dictionary *dictionary, size_t stored_count) {
  double largest_square = 0, sum = 0;
  for (size_t m = 0; m < dictionary->entry_count; m++) {
    double square = 0;
    for (size_t o = 0; o < dictionary->motif_length; o++) {
      const double value = dictionary->motifs[place_of(dictionary, m, o)];
      float *largest = dictionary->largest_values[o / dictionary->block_length];
      for (size_t i = o % dictionary->block_length; i < 16; i += dictionary->block_length)
        largest[i] = fmaxf(largest[i], (float)fabs(value));
      square += value * value;
    }
    largest_square = fmax(largest_square, square);
    if (m < stored_count) sum += square;
  }
  // Rounding x changes each value by half a unit, and by twice that if products are doubled. Bounds are float32.
  const double rounding = sqrt(largest_square * dictionary->motif_length);
  dictionary->largest_square = (float)largest_square;
  if (stored_count > 0) dictionary->mean_square = (float)(sum / (double)(stored_count * dictionary->motif_length));
  dictionary->product_limit = (float)((32639.0 * 65536 - rounding) * (1 - 0x1p-18));
}

momos_lut_dictionary momos_lut_prepare_dictionary(momos_lut_layout layout, uint32_t block_length,
                                                  uint32_t motif_length, bool is_antipodal, const float *stored,
                                                  size_t stored_count, int16_t *memory) {
  momos_lut_dictionary dictionary = {.layout = layout,
                                     .block_length = block_length,
                                     .motif_length = motif_length,
                                     .entry_count = entries_of(layout, is_antipodal),
                                     .is_signed = layout == MOMOS_LUT_K256 && is_antipodal,
                                     .motifs = memory};
  const bool is_mirrored = is_antipodal && !dictionary.is_signed;
  double largest = 0;
  for (size_t i = 0; i < stored_count * motif_length; i++) largest = fmax(largest, fabs((double)stored[i]));
  dictionary.motif_unit = largest / 32767;
  for (size_t i = 0; i < (size_t)dictionary.entry_count * motif_length; i++) memory[i] = 0;
  for (size_t m = 0; m < stored_count && largest > 0; m++)
    for (size_t o = 0; o < motif_length; o++) {
      const int16_t value = (int16_t)rint(stored[m * motif_length + o] / dictionary.motif_unit);
      memory[place_of(&dictionary, m, o)] = value;
      if (is_mirrored) memory[place_of(&dictionary, m + dictionary.entry_count / 2, o)] = (int16_t)-value;
    }
  set_bounds(&dictionary, stored_count);
  return dictionary;
}

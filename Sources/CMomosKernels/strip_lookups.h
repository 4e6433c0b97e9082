// Lookups of single numbers, compiled for the scalar and the AVX2 set; AVX-512 takes the latter, since its compiler
// would gather vectors from the tables, which is slower.

#include "kernel_table.h"

/// sum[r] += sum over blocks of tables[block][index(r)], blocks ascending, for the 64 rows of a strip of layout K256.
/// Four rows at a time, so that additions of one need not wait for one another.
void MOMOS_STRIP_LOOKUPS(const uint8_t *strip, size_t block_step, size_t blocks, const float *tables,
                              size_t stride, float *sum) {
  for (size_t r = 0; r < 64; r += 4) {
    const uint8_t *indices = strip + (r < 32 ? 2 * r : 2 * r - 63);
    float a = sum[r], b = sum[r + 1], c = sum[r + 2], d = sum[r + 3];
    // Gathers of one index for each vector lane are slower than single loads.
#pragma clang loop vectorize(disable)
    for (size_t t = 0; t < blocks; t++, indices += block_step) {
      const float *table = tables + t * stride;
      a += table[indices[0]];
      b += table[indices[2]];
      c += table[indices[4]];
      d += table[indices[6]];
    }
    sum[r] = a, sum[r + 1] = b, sum[r + 2] = c, sum[r + 3] = d;
  }
}

#include <math.h>

#include "momos_fit.h"

size_t momos_factor_block(double *a, size_t a_stride, size_t count, double *inverse) {
  for (size_t i = 0; i < count; i++) {
    double *row = a + i * a_stride;
    for (size_t j = 0; j < i; j++) {
      const double *other = a + j * a_stride;
      double sum = row[j];
      for (size_t k = 0; k < j; k++) sum -= row[k] * other[k];
      row[j] = sum / other[j];
    }
    double pivot = row[i];
    for (size_t k = 0; k < i; k++) pivot -= row[k] * row[k];
    if (!(pivot > 0) || pivot == INFINITY) return i;
    row[i] = sqrt(pivot);
  }
  // Row i of the inverse from those above it: sums over k are kept for all j at once.
  for (size_t i = 0; i < count; i++) {
    double *row = inverse + i * count;
    const double *factor = a + i * a_stride;
    for (size_t j = 0; j < count; j++) row[j] = j == i;
    for (size_t k = 0; k < i; k++)
      for (size_t j = 0; j <= k; j++) row[j] -= factor[k] * inverse[k * count + j];
    for (size_t j = 0; j <= i; j++) row[j] /= factor[i];
  }
  return count;
}

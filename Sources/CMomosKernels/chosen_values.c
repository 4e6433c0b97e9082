#include "momos_kernels.h"

// Each value has an address of its own, which no vector instruction reads faster; unrolled, one takes about a cycle. As
// integers they are moved through registers of which more can be loaded at once.
#define EACH_VALUE _Pragma("clang loop vectorize(disable) unroll_count(8)")

typedef uint32_t __attribute__((may_alias)) value_bits;

void momos_take_values(const float *many, const uint32_t *numbers, size_t count, float *few) {
  const value_bits *from = (const value_bits *)many;
  value_bits *to = (value_bits *)few;
  EACH_VALUE for (size_t i = 0; i < count; i++) to[i] = from[numbers[i]];
}

void momos_put_values(const float *few, const uint32_t *numbers, size_t count, float *many) {
  const value_bits *from = (const value_bits *)few;
  value_bits *to = (value_bits *)many;
  EACH_VALUE for (size_t i = 0; i < count; i++) to[numbers[i]] = from[i];
}

void momos_add_values(const float *few, const uint32_t *numbers, size_t count, float *many) {
  EACH_VALUE for (size_t i = 0; i < count; i++) many[numbers[i]] += few[i];
}

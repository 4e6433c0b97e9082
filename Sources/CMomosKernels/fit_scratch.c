#include "fit_stage_plan.h"

size_t momos_path_scratch_byte_count(const momos_path_search *search, size_t count) {
  if (search->cross) return exact_byte_count(search);
  path_memory memory;
  return divide_path_memory(search, least(count, MOMOS_PATH_ROWS), NULL, &memory);
}

size_t momos_stage_scratch_byte_count(const momos_stage_search *search, size_t count) {
  stage_memory memory;
  return divide_stage_memory(search, least(count, MOMOS_PATH_ROWS), NULL, &memory);
}

void momos_path_cross(const momos_path_search *search, size_t length, float *cross) {
  const size_t padded = search->padded;
  for (size_t p = 0; p < padded; p++)
    for (size_t m = 0; m < padded; m++) {
      float sum = search->first[m] * search->second[p];
      for (size_t o = 1; o < length; o++) sum += search->first[o * padded + m] * search->second[o * padded + p];
      cross[(m / MOST_LANES * padded + p) * MOST_LANES + m % MOST_LANES] = sum * 2;
    }
}

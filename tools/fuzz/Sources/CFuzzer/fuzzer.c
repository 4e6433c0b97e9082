#include "fuzzer.h"

static size_t limit = SIZE_MAX;
static uint32_t countdown = 0;

void momos_fuzz_limit_memory(size_t maximum, uint32_t failing) {
  limit = maximum;
  countdown = failing;
}

static int is_refused(size_t size) {
  if (size > limit) return 1;
  return countdown > 0 && --countdown == 0;
}

// The linker turns calls of the functions without prefix into these (--wrap).

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_malloc(size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return is_refused(size) ? NULL : __real_aligned_alloc(alignment, size);
}

void *__wrap_malloc(size_t size) { return is_refused(size) ? NULL : __real_malloc(size); }

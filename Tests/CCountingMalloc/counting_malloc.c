#include "counting_malloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

// glibc's own functions; the names without prefix are replaced for the whole process.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static atomic_llong held = 0;
static atomic_llong peak = 0;

static void *count(void *block) {
  if (block == NULL) return NULL;
  long long now = atomic_fetch_add(&held, (long long)malloc_usable_size(block));
  now += (long long)malloc_usable_size(block);
  long long known = atomic_load(&peak);
  while (now > known && !atomic_compare_exchange_weak(&peak, &known, now)) continue;
  return block;
}

static void uncount(void *block) {
  if (block != NULL) atomic_fetch_sub(&held, (long long)malloc_usable_size(block));
}

void *malloc(size_t size) { return count(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return count(__libc_calloc(number, size)); }

void *realloc(void *block, size_t size) {
  uncount(block);
  void *other = __libc_realloc(block, size);
  // Where it failed, the block is still there.
  return other != NULL ? count(other) : (count(size > 0 ? block : NULL), other);
}

void *memalign(size_t alignment, size_t size) { return count(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return count(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  void *found = __libc_memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *block = count(found);
  return 0;
}

void free(void *block) {
  uncount(block);
  __libc_free(block);
}

void counting_malloc_start(void) {
  atomic_store(&held, 0);
  atomic_store(&peak, 0);
}

size_t counting_malloc_peak(void) { return (size_t)atomic_load(&peak); }

long long counting_malloc_held(void) { return atomic_load(&held); }

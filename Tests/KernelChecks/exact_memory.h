// Memory whose end is guarded: the byte after it lies in a page that may not be touched, so that a kernel that reads
// or writes beyond an argument ends the program. With AddressSanitizer its own guards do that, on both sides.
#ifndef EXACT_MEMORY_H
#define EXACT_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/// What precedes guarded memory.
typedef struct {
  void *mapping;
  size_t byte_count;
} exact_mapping;

static inline void *checked(void *memory) {
  if (memory && memory != MAP_FAILED) return memory;
  fprintf(stderr, "out of memory\n");
  exit(70);
}

/// `byte_count` bytes at a multiple of `alignment`, a power of two. Where that is no divisor of the count, up to
/// alignment - 1 bytes lie between the memory and its guard.
static inline void *exact_bytes(size_t byte_count, size_t alignment) {
#if __has_feature(address_sanitizer)
  if (alignment <= 16) return checked(malloc(byte_count ? byte_count : 1));
  void *memory = NULL;
  return checked(posix_memalign(&memory, alignment, byte_count ? byte_count : 1) == 0 ? memory : NULL);
#else
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), needed = byte_count + alignment + sizeof(exact_mapping);
  const size_t usable = (needed + page - 1) / page * page;
  uint8_t *mapping = checked(mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mprotect(mapping + usable, page, PROT_NONE) != 0) checked(NULL);
  uint8_t *memory = mapping + (usable - byte_count) / alignment * alignment;
  const exact_mapping before = {mapping, usable + page};
  memcpy(memory - sizeof before, &before, sizeof before);
  return memory;
#endif
}

/// `count` elements aligned to their size only, so that kernels see starts of every alignment.
static inline void *exactly(size_t count, size_t size) { return exact_bytes(count * size, size); }

static inline void release(const void *memory) {
  if (!memory) return;
#if __has_feature(address_sanitizer)
  free((void *)(uintptr_t)memory);
#else
  exact_mapping before;
  memcpy(&before, (const uint8_t *)memory - sizeof before, sizeof before);
  munmap(before.mapping, before.byte_count);
#endif
}

/// True for one in `share` calls: where checks are slow, `share` is above 1.
static inline int is_chosen(size_t share) {
  static size_t calls;
  return calls++ % share == 0;
}

/// The share that the first argument of a program names.
static inline size_t share_of(int argument_count, char **arguments) {
  const size_t share = argument_count > 1 ? strtoul(arguments[1], NULL, 10) : 1;
  return share > 0 ? share : 1;
}

#endif

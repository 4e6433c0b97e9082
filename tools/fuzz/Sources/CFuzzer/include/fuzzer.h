// What the fuzzer uses of libFuzzer, and memory that runs out.
#ifndef MOMOS_FUZZER_H
#define MOMOS_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with the arguments of a command; `callback` gets each input and returns 0.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

/// Changes `size` bytes in place, to at most `maximum`; returns how many there are then.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);

/// From now on aligned_alloc and malloc of momos' own code return NULL for more than `maximum` bytes, and at the
/// call that `failing` counts down to (0: at none).
void momos_fuzz_limit_memory(size_t maximum, uint32_t failing);

#endif

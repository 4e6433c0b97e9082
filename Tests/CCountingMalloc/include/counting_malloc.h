// malloc and its relatives, counted: for the executable CountingOpen alone.
#ifndef COUNTING_MALLOC_H
#define COUNTING_MALLOC_H

#include <stddef.h>

/// Starts counting from zero. Memory that was allocated before and is freed meanwhile is not subtracted.
void counting_malloc_start(void);

/// The largest number of bytes that were held at one time since the start.
size_t counting_malloc_peak(void);

/// Bytes that are held now; negative where more was freed than allocated since the start.
long long counting_malloc_held(void);

#endif

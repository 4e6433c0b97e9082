/* Parts of the Swift runtime that libmomos.so does without: these stand in their place, and the linker drops what they replace.
   Package.swift names them to it. */

#include <stddef.h>
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* How the runtime reports that a program ends by a fault of its own. In a library that is for the program to decide: zeros say
   that no handler is installed and no other program is started. What reads SWIFT_BACKTRACE, 64 KiB of memory for that program
   among it, is not linked. */
HIDDEN const uint64_t _swift_backtraceSettings[11];
HIDDEN int _swift_backtrace_isThunkFunction(const char *name);

int _swift_backtrace_isThunkFunction(const char *name) {
  (void)name;
  return 0;
}

/* The names of all characters, half a megabyte: Unicode.Scalar.Properties.name, which momos never asks for. */
HIDDEN intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity);

intptr_t __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, intptr_t capacity) {
  (void)scalar, (void)buffer, (void)capacity;
  return 0;
}

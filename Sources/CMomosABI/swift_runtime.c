/* Parts of the Swift runtime that libmomos.so does without: these stand in their place, and the linker drops what they replace.
   What is called __wrap_NAME replaces NAME (tools/install/linker). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* std::string of libstdc++ */
struct string {
  char *text;
  size_t size;
  char in_place[16];
};

/* operator new */
void *allocate(size_t size) __asm__("_Znwm");

static void set_string(struct string *string, const char *text, size_t size) {
  string->size = size;
  string->text = size < sizeof string->in_place ? string->in_place : allocate(size + 1);
  memcpy(string->text, text, size);
  string->text[size] = 0;
}

/* Names of functions in the report of what was called when a program ends by a fault of its own: they stay as linkers see them. */
HIDDEN struct string *demangled(struct string *result, const char *name, size_t size)
    __asm__("__wrap__ZN5swift8Demangle9__runtime22demangleSymbolAsStringB5cxx11EPKcmRKNS1_15DemangleOptionsE");

struct string *demangled(struct string *result, const char *name, size_t size) {
  set_string(result, name, size);
  return result;
}

/* Remangling: the key of a cache for types that are looked up by their names, after those with a name of the kind "Sa". momos
   refers to its types by their addresses: that no name can be made says that there is no such type. */
struct mangling_result {
  int error;
  void *node;
  unsigned line;
  union {
    struct string owned;
    struct {
      const char *text;
      size_t size;
    } part;
  } value;
};

HIDDEN struct mangling_result *mangle(struct mangling_result *result)
    __asm__("__wrap__ZN5swift8Demangle9__runtime10mangleNodeB5cxx11EPNS1_4NodeENS_6Mangle9__runtime14ManglingFlavorE");
HIDDEN struct mangling_result *mangle_key(struct mangling_result *result)
    __asm__("__wrap__ZN5swift8Demangle9__runtime10mangleNodeEPNS1_4NodeEN7__swift9__runtime4llvm12function_refIFS3_"
            "NS1_21SymbolicReferenceKindEPKvEEERNS1_11NodeFactoryENS_6Mangle9__runtime14ManglingFlavorE");

struct mangling_result *mangle(struct mangling_result *result) {
  *result = (struct mangling_result){.error = 1};
  set_string(&result->value.owned, "", 0);
  return result;
}

struct mangling_result *mangle_key(struct mangling_result *result) {
  *result = (struct mangling_result){.error = 1};
  return result;
}

/* What the runtime says of a type or of what it is declared in: addresses are relative to where they stand, the lowest bit of
   `parent` says that it leads to a pointer. */
struct context {
  uint32_t flags;
  int32_t parent, name;
};

enum { MODULE = 0, FIRST_TYPE = 16, LONGEST_TYPE_NAME = 256 };

static const struct context *parent_of(const struct context *context) {
  if (context->parent == 0) return NULL;
  const char *place = (const char *)&context->parent + (context->parent & ~1);
  return context->parent & 1 ? *(const struct context *const *)place : (const struct context *)place;
}

/* Writes the name of a context behind those of what it is declared in; returns the end. */
static char *write_name(char *text, char *end, const struct context *context, bool is_qualified) {
  const struct context *parent = is_qualified ? parent_of(context) : NULL;
  if (parent != NULL) text = write_name(text, end, parent, true);
  uint32_t kind = context->flags & 31;
  if (kind != MODULE && kind < FIRST_TYPE) return text;
  if (parent != NULL && text < end) *text++ = '.';
  const char *name = (const char *)&context->name + context->name;
  while (*name != 0 && text < end) *text++ = *name++;
  return text;
}

/* The name of a type, "MomosModel.Shape" or "Shape": as the runtime gives it but for arguments of generic types; "type" for what
   has no name of its own. */
HIDDEN struct string *type_name(struct string *name, const uintptr_t *metadata, bool is_qualified)
    __asm__("__wrap__ZN5swift15nameForMetadataB5cxx11EPKNS_14TargetMetadataINS_9InProcessEEEb");

struct string *type_name(struct string *name, const uintptr_t *metadata, bool is_qualified) {
  enum { STRUCT = 0x200, OPTIONAL = 0x202, LAST_KIND = 0x7FF };
  uintptr_t kind = metadata[0];
  bool is_value = kind >= STRUCT && kind <= OPTIONAL, is_class = kind == 0 || kind > LAST_KIND;
  const struct context *context = is_value ? (const struct context *)metadata[1] : is_class ? (const struct context *)metadata[5] : NULL;
  char text[LONGEST_TYPE_NAME];
  char *end = context == NULL ? stpcpy(text, "type") : write_name(text, text + sizeof text, context, is_qualified);
  set_string(name, text, (size_t)(end - text));
  return name;
}

// For instruction sets that stand in where the processor has none of the better ones: SMALL_CODE_BEGIN and SMALL_CODE_END
// enclose functions that are compiled to few bytes.

#if defined(__clang__)
#define SMALL_CODE_BEGIN _Pragma("clang attribute push(__attribute__((minsize)), apply_to = function)")
#define SMALL_CODE_END _Pragma("clang attribute pop")
#else
#define SMALL_CODE_BEGIN
#define SMALL_CODE_END
#endif

#include "error_text.h"

#include <string.h>

#include "momos.h"

static _Thread_local char error_text[MOMOS_ERROR_TEXT_LIMIT + 1];

void momos_error_text_set(const char *text) {
  size_t length = strlen(text);
  if (length > MOMOS_ERROR_TEXT_LIMIT) {
    length = MOMOS_ERROR_TEXT_LIMIT;
    /* Bytes of the form 10xxxxxx continue a character. */
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length -= 1;
  }
  memcpy(error_text, text, length);
  error_text[length] = 0;
}

const char *momos_error_text(void) { return error_text; }

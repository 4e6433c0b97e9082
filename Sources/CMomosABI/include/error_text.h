/* What momos_error_text says; not part of the interface that is installed. */
#ifndef MOMOS_ERROR_TEXT_H
#define MOMOS_ERROR_TEXT_H

#include <stddef.h>

/* Keeps a text for this thread, cut after MOMOS_ERROR_TEXT_LIMIT bytes where a character begins. */
void momos_error_text_set(const char *text);

#define MOMOS_ERROR_TEXT_LIMIT 4095

#endif

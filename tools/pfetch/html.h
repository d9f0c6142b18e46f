/*
 * Somebody else's text in HTML, and the few marks that the report is written with.
 */
#ifndef PFETCH_TOOL_HTML_H
#define PFETCH_TOOL_HTML_H

#include <stddef.h>

#include "bytes.h"

/*
 * Appends `n` bytes as text that is safe between tags and within a quoted attribute: the five
 * characters that mean something to HTML as references, and U+FFFD in the place of each byte that
 * is no UTF-8 and of each hidden character (utf8_is_hidden()), so that none of it reorders the
 * text beside it.
 */
void html_text(struct bytes *out, const char *text, size_t n);

#endif

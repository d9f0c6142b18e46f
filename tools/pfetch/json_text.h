/*
 * Strings in JSON (RFC 8259) and bytes in base64 (RFC 4648), appended to a run of bytes.
 *
 * Hidden characters (utf8_is_hidden()) are always written as \u escapes: a reader of the JSON
 * gets the same string, and a record shown on a terminal does nothing to it.
 */
#ifndef PFETCH_TOOL_JSON_TEXT_H
#define PFETCH_TOOL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

/*
 * Appends `n` bytes as a JSON string with its quotes.  NUL bytes are text (\u0000).  Returns
 * false, and appends nothing, where the bytes are not valid UTF-8.
 */
bool json_text_put(struct bytes *out, const char *text, size_t n);

/* The same for any bytes: U+FFFD in the place of each byte that is no UTF-8. */
void json_text_put_lossy(struct bytes *out, const char *text, size_t n);

/*
 * The same for any bytes: where the whole is not valid UTF-8 it is read as ISO 8859-1, which is
 * what other bytes in a header field have always meant (RFC 9110 section 5.5).
 */
void json_text_put_field(struct bytes *out, const char *text, size_t n);

/* Appends `n` bytes as a JSON string in padded base64. */
void json_text_put_base64(struct bytes *out, const char *data, size_t n);

#endif

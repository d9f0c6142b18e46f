/*
 * The head of a target's answer as HTTP/1.1 spells it, for the block of a response record: its
 * status, and its header fields as far as they say something about the page.
 */
#ifndef PFETCH_TOOL_WARC_HTTP_H
#define PFETCH_TOOL_WARC_HTTP_H

#include <stddef.h>

#include "bytes.h"
#include "origin.h"
#include "record.h"

/*
 * Appends the head with the empty line behind it.  Fields of a hop, and what was true of the bytes on
 * the line only, are left out; Content-Length is that of the body.  Where the target's own fields do
 * not say the body's type, it is `type` (or NULL).
 */
void warc_http_put(struct recorder *r, const struct origin *origin, struct bytes *out,
                   const struct fetch_page *page, const char *type);

/* Appends a field's value without the key, and fit for a line: no control characters. */
void warc_http_put_value(struct recorder *r, struct bytes *out, const char *value, size_t n);

#endif

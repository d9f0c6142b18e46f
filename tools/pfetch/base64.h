/*
 * Base64 (RFC 4648 section 4) back into bytes.
 */
#ifndef PFETCH_TOOL_BASE64_H
#define PFETCH_TOOL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

/*
 * Appends what `n` bytes of padded base64 stand for; out->failed where memory ran out.  False,
 * and nothing is appended, where they are none: line ends and missing padding are not tolerated.
 */
bool base64_decode(const char *text, size_t n, struct bytes *out);

#endif

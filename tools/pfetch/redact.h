/*
 * Keeps the key out of what is written: an endpoint that redirects, or answers with the request
 * it got, sends the key back in its header fields.
 */
#ifndef PFETCH_TOOL_REDACT_H
#define PFETCH_TOOL_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

#define REDACT_MAX 8u  /* secrets: as given and percent-encoded, from option and environment */
#define REDACT_LONG 8u /* bytes of a secret that is no part of any other word by chance      */

/* All zero is an empty one. */
struct redact {
    char *secret[REDACT_MAX];
    size_t len[REDACT_MAX];
    size_t count;
};

/* Adds a secret (copied), as it is and percent-encoded; "" and NULL are ignored.  False: memory. */
bool redact_add(struct redact *r, const char *secret);
/* Wipes and frees. */
void redact_fini(struct redact *r);

/*
 * Whether `n` bytes hold a secret: anywhere, or, below REDACT_LONG bytes, as a whole word (a key
 * such as `demo` is part of innocent words).  If so a copy with `REDACTED` in its place is
 * appended to `out`, which is otherwise not touched.
 */
bool redact_apply(const struct redact *r, const char *text, size_t n, struct bytes *out);

#endif

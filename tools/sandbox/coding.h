/*
 * Content codings: what a client accepts, and bodies encoded so.
 *
 * The fastest level of each: a sandbox is there to be read from, not to save bytes.
 */
#ifndef SANDBOX_CODING_H
#define SANDBOX_CODING_H

#include <stddef.h>

#include "spec.h"

/* Encoders that are kept between bodies, since making one costs more than a small body does. */
struct sandbox_coder;

/* Gives a coder (sandbox_coder_free()), or NULL where memory ran out. */
struct sandbox_coder *sandbox_coder_new(void);

/* NULL is ignored. */
void sandbox_coder_free(struct sandbox_coder *coder);

/*
 * Gives `bytes` (borrowed) encoded, with the length in *encoded_len; free().  NULL where memory
 * ran out, and for SANDBOX_CODING_NONE and _MIX, which are no codings.
 */
char *sandbox_coder_encode(struct sandbox_coder *coder, enum sandbox_coding coding,
                           const char *bytes, size_t len, size_t *encoded_len);

/* The word of Content-Encoding, "gzip" for one; NULL for SANDBOX_CODING_NONE and _MIX. */
const char *sandbox_coding_name(enum sandbox_coding coding);

/*
 * 1 where an Accept-Encoding header (borrowed; NULL: there was none) names `coding` or "*" and
 * does not give it a weight of zero (RFC 9110 section 12.5.3), else 0.
 */
int sandbox_coding_accepted(enum sandbox_coding coding, const char *accept_encoding);

#endif

/*
 * Base64 (RFC 4648 section 4): with padding, without line ends.
 */
#ifndef PF_BASE_BASE64_H
#define PF_BASE_BASE64_H

#include "base/buf.h"

/* Appends what `n` bytes are in base64.  FETCH_E_NOMEM, FETCH_E_TOO_LARGE. */
enum fetch_error pf_base64_encode(struct pf_buf *out, const void *bytes, size_t n);

/*
 * Appends the bytes that `text` stands for.  FETCH_E_ENCODING: it is not base64 to the last
 * character, or not canonical (bits that nobody reads are not zero); FETCH_E_NOMEM,
 * FETCH_E_TOO_LARGE.  Nothing was appended then.
 */
enum fetch_error pf_base64_decode(struct pf_buf *out, const char *text, size_t n);

#endif

/*
 * Content decoding (RFC 9110 section 8.4): gzip, deflate, br and zstd, also on
 * top of each other, with a ceiling on size and on ratio.  Bytes in, bytes out.
 */
#ifndef PF_PROTOCOL_DECODE_H
#define PF_PROTOCOL_DECODE_H

#include <stddef.h>

#include "base/buf.h"
#include "pfetch/fetch.h"

struct pf_decoder;

/* The value for a request's Accept-Encoding; static. */
const char *pf_decoder_accepted(void);

/*
 * A decoder for a body whose Content-Encoding is the `n` bytes at
 * content_encoding (borrowed, all field lines joined by commas; NULL where n is 0).
 * Known are gzip, x-gzip, deflate, br and zstd, in any case; identity counts for
 * nothing.  max_body is the ceiling of the decoded body, in bytes.
 *
 * FETCH_OK gives the decoder in *d (pf_decoder_free()), or NULL in *d where
 * nothing is to be decoded: no coding at all, or one among them that is not
 * known; the body is then kept as sent.  Otherwise *d is NULL as well:
 * FETCH_E_ENCODING for more than PF_MAX_CODINGS codings, FETCH_E_NOMEM.
 */
enum fetch_error pf_decoder_new(struct pf_decoder **d, const char *content_encoding, size_t n,
                                size_t max_body);

/*
 * Decodes the body's next `n` bytes (borrowed, any n) and appends the outcome
 * to `out`, which grows geometrically, never past its own max.  What follows a
 * complete body is ignored, as browsers and gzip(1) do: zero padding, a stray line.
 *
 * FETCH_OK, or for good, with what was decoded so far left in `out`:
 *   FETCH_E_ENCODING   this is not what Content-Encoding says
 *   FETCH_E_TOO_LARGE  more than max_body bytes (or than out->max), or, past the
 *                      first PF_RATIO_GRACE of them, more than PF_MAX_RATIO times what
 *                      was pushed; or the bytes pushed, or those between two codings,
 *                      are more than twice max_body and 64 KiB
 *   FETCH_E_NOMEM
 */
enum fetch_error pf_decoder_push(struct pf_decoder *d, const void *in, size_t n,
                                 struct pf_buf *out);

/*
 * The body has ended: FETCH_OK if every coding's stream is complete with it or
 * not a byte came; else FETCH_E_TRUNCATED, or the error of an earlier push.
 */
enum fetch_error pf_decoder_end(const struct pf_decoder *d);

/* NULL is ignored. */
void pf_decoder_free(struct pf_decoder *d);

#endif

/*
 * HTTP/2 requests: their fields as HPACK is to have them, and their bodies on their way out.
 */
#ifndef PF_PROTOCOL_H2_REQUEST_H
#define PF_PROTOCOL_H2_REQUEST_H

#include "protocol/h2_stream.h"

/* Submits a request (borrowed, its body copied) for a stream.  Its id, or an error of nghttp2's:
 * NGHTTP2_ERR_NOMEM, NGHTTP2_ERR_INVALID_ARGUMENT (too many fields), others: no more here. */
int32_t pf_h2_request_submit(struct pf_h2 *h2, struct pf_stream *s,
                             const struct pf_request *request);

/* The stream is over: what is left of its request's body is not sent. */
void pf_h2_request_drop_body(struct pf_h2 *h2, int32_t id);

/* Frees all bodies; the session is gone already. */
void pf_h2_request_fini(struct pf_h2 *h2);

#endif

/*
 * The inside of HTTP/2, between h2.c and h2_stream.c: a connection's state, and what the frames
 * that come mean to its streams.
 */
#ifndef PF_PROTOCOL_H2_STREAM_H
#define PF_PROTOCOL_H2_STREAM_H

#include <nghttp2/nghttp2.h>

#include "protocol/h2.h"

struct pf_h2 {
    nghttp2_session *session; /* its user data is this */
    struct pf_link ended;     /* struct pf_stream */
    struct pf_link active_list;
    struct pf_link uploads; /* h2_request.c: bodies of requests on their way out */
    unsigned active;
    int32_t last_sent;    /* stream: those above it still wait in line */
    unsigned idle_frames; /* since the last that brought something */
    size_t idle_bytes;    /* likewise */
    bool told;            /* the peer's SETTINGS have come */
    bool closing;
};

/* Sets what a session calls as frames come and go. */
void pf_h2_stream_callbacks(nghttp2_session_callbacks *callbacks);

/* Detaches a stream, and puts it behind those that have ended. */
void pf_h2_stream_end(struct pf_h2 *h2, struct pf_stream *s, enum fetch_error error);

#endif

/*
 * HTTP/2, the client's side (RFC 9113), on nghttp2: requests to frames, frames to answers.
 * No socket, no loop; many exchanges at a time, a stream each.
 */
#ifndef PF_PROTOCOL_H2_H
#define PF_PROTOCOL_H2_H

#include <stdint.h>

#include "base/list.h"
#include "protocol/message.h"
#include "protocol/response.h"

struct pf_h2;

/* One exchange's place on a connection; the memory is its owner's. */
struct pf_stream {
    struct pf_link link;          /* in the list of those that have ended, or in none */
    int32_t id;                   /* 0: not on a connection */
    struct pf_response *response; /* kept until the end */
    enum fetch_error error;       /* of its end; FETCH_OK: the answer is whole */
    bool unprocessed;             /* the peer has not looked at it: it may be sent again unpaid
                                     (RFC 9113 section 8.7) */
    bool wants_h1;                /* ... over HTTP/1.1 (HTTP_1_1_REQUIRED) */
    bool calm;                    /* the peer asked for less (ENHANCE_YOUR_CALM) */
    bool whole;                   /* the peer has said that it is (END_STREAM) */
    uint64_t bytes, body_bytes;   /* of head and body so far */
};

/* A connection whose first frames are ready to be sent.  `max_body`: of one answer, bytes; sizes
 * the flow-control windows.  Gives (pf_h2_free()); NULL: out of memory. */
struct pf_h2 *pf_h2_new(size_t max_body);
/* Streams on it are forgotten without a word. */
void pf_h2_free(struct pf_h2 *h2);

/*
 * Begins an exchange whose answer goes to `response`.  The request (borrowed) goes out with the
 * next pf_h2_output().  FETCH_E_NOMEM; FETCH_E_CLOSED: the connection takes no more streams.
 */
enum fetch_error pf_h2_start(struct pf_h2 *h2, struct pf_stream *stream,
                             const struct pf_request *request, struct pf_response *response);

/* Resets a stream, not its connection; it does not come up as ended. */
void pf_h2_cancel(struct pf_h2 *h2, struct pf_stream *stream);

/*
 * Takes bytes from the peer.  Afterwards pf_h2_ended() has what ended.  Anything but FETCH_OK: the
 * connection is over, as by pf_h2_eof(), once the output (a GOAWAY) is sent.
 */
enum fetch_error pf_h2_receive(struct pf_h2 *h2, const void *bytes, size_t n);

/* The connection has ended: so have all its streams. */
void pf_h2_eof(struct pf_h2 *h2, enum fetch_error error);

/* The next stream that has ended, detached; NULL if there is none. */
struct pf_stream *pf_h2_ended(struct pf_h2 *h2);
/* There is one.  pf_h2_output() ends some too: what the peer's GOAWAY keeps from being sent. */
bool pf_h2_has_ended(const struct pf_h2 *h2);

/* Appends frames that are to be sent, about 64 KiB at most: call again if it appended any.
 * FETCH_E_NOMEM, FETCH_E_PROTOCOL. */
enum fetch_error pf_h2_output(struct pf_h2 *h2, struct pf_buf *out);

/* Streams on it, and how many more may be started now. */
unsigned pf_h2_active(const struct pf_h2 *h2);
unsigned pf_h2_room(const struct pf_h2 *h2);
/* How many streams the peer allows at a time; 100 until it has said. */
unsigned pf_h2_limit(const struct pf_h2 *h2);
bool pf_h2_was_told(const struct pf_h2 *h2);
/* pf_h2_output() would append something. */
bool pf_h2_wants_output(const struct pf_h2 *h2);
/* No stream can be started any more: the peer said so, or it has failed. */
bool pf_h2_is_closing(const struct pf_h2 *h2);
/* Nothing will be read or written any more: the peer has broken the rules, and was told so. */
bool pf_h2_is_over(const struct pf_h2 *h2);

/* Asks for a sign of life with the next output. */
void pf_h2_ping(struct pf_h2 *h2);

#endif

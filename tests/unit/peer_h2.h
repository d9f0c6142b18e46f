/*
 * A server for tests that speaks HTTP/2 (nghttp2), over TLS or from the first byte, on the event_base
 * of the client under test; see peer.h for one that speaks HTTP/1.1.  Where ALPN settles on
 * HTTP/1.1 it answers that plainly.
 *
 *   peer_h2_init(&peer, base);
 *   peer.act = my_choice;          by default every request gets a 200 with the body "hello"
 *   r.options.endpoint = peer.url;
 */
#ifndef PF_TESTS_PEER_H2_H
#define PF_TESTS_PEER_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct event_base;
struct evconnlistener;
struct ssl_ctx_st;

/* What becomes of a request. */
enum peer_h2_act {
    PEER_H2_ANSWER,
    PEER_H2_HOLD,   /* answered by peer_h2_release()            */
    PEER_H2_HALF,   /* a head and "hel", the rest by peer_h2_release() */
    PEER_H2_REFUSE, /* RST_STREAM                               */
    PEER_H2_CALM,
    PEER_H2_WANT_H1,
    PEER_H2_FLOOD, /* no answer, and frames of a kind that there is not */
    PEER_H2_CUT    /* the connection ends                      */
};

struct peer_h2_request {
    char *path;
    unsigned conn;    /* number of its connection, from 0 */
    unsigned of_conn; /* its number on that connection, from 0 */
    bool h1;
};

struct peer_h2 {
    struct event_base *base;
    struct evconnlistener *listener;
    char url[80]; /* "http://127.0.0.1:1234/", or https */
    struct ssl_ctx_st *tls;
    bool offers_h1_only;   /* under TLS */
    bool holds_settings;   /* says nothing until peer_h2_speak() */
    uint32_t max_streams;  /* that it tells; UINT32_MAX: nothing */
    unsigned goaway_every; /* streams of a connection; 0: never */
    enum peer_h2_act (*act)(struct peer_h2 *peer, const struct peer_h2_request *request);
    void *arg; /* the test's own */
    struct pf_link conns;

    struct peer_h2_request *request;
    unsigned request_count, request_room;
    unsigned accepted, open, most_open;  /* connections */
    unsigned in_progress, most_progress; /* streams */
    unsigned held;
    unsigned resets; /* by the client */
    unsigned pings;  /* from it */
};

/* Listens on 127.0.0.1, at a free port. */
void peer_h2_init(struct peer_h2 *peer, struct event_base *base);
/* Speaks TLS from now on (context kept; its ALPN becomes the peer's). */
void peer_h2_use_tls(struct peer_h2 *peer, struct ssl_ctx_st *context);
/* Closes everything.  A zeroed one is fine. */
void peer_h2_fini(struct peer_h2 *peer);

/* Answers what is held. */
void peer_h2_release(struct peer_h2 *peer);
/* Tells all connections how many streams they may have. */
void peer_h2_tell(struct peer_h2 *peer, uint32_t max_streams);
/* Ends what holds_settings began. */
void peer_h2_speak(struct peer_h2 *peer);
/* All connections go away, or only say that they will soon; the frame is in their sockets when this
 * returns (not under TLS). */
void peer_h2_go_away(struct peer_h2 *peer, bool warns);
/* The first half of a TLS record that holds a PING, on every connection; later the other half. */
void peer_h2_half_a_record(struct peer_h2 *peer);
void peer_h2_other_half(struct peer_h2 *peer);
/* Reads nothing any more, or again. */
void peer_h2_stop_reading(struct peer_h2 *peer, bool stopped);

#endif

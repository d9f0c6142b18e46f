/*
 * A server for tests that does what a script says, every fault included.  It runs on the
 * event_base of the client under test, so that a test is one process and one thread, and nothing
 * happens but what the test's own loop makes happen.
 *
 *   static const struct peer_step half[] = {PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-le"),
 *                                           PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)};
 *   peer_init(&peer, base);
 *   peer_then(&peer, half);      the first request gets this
 *   peer_then(&peer, peer_ok);   the second this, and all others too
 *
 * Requests have no body here, so one ends with its head.  Failures of the peer itself fail the test.
 */
#ifndef PF_TESTS_PEER_H
#define PF_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct event_base;
struct evconnlistener;
struct ssl_ctx_st;

enum peer_act {
    PEER_END = 0, /* of the script: waits for the next request on the connection       */
    PEER_SEND,    /* bytes, and goes on when the socket has taken them                 */
    PEER_DRIP,    /* the same, one byte at a turn of the loop                          */
    PEER_WAIT,    /* ms                                                                */
    PEER_HOLD,    /* until peer_release()                                              */
    PEER_CLOSE,   /* in order: FIN, under TLS after close_notify                       */
    PEER_CUT,     /* FIN, under TLS without close_notify                               */
    PEER_RESET    /* RST                                                               */
};

struct peer_step {
    enum peer_act act;
    const char *bytes;
    size_t len;
    unsigned ms;
};
/* Steps: one that sends a literal, one without arguments. */
#define PEER_SENDS(literal)                                                                        \
    {                                                                                              \
        .act = PEER_SEND, .bytes = (literal), .len = sizeof(literal) - 1                           \
    }
#define PEER_DO(what)                                                                              \
    {                                                                                              \
        .act = (what)                                                                              \
    }

/* A 200 with the body "hello"; the same after peer_release(); nothing until peer_release(). */
extern const struct peer_step peer_ok[], peer_ok_later[], peer_silent[];
/* An answer of that status with the body "no" and no other field. */
extern const struct peer_step peer_401[], peer_404[], peer_429[], peer_500[];
/* End the connection at once. */
extern const struct peer_step peer_close[], peer_reset[];

/* A request that has come. */
struct peer_request {
    char *head;        /* all of it, NUL-terminated */
    unsigned conn;     /* number of its connection, from 0 */
    unsigned of_conn;  /* its number on that connection, from 0 */
    uint64_t since_ms; /* when it was whole: milliseconds after peer_init() */
};

#define PEER_SCRIPTS 64

struct peer {
    struct event_base *base;
    struct evconnlistener *listener;
    int filler[4];    /* what peer_deafen() fills the backlog with; 0: unused */
    char address[64]; /* "127.0.0.1:1234", "[::1]:1234" */
    char url[80];     /* "http://127.0.0.1:1234/" */
    unsigned port;
    uint64_t began_ms;

    const struct peer_step *script[PEER_SCRIPTS];
    unsigned script_count;
    /* If set, it chooses the script (kept while it runs) instead. */
    const struct peer_step *(*choose)(struct peer *peer, const struct peer_request *request);
    void *arg;              /* the test's own, for choose() */
    bool hasty;             /* scripts begin with a connection's first byte; no more are read */
    struct ssl_ctx_st *tls; /* borrowed; NULL: plain */
    struct pf_link conns;

    struct peer_request *request;
    unsigned request_count, request_room;
    unsigned accepted, open;             /* connections in all, and now */
    unsigned in_progress, most_progress; /* requests whose script runs, and the most at once */
    unsigned held;                       /* scripts that stand at a PEER_HOLD */
    unsigned handshakes, resumed;        /* under TLS: all, and those of an earlier session */
};

/* Listens on 127.0.0.1, or on any address and port (0: a free one). */
void peer_init(struct peer *peer, struct event_base *base);
void peer_init_at(struct peer *peer, struct event_base *base, const char *address, unsigned port);
/* Closes everything.  A zeroed one is fine. */
void peer_fini(struct peer *peer);

/* Speaks TLS from now on (context kept). */
void peer_use_tls(struct peer *peer, struct ssl_ctx_st *context);
/* Lets no connection come about any more: those that try go on trying. */
void peer_deafen(struct peer *peer);
/* Takes little at a time and offers small segments, so that large requests do not go out at once. */
void peer_narrow(struct peer *peer);

/* The next request that has no script yet gets this (kept); the last one serves all others too. */
void peer_then(struct peer *peer, const struct peer_step *script);

/* Scripts that stand at a PEER_HOLD go on: all, or the one of request number `i`. */
void peer_release(struct peer *peer);
void peer_release_request(struct peer *peer, unsigned i);

/* Sends these bytes on every open connection, asked or not. */
void peer_say(struct peer *peer, const char *bytes);
/* Closes every open connection. */
void peer_hang_up(struct peer *peer);

/* Whether request `i` asks for `target`, as the client encodes it. */
bool peer_asked_for(const struct peer *peer, unsigned i, const char *target);

#endif

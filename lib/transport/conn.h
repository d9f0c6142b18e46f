/*
 * One open connection: a bufferevent, and the protocol that is spoken over it.
 */
#ifndef PF_TRANSPORT_CONN_H
#define PF_TRANSPORT_CONN_H

#include <event2/event_struct.h>

#include "base/list.h"
#include "protocol/h1.h"
#include "protocol/h2.h"
#include "transport/exchange.h"
#include "transport/loop.h"
#include "transport/tls.h"

struct bufferevent;
struct pf_conn;
struct pf_dial;

/* What a connection needs of its pool.  Both are called from the loop only. */
struct pf_conn_owner {
    struct pf_loop *loop;
    struct pf_buf *scratch; /* for bytes on their way out; shared by all connections */
    struct pf_buf *input;   /* for bytes on their way in that are not a page's yet; shared */
    uint64_t *bytes_in;     /* counter */
    size_t max_body;        /* of one answer */
    bool h2_at_once;        /* plain connections speak HTTP/2 (RFC 9113 section 3.3) */
    /* `x` has ended and is detached; the connection is looked after by on_turn_end(). */
    void (*on_exchange_end)(struct pf_conn *conn, struct pf_exchange *x);
    /* What it can carry may have changed.  The last thing that a turn does: it may free it. */
    void (*on_turn_end)(struct pf_conn *conn);
};

/* A protocol's way with a connection; conn_h1.c and conn_h2.c have one each. */
struct pf_conn_ops {
    /* Sends the exchange's request.  Any error: nothing was sent; FETCH_E_CLOSED: no more here. */
    enum fetch_error (*start)(struct pf_conn *conn, struct pf_exchange *x);
    /* Gives an exchange up without a word. */
    void (*cancel)(struct pf_conn *conn, struct pf_exchange *x);
    /* The descriptor is readable, or OpenSSL holds bytes. */
    void (*read)(struct pf_conn *conn);
    /* How many more exchanges it can carry now. */
    unsigned (*room)(const struct pf_conn *conn);
    /* How many it can carry at all; 0: the peer has not said yet. */
    unsigned (*streams)(const struct pf_conn *conn);
    void (*fini)(struct pf_conn *conn);
};

extern const struct pf_conn_ops pf_conn_h1;
extern const struct pf_conn_ops pf_conn_h2;

struct pf_conn {
    struct pf_link link;         /* these three are of places.c */
    const struct pf_link *place; /* the list that it is in; NULL: none yet */
    uint64_t idle_since_ms;
    const struct pf_conn_owner *owner;
    const struct pf_conn_ops *ops;
    struct bufferevent
        *bev; /* EV_READ off: reading is done here, writing too if it can be at once */
    SSL *ssl; /* the bufferevent's; NULL: plain */
    int fd;   /* the bufferevent's */
    struct event readable;
    uint64_t served; /* exchanges that were begun */
    unsigned active; /* exchanges on it */
    bool over;       /* takes no more exchanges; goes when it has none */
    union {
        struct {
            struct pf_exchange *x; /* NULL: idle */
            struct pf_h1 parser;
        } h1;
        struct {
            struct pf_h2 *session;
            struct pf_late flush;
            struct pf_timer silence; /* runs while streams wait */
            uint64_t heard_ms;
            bool probing;
        } h2;
    };
};

/* Takes over a dial's connection.  NULL: out of memory, and then the dial keeps it. */
struct pf_conn *pf_conn_new(const struct pf_conn_owner *owner, struct pf_dial *dial);

/* Closes; exchanges on it are forgotten without a word. */
void pf_conn_free(struct pf_conn *conn);

/* See pf_conn_ops. */
enum fetch_error pf_conn_start(struct pf_conn *conn, struct pf_exchange *x);
void pf_conn_cancel(struct pf_conn *conn, struct pf_exchange *x);
unsigned pf_conn_room(const struct pf_conn *conn);
unsigned pf_conn_streams(const struct pf_conn *conn);
/* The peer has said that it takes no streams, which it may take back. */
bool pf_conn_takes_none(const struct pf_conn *conn);

/* ---- for conn_h1.c and conn_h2.c ---- */

/* Reads at one readiness, so that one fast page does not keep the others waiting. */
#define PF_CONN_READS_A_TURN 32

/* > 0 bytes; PF_TLS_AGAIN, PF_TLS_CLOSED (in order), PF_TLS_BROKEN. */
long pf_conn_read_some(struct pf_conn *conn, char *to, size_t n);
/* Whether it is worth reading on after `got` of `room` bytes: a short read has drained a socket. */
bool pf_conn_has_more(const struct pf_conn *conn, long got, size_t room);
/* Sends at once what the socket takes; the bufferevent sees to the rest.  FETCH_E_NOMEM. */
enum fetch_error pf_conn_write(struct pf_conn *conn, const char *bytes, size_t n);
/* Bytes that the bufferevent still holds. */
size_t pf_conn_unwritten(const struct pf_conn *conn);
/* OpenSSL may hold bytes that the descriptor does not announce any more. */
void pf_conn_look_again_if_pending(struct pf_conn *conn);
/* conn_h2.c: what a new connection needs; out of memory: false. */
bool pf_conn_init_h2(struct pf_conn *conn, struct bufferevent *bev);
/* Detaches an exchange that ended, notes how, and tells the owner. */
void pf_conn_end_exchange(struct pf_conn *conn, struct pf_exchange *x, enum fetch_error error);

#endif

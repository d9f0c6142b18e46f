/*
 * One open connection: a bufferevent, and the protocol that is spoken over it.
 */
#ifndef PF_TRANSPORT_CONN_H
#define PF_TRANSPORT_CONN_H

#include <event2/event_struct.h>

#include "base/list.h"
#include "protocol/h1.h"
#include "transport/exchange.h"
#include "transport/loop.h"
#include "transport/tls.h"

struct bufferevent;
struct pf_dial;

/* What a connection needs of its pool.  Both are called from the loop only. */
struct pf_conn_owner {
    struct pf_loop *loop;
    struct pf_buf *scratch; /* for requests on their way out; shared by all connections */
    uint64_t *bytes_in;     /* counter */
    /* `x` has ended and is detached; `reusable`: the connection is idle, otherwise it is to be
     * freed by this call. */
    void (*on_exchange_end)(struct pf_conn *conn, struct pf_exchange *x, bool reusable);
    /* It ended while idle and is to be freed by this call. */
    void (*on_idle_end)(struct pf_conn *conn);
};

struct pf_conn {
    struct pf_link link; /* the owner's */
    const struct pf_conn_owner *owner;
    struct bufferevent
        *bev; /* EV_READ off: reading is done here, writing too if it can be at once */
    SSL *ssl; /* the bufferevent's; NULL: plain */
    int fd;   /* the bufferevent's */
    struct event readable;
    struct pf_exchange *x; /* NULL: idle */
    struct pf_h1 h1;
    uint64_t served;        /* exchanges that were begun */
    uint64_t idle_since_ms; /* the owner's */
};

/* Takes over a dial's connection.  NULL: out of memory, and then the dial keeps it. */
struct pf_conn *pf_conn_new(const struct pf_conn_owner *owner, struct pf_dial *dial);

/* Closes; an exchange on it is forgotten without a word. */
void pf_conn_free(struct pf_conn *conn);

/*
 * Sends the exchange's request and waits for its answer.  The connection must be idle.
 * FETCH_E_NOMEM, FETCH_E_TOO_LARGE: nothing was sent, still idle.
 */
enum fetch_error pf_conn_start(struct pf_conn *conn, struct pf_exchange *x);

#endif

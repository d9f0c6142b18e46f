/*
 * The connections to one origin (scheme, host, port): kept alive, opened as
 * exchanges need them, never more than allowed.
 */
#ifndef PF_TRANSPORT_POOL_H
#define PF_TRANSPORT_POOL_H

#include "base/url.h"
#include "transport/exchange.h"
#include "transport/loop.h"
#include "transport/tls.h"

struct pf_pool;

/* Everything is kept but the origin's host, which is copied. */
struct pf_pool_options {
    struct pf_loop *loop;
    struct pf_tls *tls; /* for https; NULL otherwise */
    const struct pf_url *origin;
    unsigned connect_timeout_ms;
    unsigned max_connections;
    size_t max_body; /* of one answer */
    enum fetch_http http;
    const char *const *resolve; /* "HOST:PORT:ADDRESS" */
    size_t resolve_count;
};

struct pf_pool_stats {
    uint64_t connections; /* opened in all */
    uint64_t resent;      /* exchanges that were sent again uncounted */
    uint64_t bytes_in;
    unsigned open;
};

/* Nothing is opened yet.  Gives the pool; NULL: out of memory. */
struct pf_pool *pf_pool_new(const struct pf_pool_options *options);
/* Closes everything; exchanges under way are forgotten without a word.  NULL is ignored. */
void pf_pool_free(struct pf_pool *pool);

/*
 * Sends the exchange over a connection that has room for it, or over the next that has.  Its on_end
 * comes from the loop.  One that a kept connection fails before the first byte of an answer is
 * sent again, once, on a new one; one that an h2 peer says it has not looked at goes elsewhere.
 */
void pf_pool_start(struct pf_pool *pool, struct pf_exchange *x);

/* Forgets an exchange: its on_end is not called.  Over HTTP/1.1 it costs its connection. */
void pf_pool_cancel(struct pf_exchange *x);

/* How many exchanges can be under way at once, as far as is known; grows when an h2 peer has said
 * how many streams it takes. */
unsigned pf_pool_capacity(const struct pf_pool *pool);

/* Where an exchange is: resolving, connecting, in the TLS handshake, or how far its answer has come.
 */
enum fetch_phase pf_pool_phase(const struct pf_exchange *x);

void pf_pool_stats(const struct pf_pool *pool, struct pf_pool_stats *stats);

#endif

/*
 * The inside of a pool, between pool.c (who goes over which connection) and pool_open.c (how many
 * connections there are).
 */
#ifndef PF_TRANSPORT_POOL_INNER_H
#define PF_TRANSPORT_POOL_INNER_H

#include "transport/conn.h"
#include "transport/dial.h"
#include "transport/places.h"
#include "transport/pool.h"
#include "transport/resolve.h"

struct pf_pool {
    struct pf_loop *loop;
    char *host; /* without brackets */
    struct pf_addresses *addresses;
    struct pf_resolver resolver;
    struct pf_tls_tickets tickets;
    struct pf_dial_target dial_target;
    struct pf_conn_owner conn_owner;
    struct pf_buf scratch, input;
    unsigned max_connections;
    unsigned max_dials; /* at once, for now */
    unsigned streams;   /* that a connection carries; 0: not known yet, the first one will tell */
    bool paused;        /* the last that a connection said was that it takes none for now */
    bool asks_anew;     /* ... and that was long ago: a new one is tried if somebody waits */
    uint64_t paused_ms; /* when it said so, or asks_anew was last set */
    unsigned conn_count, dial_count, waiting_count;
    struct pf_places places;
    struct pf_link dials;
    struct pf_link waiting;       /* for any connection */
    struct pf_link waiting_fresh; /* for a new one: served first when one comes */
    struct pf_link again;         /* resent in this turn, in their order */
    struct pf_link ended;         /* in this turn; told when its connection is back in its place */
    struct pf_timer sweep;        /* closes what is idle for too long, ends pauses */
    struct pf_timer failed;       /* tells a failed look-up from the loop */
    const char *resolve_failure;
    struct pf_pool_stats stats;
};

/* ---- pool_open.c ---- */

/* What a pool needs to open connections; its host and loop are set.  Allocates nothing. */
void pf_pool_open_init(struct pf_pool *pool, const struct pf_pool_options *options);
/* Gives up all that is under way. */
void pf_pool_open_fini(struct pf_pool *pool);
/* Opens as many connections as those who wait are worth, within the limits. */
void pf_pool_open_more(struct pf_pool *pool);
/* How far the next connection is: resolving, connecting, or in its TLS handshake. */
enum fetch_phase pf_pool_open_phase(const struct pf_pool *pool);
/* All who wait now end from the loop, as out of memory. */
void pf_pool_fail_waiting(struct pf_pool *pool);

/* ---- pool.c ---- */

/* A new connection is to have its place, and those who wait. */
void pf_pool_add(struct pf_pool *pool, struct pf_conn *conn);
/* Closes the one that has been idle for longest; false: none is. */
bool pf_pool_close_idle(struct pf_pool *pool);
/* The next in line, taken out of it; `for_new`: for a new connection.  NULL: nobody waits. */
struct pf_exchange *pf_pool_next_waiting(struct pf_pool *pool, bool for_new);
/* Tells of its end; it must be out of everything. */
void pf_pool_finish(struct pf_exchange *x);

#endif

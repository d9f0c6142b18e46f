/*
 * A pool's connections by what they can take on: the next exchange finds the least loaded one at
 * once, and the sweep the one that has been idle for longest.
 */
#ifndef PF_TRANSPORT_PLACES_H
#define PF_TRANSPORT_PLACES_H

#include "base/limits.h"
#include "transport/conn.h"

#define PF_PLACES_WORDS ((PF_MAX_STREAMS + 63u) / 64u)

struct pf_places {
    /* Those with room, by the exchanges that they carry; of the idle ones the longest unused is
     * first. */
    struct pf_link by_load[PF_MAX_STREAMS];
    struct pf_link shut; /* idle, and the peer takes no exchange for now; the longest first */
    struct pf_link full;
    uint64_t used[PF_PLACES_WORDS]; /* a bit for each load that has, or had, connections */
    uint64_t any;                   /* a bit for each word of `used` that is not 0 */
};

void pf_places_init(struct pf_places *p);
/* Frees every connection (pf_conn_free()). */
void pf_places_fini(struct pf_places *p);

/*
 * Puts a connection (kept until it is freed, which takes it out) where it belongs now that it can
 * take `room` more exchanges; with room, it carries fewer than PF_MAX_STREAMS.  `now_ms`: when it
 * became idle, if it did.
 */
void pf_places_put(struct pf_places *p, struct pf_conn *conn, unsigned room, uint64_t now_ms);

/* The connection that carries the fewest exchanges of those with room; among idle ones the last
 * used.  NULL: none has room. */
struct pf_conn *pf_places_least_loaded(struct pf_places *p);

/* The connection that has carried nothing for longest; NULL: each carries something. */
struct pf_conn *pf_places_longest_idle(const struct pf_places *p);

#endif

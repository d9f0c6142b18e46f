/*
 * Opens one connection: picks addresses in turn until one accepts, and does the
 * TLS handshake.
 */
#ifndef PF_TRANSPORT_DIAL_H
#define PF_TRANSPORT_DIAL_H

#include "base/list.h"
#include "transport/addresses.h"
#include "transport/loop.h"
#include "transport/tls.h"

struct bufferevent;

/* Where to.  All kept; shared by all dials of one origin. */
struct pf_dial_target {
    struct pf_loop *loop;
    struct pf_addresses *addresses;
    const char *host;
    struct pf_tls *tls; /* NULL: plain */
    struct pf_tls_tickets *tickets;
    enum pf_alpn alpn;
    unsigned timeout_ms; /* for all addresses together, with TLS */
};

struct pf_dial {
    struct pf_link link; /* the owner's */
    const struct pf_dial_target *target;
    struct pf_timer timer;           /* of the address that is being tried */
    uint64_t started_ms, give_up_ms; /* of the whole */
    uint64_t tried;                  /* a bit for each address */
    unsigned address;                /* that is being tried */
    struct bufferevent *bev;         /* with EV_READ off; owns the descriptor and the SSL */
    SSL *ssl;                        /* NULL: plain */
    enum fetch_error error;          /* of the last address */
    enum fetch_phase phase;
    char why[160];                        /* a half-sentence that names the address */
    void (*on_end)(struct pf_dial *dial); /* once: bev is NULL if it failed */
    void *owner;
};

/*
 * Begins; the addresses must not be empty.  on_end comes from the loop, never from here.
 * Gives the dial (pf_dial_free()); NULL: out of memory.
 */
struct pf_dial *pf_dial_new(const struct pf_dial_target *target,
                            void (*on_end)(struct pf_dial *dial), void *owner);

/* Where it is: connecting, or in the TLS handshake. */
enum fetch_phase pf_dial_phase(const struct pf_dial *dial);

/* Gives up if it is still under way.  A bev that was not taken (set to NULL) is closed. */
void pf_dial_free(struct pf_dial *dial);

#endif

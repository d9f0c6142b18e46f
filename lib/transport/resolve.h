/*
 * Finds the addresses of one host name without ever blocking (libevent's evdns),
 * keeps them for a minute, and keeps using the old ones where a refresh fails.
 */
#ifndef PF_TRANSPORT_RESOLVE_H
#define PF_TRANSPORT_RESOLVE_H

#include "transport/addresses.h"
#include "transport/loop.h"

struct evdns_base;
struct evdns_getaddrinfo_request;
struct pf_lookup;

struct pf_resolver {
    struct pf_loop *loop;
    const char *host; /* kept */
    uint16_t port;
    bool fixed;             /* an address literal or given by the user: nothing to ask */
    const char *nameserver; /* kept; NULL: the system's */
    struct evdns_base *dns;
    struct evdns_getaddrinfo_request *asking; /* NULL: nothing is being looked up */
    struct pf_lookup *lookup;                 /* of it */
    struct pf_addresses addresses;
    uint64_t stale_at_ms;
    void (*on_done)(void *arg, const char *failure); /* NULL, or why there is no address */
    void *arg;
};

/*
 * Nothing is asked yet.  `overrides` (borrowed): "HOST:PORT:ADDRESS" strings;
 * those for this host and port replace the look-up.
 */
void pf_resolver_init(struct pf_resolver *r, struct pf_loop *loop, const char *host, uint16_t port,
                      const char *const *overrides, size_t override_count);
/* A look-up that is under way is freed by the loop's next pass. */
void pf_resolver_fini(struct pf_resolver *r);

/* Whether "HOST:PORT:ADDRESS" can be read. */
bool pf_resolver_override_is_valid(const char *override);

/*
 * True if there are addresses to use now.  Otherwise, and where they are old, a
 * look-up is under way when this returns, or has ended: on_done tells, once a look-up,
 * perhaps before this returns.
 */
bool pf_resolver_ready(struct pf_resolver *r);

#endif

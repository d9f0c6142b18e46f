/*
 * The addresses of one endpoint, and which of them the next connection goes to:
 * evenly over all that work, v6 and v4 alike, away from those that failed lately.
 */
#ifndef PF_TRANSPORT_ADDRESSES_H
#define PF_TRANSPORT_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"

struct pf_address {
    struct sockaddr_storage sa;
    socklen_t len;
    uint64_t rest_until_ms; /* failed: only taken before this where nothing better is left */
    unsigned used;          /* connections that were begun; evens out */
};

struct pf_addresses {
    struct pf_address list[PF_MAX_ADDRESSES];
    unsigned count;
};

/* Adds one (copied) unless it is known or the list is full. */
void pf_addresses_add(struct pf_addresses *a, const struct sockaddr *sa, socklen_t len);

/* Takes over a new list; what is in both keeps its record. */
void pf_addresses_replace(struct pf_addresses *a, const struct pf_addresses *with);

/*
 * The number of the best address that has no bit in `tried`, or -1: the least used one that does
 * not rest, else the one that rests the shortest.  Counts as used.
 */
int pf_addresses_pick(struct pf_addresses *a, uint64_t tried, uint64_t now_ms);

/* The address failed, or worked. */
void pf_addresses_failed(struct pf_addresses *a, unsigned i, uint64_t now_ms);
void pf_addresses_worked(struct pf_addresses *a, unsigned i);

/* "127.0.0.1:80" or "[::1]:80"; at least 64 bytes. */
const char *pf_address_text(const struct pf_address *address, char *out, size_t cap);

#endif

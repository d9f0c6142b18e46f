/*
 * A table of hosts by name, for as many hosts as there are at the moment.
 *
 * Names are compared without regard to the case of ASCII letters.  The hash is keyed, so that no
 * list can make the table slow, and the table grows and shrinks by one bucket with each host that
 * comes or goes ("linear hashing"): no operation ever waits for a whole table to be moved.
 */
#ifndef PF_ENGINE_HOSTS_H
#define PF_ENGINE_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "pfetch/fetch.h"

/* An entry, embedded in what is known of the host; `name` belongs to the owner. */
struct pf_host {
    struct pf_host *next; /* in its bucket */
    uint64_t hash;
    const char *name;
    size_t name_len;
};

struct pf_hosts {
    uint64_t key[2];
    struct pf_host **bucket;
    size_t room; /* of `bucket` */
    size_t used; /* buckets in use; 0 or more */
    size_t count;
};

/* The key is drawn from `random`.  Nothing is allocated. */
void pf_hosts_init(struct pf_hosts *hosts, struct pf_random *random);

/* Frees the table; the entries are their owners'. */
void pf_hosts_fini(struct pf_hosts *hosts);

/* The hash of a name, for the two functions below. */
uint64_t pf_hosts_hash(const struct pf_hosts *hosts, const char *name, size_t n);

/* The entry of that name and hash, or NULL. */
struct pf_host *pf_hosts_find(const struct pf_hosts *hosts, const char *name, size_t n,
                              uint64_t hash);

/*
 * Adds an entry (kept) whose name is not in the table yet and whose hash is set.  FETCH_E_NOMEM
 * for the very first only: later on a table that cannot grow goes on with fuller buckets.
 */
enum fetch_error pf_hosts_add(struct pf_hosts *hosts, struct pf_host *host);

/* Takes an entry out. */
void pf_hosts_remove(struct pf_hosts *hosts, struct pf_host *host);

#endif

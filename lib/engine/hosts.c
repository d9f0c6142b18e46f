/*
 * Linear hashing (Litwin, 1980): with n buckets in use and b the largest power of two that is not
 * above n, the buckets from 0 to n - b - 1 have been split already and are told apart by one more
 * bit of the hash.  A host that comes splits the next bucket in turn, one that goes joins the last
 * with the one it came from, so there are always as many buckets as hosts.
 */
#include "engine/hosts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"

#define ROOM_MIN 16u

void pf_hosts_init(struct pf_hosts *hosts, struct pf_random *random)
{
    *hosts = (struct pf_hosts){.bucket = NULL};
    hosts->key[0] = pf_random_u64(random);
    hosts->key[1] = pf_random_u64(random);
}

void pf_hosts_fini(struct pf_hosts *hosts)
{
    free(hosts->bucket);
    hosts->bucket = NULL;
    hosts->room = hosts->used = hosts->count = 0;
}

uint64_t pf_hosts_hash(const struct pf_hosts *hosts, const char *name, size_t n)
{
    return pf_hash_nocase(hosts->key, name, n);
}

/* The largest power of two not above `n`, which is not 0. */
static size_t base_of(size_t n)
{
    return (size_t)1 << (63 - __builtin_clzll(n));
}

static size_t index_of(const struct pf_hosts *hosts, uint64_t hash)
{
    size_t base = base_of(hosts->used), i = hash & (2 * base - 1);

    return i < hosts->used ? i : hash & (base - 1);
}

struct pf_host *pf_hosts_find(const struct pf_hosts *hosts, const char *name, size_t n,
                              uint64_t hash)
{
    struct pf_host *host = hosts->used ? hosts->bucket[index_of(hosts, hash)] : NULL;

    while (host && (host->hash != hash || !pf_text_eq_nocase(host->name, host->name_len, name, n)))
        host = host->next;
    return host;
}

static bool make_room(struct pf_hosts *hosts, size_t room)
{
    struct pf_host **bucket = realloc(hosts->bucket, room * sizeof *bucket);

    if (!bucket)
        return false;
    hosts->bucket = bucket;
    hosts->room = room;
    return true;
}

/* One bucket more: those hosts of the one in turn that have its bit set. */
static void split(struct pf_hosts *hosts)
{
    size_t base = base_of(hosts->used);
    struct pf_host **stay = &hosts->bucket[hosts->used - base], **go = &hosts->bucket[hosts->used];

    hosts->used++;
    while (*stay) {
        struct pf_host *host = *stay;

        if (host->hash & base) {
            *stay = host->next;
            *go = host;
            go = &host->next;
        } else {
            stay = &host->next;
        }
    }
    *go = NULL;
}

enum fetch_error pf_hosts_add(struct pf_hosts *hosts, struct pf_host *host)
{
    struct pf_host **bucket;

    if (hosts->used == hosts->room && !make_room(hosts, hosts->room ? 2 * hosts->room : ROOM_MIN) &&
        hosts->used == 0)
        return FETCH_E_NOMEM;
    if (hosts->used == 0) {
        hosts->bucket[0] = NULL;
        hosts->used = 1;
    } else if (hosts->used < hosts->room && hosts->used <= hosts->count) {
        split(hosts);
    }
    bucket = &hosts->bucket[index_of(hosts, host->hash)];
    host->next = *bucket;
    *bucket = host;
    hosts->count++;
    return FETCH_OK;
}

/* One bucket less: the last joins the one that it was split from. */
static void join(struct pf_hosts *hosts)
{
    struct pf_host **end;

    hosts->used--;
    end = &hosts->bucket[hosts->used - base_of(hosts->used)];
    while (*end)
        end = &(*end)->next;
    *end = hosts->bucket[hosts->used];
    if (hosts->room > ROOM_MIN && hosts->used <= hosts->room / 4)
        (void)make_room(hosts, hosts->room / 2);
}

void pf_hosts_remove(struct pf_hosts *hosts, struct pf_host *host)
{
    struct pf_host **at = &hosts->bucket[index_of(hosts, host->hash)];

    while (*at != host)
        at = &(*at)->next;
    *at = host->next;
    host->next = NULL;
    hosts->count--;
    if (hosts->used > 1 && hosts->used > hosts->count + 1)
        join(hosts);
}

/*
 * The hosts that count, among any number of them, in constant memory.
 *
 * This is the Space-Saving sketch (Metwally, Agrawal and El Abbadi, 2005): HOSTS_ROOM hosts have
 * a place; a host without one takes that of the host seen least, and inherits its weight as a
 * possible error.  While there are no more hosts than places everything is exact; after that each
 * host that has more than 1/HOSTS_ROOM of everything is surely here, and what is kept beside the
 * weight (pages, failures, times) counts from the moment at which the host got its place: these
 * figures are never too high.
 */
#ifndef PFETCH_TOOL_HOSTS_H
#define PFETCH_TOOL_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTS_ROOM 1024u
#define HOST_BYTES 254u /* of a name with its NUL: the longest that DNS has */

struct host {
    char name[HOST_BYTES]; /* in lower case */
    uint64_t weight;       /* how often it was touched, at most     */
    uint64_t pages;        /* what follows: since it is here        */
    uint64_t failed;       /* pages that are not ok                 */
    uint64_t blocked;      /* of these, blocked                     */
    uint64_t sent;         /* pages for which a call was made       */
    uint64_t elapsed_ms;   /* of these together                     */
    uint32_t longest_ms;   /* of one                                */
    unsigned next, at;     /* the table's and the heap's            */
};

struct hosts;

/* NULL: memory. */
struct hosts *hosts_new(void);
void hosts_free(struct hosts *h);

/* The host of a URL (borrowed), lent until the next call. */
struct host *hosts_touch(struct hosts *h, const char *url, size_t len);

/* How many have a place. */
unsigned hosts_count(const struct hosts *h);
/* Whether there were more. */
bool hosts_is_full(const struct hosts *h);

/* Greater: `a` comes first. */
typedef int (*hosts_compare)(const struct host *a, const struct host *b);

/* The first `room` hosts in an order (lent until the next touch); how many there are. */
unsigned hosts_first(const struct hosts *h, hosts_compare compare, const struct host **to,
                     unsigned room);

/* Orders: most pages; most failures; the slowest on average, of which those with less than 10
 * pages that were sent come last. */
int hosts_by_pages(const struct host *a, const struct host *b);
int hosts_by_failures(const struct host *a, const struct host *b);
int hosts_by_latency(const struct host *a, const struct host *b);

/* Mean milliseconds of a host's pages that were sent; 0 without one. */
double host_latency(const struct host *h);

#endif

#include "hosts.h"

#include <stdlib.h>
#include <string.h>

#define HEADS (2u * HOSTS_ROOM) /* a power of two */
#define NONE UINT32_MAX
#define MEAN_OF 10u /* pages whose mean says something */

struct hosts {
    unsigned count;
    bool full;                 /* a host was put out of its place             */
    unsigned head[HEADS];      /* chains of equal hashes, through host.next   */
    unsigned heap[HOSTS_ROOM]; /* the smallest weight first                   */
    struct host host[HOSTS_ROOM];
};

struct hosts *hosts_new(void)
{
    struct hosts *h = calloc(1, sizeof(*h));

    if (h)
        memset(h->head, 0xff, sizeof(h->head));
    return h;
}

void hosts_free(struct hosts *h)
{
    free(h);
}

unsigned hosts_count(const struct hosts *h)
{
    return h->count;
}

bool hosts_is_full(const struct hosts *h)
{
    return h->full;
}

/* ------------------------------------------------------------- names -- */

/* The host in lower case, without user and port; its length. */
static size_t name_of(char to[HOST_BYTES], const char *url, size_t len)
{
    const char *end = url + len, *p = memmem(url, len, "://", 3), *q;
    bool literal;
    size_t n = 0;

    p = p ? p + 3 : url;
    for (q = p; q < end && *q != '/' && *q != '?' && *q != '#' && *q != '\\'; q++) {
        if (*q == '@')
            p = q + 1;
    }
    end = q;
    literal = p < end && *p == '[';
    for (; p < end && n < HOST_BYTES - 1 && (literal || *p != ':'); p++) {
        to[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        literal &= *p != ']';
    }
    to[n] = '\0';
    return n;
}

static unsigned head_of(const char *name, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
    return (unsigned)(hash ^ hash >> 32) & (HEADS - 1);
}

/* ------------------------------------------------------------- places -- */

static void sink_down(struct hosts *h, unsigned at)
{
    unsigned moving = h->heap[at];

    for (;;) {
        unsigned child = 2 * at + 1;

        if (child + 1 < h->count &&
            h->host[h->heap[child + 1]].weight < h->host[h->heap[child]].weight)
            child++;
        if (child >= h->count || h->host[h->heap[child]].weight >= h->host[moving].weight)
            break;
        h->heap[at] = h->heap[child];
        h->host[h->heap[at]].at = at;
        at = child;
    }
    h->heap[at] = moving;
    h->host[moving].at = at;
}

/* A new one has the smallest weight there is, 0. */
static void rise(struct hosts *h, unsigned at)
{
    unsigned moving = h->heap[at];

    for (; at > 0 && h->host[h->heap[(at - 1) / 2]].weight > h->host[moving].weight;
         at = (at - 1) / 2) {
        h->heap[at] = h->heap[(at - 1) / 2];
        h->host[h->heap[at]].at = at;
    }
    h->heap[at] = moving;
    h->host[moving].at = at;
}

static void unchain(struct hosts *h, unsigned i)
{
    unsigned *link = &h->head[head_of(h->host[i].name, strlen(h->host[i].name))];

    while (*link != i)
        link = &h->host[*link].next;
    *link = h->host[i].next;
}

/* A place for a new host: a free one, or that of the one seen least. */
static unsigned place(struct hosts *h)
{
    unsigned i = h->count;

    if (i < HOSTS_ROOM) {
        h->heap[h->count++] = i;
        h->host[i] = (struct host){0};
        rise(h, i);
        return i;
    }
    i = h->heap[0];
    h->full = true;
    unchain(h, i);
    h->host[i] = (struct host){.weight = h->host[i].weight};
    return i;
}

struct host *hosts_touch(struct hosts *h, const char *url, size_t len)
{
    char name[HOST_BYTES];
    size_t n = name_of(name, url, len);
    unsigned *head = &h->head[head_of(name, strlen(name))], i = *head;

    while (i != NONE && strcmp(h->host[i].name, name) != 0)
        i = h->host[i].next;
    if (i == NONE) {
        i = place(h);
        memcpy(h->host[i].name, name, n + 1);
        h->host[i].next = *head;
        *head = i;
    }
    h->host[i].weight++;
    sink_down(h, h->host[i].at);
    return &h->host[i];
}

/* ------------------------------------------------------------- orders -- */

double host_latency(const struct host *h)
{
    return h->sent ? (double)h->elapsed_ms / (double)h->sent : 0;
}

static int prefer(double a, double b)
{
    return (a > b) - (a < b);
}

int hosts_by_pages(const struct host *a, const struct host *b)
{
    return prefer((double)a->pages, (double)b->pages);
}

int hosts_by_failures(const struct host *a, const struct host *b)
{
    return prefer((double)a->failed, (double)b->failed);
}

int hosts_by_latency(const struct host *a, const struct host *b)
{
    bool enough = a->sent >= MEAN_OF, enough_b = b->sent >= MEAN_OF;

    return enough == enough_b ? prefer(host_latency(a), host_latency(b)) : enough - enough_b;
}

/* Equal ones stand in the order of their names, so that the same output gives the same page. */
static bool precedes(const struct host *a, const struct host *b, hosts_compare compare)
{
    int order = compare(a, b);

    return order > 0 || (order == 0 && strcmp(a->name, b->name) < 0);
}

unsigned hosts_first(const struct hosts *h, hosts_compare compare, const struct host **to,
                     unsigned room)
{
    unsigned n = 0;

    for (unsigned i = 0; i < h->count; i++) {
        unsigned at = n < room ? n++ : n;

        for (; at > 0 && precedes(&h->host[i], to[at - 1], compare); at--) {
            if (at < room)
                to[at] = to[at - 1];
        }
        if (at < room)
            to[at] = &h->host[i];
    }
    return n;
}

#include "transport/addresses.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static int find(const struct pf_addresses *a, const struct sockaddr *sa, socklen_t len)
{
    for (unsigned i = 0; i < a->count; i++)
        if (a->list[i].len == len && memcmp(&a->list[i].sa, sa, len) == 0)
            return (int)i;
    return -1;
}

void pf_addresses_add(struct pf_addresses *a, const struct sockaddr *sa, socklen_t len)
{
    struct pf_address *to;

    if (len > sizeof to->sa || a->count == PF_MAX_ADDRESSES || find(a, sa, len) >= 0)
        return;
    to = &a->list[a->count++];
    memset(to, 0, sizeof *to);
    memcpy(&to->sa, sa, len);
    to->len = len;
}

void pf_addresses_replace(struct pf_addresses *a, const struct pf_addresses *with)
{
    struct pf_addresses next = *with;
    unsigned least = UINT_MAX; /* a new one has no arrears to make up */

    for (unsigned i = 0; i < a->count; i++)
        least = a->list[i].used < least ? a->list[i].used : least;
    for (unsigned i = 0; i < next.count; i++) {
        int old = find(a, (const struct sockaddr *)&next.list[i].sa, next.list[i].len);

        if (old >= 0)
            next.list[i] = a->list[old];
        else if (a->count > 0)
            next.list[i].used = least;
    }
    *a = next;
}

static bool better(const struct pf_address *x, const struct pf_address *y, uint64_t now_ms)
{
    bool x_rests = x->rest_until_ms > now_ms, y_rests = y->rest_until_ms > now_ms;

    if (x_rests != y_rests)
        return y_rests;
    return x_rests ? x->rest_until_ms < y->rest_until_ms : x->used < y->used;
}

int pf_addresses_pick(struct pf_addresses *a, uint64_t tried, uint64_t now_ms)
{
    int best = -1;

    for (unsigned i = 0; i < a->count; i++) {
        if (tried & (uint64_t)1 << i)
            continue;
        if (best < 0 || better(&a->list[i], &a->list[best], now_ms))
            best = (int)i;
    }
    if (best >= 0)
        a->list[best].used++;
    return best;
}

void pf_addresses_failed(struct pf_addresses *a, unsigned i, uint64_t now_ms)
{
    a->list[i].rest_until_ms = now_ms + PF_ADDRESS_REST_MS;
}

void pf_addresses_worked(struct pf_addresses *a, unsigned i)
{
    a->list[i].rest_until_ms = 0;
}

const char *pf_address_text(const struct pf_address *address, char *out, size_t cap)
{
    const void *sa = &address->sa;
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->sa.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = sa;

        (void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        (void)snprintf(out, cap, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else {
        const struct sockaddr_in *in = sa;

        (void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        (void)snprintf(out, cap, "%s:%u", host, ntohs(in->sin_port));
    }
    return out;
}

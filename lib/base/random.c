/* SplitMix64 (Steele, Lea, Flood, 2014): one word of state, every seed good. */
#include "base/random.h"

#include <sys/random.h>
#include <time.h>

void pf_random_init(struct pf_random *r)
{
    if (getrandom(&r->state, sizeof r->state, GRND_NONBLOCK) != (ssize_t)sizeof r->state) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        r->state = (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 32) ^ (uint64_t)(uintptr_t)r;
    }
}

void pf_random_init_seed(struct pf_random *r, uint64_t seed)
{
    r->state = seed;
}

uint64_t pf_random_u64(struct pf_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t pf_random_up_to(struct pf_random *r, uint64_t max)
{
    uint64_t range = max + 1, limit, x;

    if (range == 0)
        return pf_random_u64(r);
    limit = UINT64_MAX - UINT64_MAX % range; /* what is above would favour small numbers */
    do
        x = pf_random_u64(r);
    while (x >= limit);
    return x % range;
}

#include "engine/refusals.h"

#include <string.h>

#define SLICE_MS 30000u /* PF_REFUSALS_SLICES of them are the five minutes */

void pf_refusals_init(struct pf_refusals *r, uint64_t now_ms)
{
    *r = (struct pf_refusals){.slice = now_ms / SLICE_MS};
}

static void turn(struct pf_refusals *r, uint64_t now_ms)
{
    uint64_t slice = now_ms / SLICE_MS;

    if (slice - r->slice >= PF_REFUSALS_SLICES) {
        memset(r->count, 0, sizeof r->count);
        r->slice = slice;
    }
    while (r->slice < slice)
        r->count[++r->slice % PF_REFUSALS_SLICES] = 0;
}

void pf_refusals_add(struct pf_refusals *r, uint64_t now_ms)
{
    turn(r, now_ms);
    r->count[r->slice % PF_REFUSALS_SLICES]++;
}

unsigned pf_refusals_count(struct pf_refusals *r, uint64_t now_ms)
{
    unsigned sum = 0;

    turn(r, now_ms);
    for (unsigned i = 0; i < PF_REFUSALS_SLICES; i++)
        sum += r->count[i];
    return sum;
}

/*
 * How long refusals take is kept as TCP keeps round trips, to tell what is lost from what is late
 * (RFC 6298 section 2).
 */
#include "engine/refusals.h"

#include <math.h>
#include <string.h>

#define SLICE_MS 30000u /* PF_REFUSALS_SLICES of them are the five minutes */
/* Heard: so many deviations over the mean, and some. */
#define HEARD_DEVIATIONS 4
#define HEARD_EXTRA_MS 50

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

static void learn(struct pf_refusals *r, double took_ms)
{
    if (!r->known) {
        r->known = true;
        r->mean_ms = took_ms;
        r->spread_ms = took_ms / 2;
        return;
    }
    r->spread_ms += (fabs(took_ms - r->mean_ms) - r->spread_ms) / 4;
    r->mean_ms += (took_ms - r->mean_ms) / 8;
}

void pf_refusals_add(struct pf_refusals *r, uint64_t now_ms, double took_ms)
{
    learn(r, took_ms);
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

double pf_refusals_mean_ms(const struct pf_refusals *r)
{
    return r->mean_ms;
}

double pf_refusals_heard_ms(const struct pf_refusals *r)
{
    return r->mean_ms + HEARD_DEVIATIONS * r->spread_ms + HEARD_EXTRA_MS;
}

/*
 * Refusals: how many there were in the last five minutes, since providers ban keys that are refused
 * too often, and how long one takes, since silence for longer says that a call was taken.
 *
 * Pure: it is told the time (milliseconds of a monotonic clock) and what happens.  Each event is
 * O(1), nothing is allocated, there is nothing to free.
 */
#ifndef PF_ENGINE_REFUSALS_H
#define PF_ENGINE_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#define PF_REFUSALS_SLICES 10 /* that five minutes are counted in */

struct pf_refusals {
    uint32_t count[PF_REFUSALS_SLICES]; /* ring */
    uint64_t slice;                     /* the newest */
    bool known;                         /* there was one, ever */
    double mean_ms, spread_ms;          /* how long they take, and mean deviation */
};

void pf_refusals_init(struct pf_refusals *r, uint64_t now_ms);

/* A call was refused, so long after its request was sent. */
void pf_refusals_add(struct pf_refusals *r, uint64_t now_ms, double took_ms);

/* How many were in the last five minutes, less at most the oldest half a minute. */
unsigned pf_refusals_count(struct pf_refusals *r, uint64_t now_ms);

/* How long one takes on average; 0: there was none. */
double pf_refusals_mean_ms(const struct pf_refusals *r);

/* After so long a refusal would have been heard. */
double pf_refusals_heard_ms(const struct pf_refusals *r);

#endif

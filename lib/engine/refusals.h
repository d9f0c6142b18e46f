/*
 * Refusals of the last five minutes: providers ban keys that are refused too often.
 *
 * Pure: it is told the time (milliseconds of a monotonic clock) and what happens.  Each event is
 * O(1), nothing is allocated, there is nothing to free.
 */
#ifndef PF_ENGINE_REFUSALS_H
#define PF_ENGINE_REFUSALS_H

#include <stdint.h>

#define PF_REFUSALS_SLICES 10 /* that five minutes are counted in */

struct pf_refusals {
    uint32_t count[PF_REFUSALS_SLICES]; /* ring */
    uint64_t slice;                     /* the newest */
};

void pf_refusals_init(struct pf_refusals *r, uint64_t now_ms);

/* A call was refused. */
void pf_refusals_add(struct pf_refusals *r, uint64_t now_ms);

/* How many were in the last five minutes, less at most the oldest half a minute. */
unsigned pf_refusals_count(struct pf_refusals *r, uint64_t now_ms);

#endif

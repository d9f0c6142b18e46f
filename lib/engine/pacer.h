/*
 * The pacer: how many calls may start in a second, by the user's word (--rate) and by the quota
 * that the provider tells (ratelimit.h).
 *
 * Pure: it is told the time (milliseconds of a monotonic clock) and asked when the next call may
 * start.
 */
#ifndef PF_ENGINE_PACER_H
#define PF_ENGINE_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ratelimit.h"

struct pf_pacer {
    double interval_ms; /* between starts; 0: no rate */
    double due_ms;      /* when the next start is due at that rate */
    uint32_t starts;    /* counted, and wraps */
    bool quota_known;   /* the rest tells of the window that ends at end_ms */
    uint64_t end_ms;
    uint64_t window_ms; /* its length; 0: unknown */
    uint64_t quota;     /* of a whole window; 0: unknown */
    uint64_t left;      /* starts until it ends */
    double spread_ms;   /* when the next start is due so that they last */
};

/* `rate`: starts in a second, above 0; 0: as many as there are. */
void pf_pacer_init(struct pf_pacer *p, double rate);

/* Another rate from now on. */
void pf_pacer_set(struct pf_pacer *p, uint64_t now_ms, double rate);

/* When the next call may start: now or before if at once.  Always a time. */
uint64_t pf_pacer_when(struct pf_pacer *p, uint64_t now_ms);

/* A call has started.  Returns what it keeps for pf_pacer_told(). */
uint32_t pf_pacer_on_start(struct pf_pacer *p, uint64_t now_ms);

/* A call that kept `mark` was answered with this quota. */
void pf_pacer_told(struct pf_pacer *p, uint64_t now_ms, uint32_t mark,
                   const struct pf_ratelimit_quota *quota);

#endif

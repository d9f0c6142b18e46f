/*
 * Timers by the hundred thousand: a hierarchical timing wheel.
 *
 * Starting and cancelling are O(1) whatever the durations, and a timer's memory is its owner's.
 * The wheel knows no clock and no loop: the engine tells it the time and asks when to come back.
 */
#ifndef PF_BASE_TIMERS_H
#define PF_BASE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

#define PF_TIMERS_LEVELS 6
#define PF_TIMERS_SLOTS 64
#define PF_TIMERS_NEVER UINT64_MAX

struct pf_timer {
    struct pf_link link;
    uint64_t due_ms; /* PF_TIMERS_NEVER while idle */
    void (*on_due)(struct pf_timer *timer);
};

struct pf_timers {
    uint64_t now_ms;                 /* everything due before is out of the wheel */
    uint64_t used[PF_TIMERS_LEVELS]; /* a bit for each slot that may hold timers */
    struct pf_link slot[PF_TIMERS_LEVELS][PF_TIMERS_SLOTS];
};

void pf_timers_init(struct pf_timers *t, uint64_t now_ms);

/* `on_due` is called once per start, from pf_timers_advance(). */
void pf_timer_init(struct pf_timer *timer, void (*on_due)(struct pf_timer *timer));

/* Starts a timer (again): due at `due_ms` on the wheel's clock, at the next
 * advance if that is past, in a year at the latest. */
void pf_timer_start(struct pf_timers *t, struct pf_timer *timer, uint64_t due_ms);

/* Stops a timer, whether it runs or not. */
void pf_timer_cancel(struct pf_timer *timer);

static inline bool pf_timer_running(const struct pf_timer *timer)
{
    return timer->due_ms != PF_TIMERS_NEVER;
}

/*
 * When to advance next: never later than the first timer is due, perhaps
 * earlier (by no more than the distance to a wheel's turn); PF_TIMERS_NEVER
 * while no timer runs.  O(levels).
 */
uint64_t pf_timers_next(struct pf_timers *t);

/* Calls every timer that is due at `now_ms`.  Callbacks may start and cancel
 * any timer; one that is started as already due is called in the same advance at the latest. */
void pf_timers_advance(struct pf_timers *t, uint64_t now_ms);

#endif

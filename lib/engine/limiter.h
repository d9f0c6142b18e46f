/*
 * The limiter: how many calls may be in flight.
 *
 * Pure: it is told the time (milliseconds of a monotonic clock) and what happens, and asked when
 * the next call may start.  Each event is O(1), nothing is allocated, there is nothing to free.
 * Who has calls in flight counts them; `in_flight` below is that count.
 *
 * The order of things, for each call:
 *
 *   if (pf_limiter_when(l, now, in_flight) <= now) {
 *       in_flight++;
 *       mark = pf_limiter_on_start(l, now, in_flight);
 *       ...
 *       pf_limiter_on_sent(l, now, &mark);
 *       ...
 *       pf_limiter_on_end(l, now, &(struct pf_limiter_ended){mark, start, end, in_flight});
 *       in_flight--;
 *   }
 */
#ifndef PF_ENGINE_LIMITER_H
#define PF_ENGINE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "engine/goodput.h"
#include "engine/refusals.h"
#include "engine/transit.h"

/* pf_limiter_when(), pf_brake_when(): not before something else happens. */
#define PF_WHEN_NEVER UINT64_MAX

/* How a call's stay in flight ended, as far as the account's capacity goes. */
enum pf_limiter_end {
    PF_LIMITER_OK,        /* answered, whatever the answer says about the target               */
    PF_LIMITER_THROTTLED, /* refused: too many at once                                         */
    PF_LIMITER_FAILED,    /* no answer, or the provider's own failure: says nothing            */
    PF_LIMITER_CANCELLED  /* given up from here: the provider may go on with it for a while    */
};

/* What a call keeps from its start to its end. */
struct pf_limiter_mark {
    uint32_t epoch;   /* cuts before it started */
    uint32_t level;   /* calls in flight when it started, itself included */
    bool first;       /* it was the first to start after the last of them */
    uint32_t sent;    /* its request's number, of all that were sent; 0: not sent */
    uint64_t sent_ms; /* when that was; before, when it started */
};

struct pf_limiter_ended {
    struct pf_limiter_mark mark; /* from pf_limiter_on_start() */
    uint64_t started_ms;         /* when that was */
    enum pf_limiter_end end;
    unsigned in_flight; /* with this call */
};

enum pf_limiter_state {
    PF_LIMITER_FIXED,  /* told a number                                             */
    PF_LIMITER_CLIMB,  /* no ceiling is known: grows with each answer               */
    PF_LIMITER_REFILL, /* after a deep cut: grows with each answer, to the ceiling  */
    PF_LIMITER_HOLD,   /* at the ceiling                                            */
    PF_LIMITER_PROBE   /* a little above the ceiling, to see whether it has moved   */
};

struct pf_limiter {
    enum pf_limiter_state state;
    struct pf_random *random;
    unsigned limit, max;
    unsigned ceiling;  /* what is thought to be carried; while climbing, where that began     */
    unsigned proven;   /* the ceiling before its last raise, until the raise has stood a while */
    unsigned stood;    /* the last ceiling that stood so long */
    unsigned held;     /* the ceiling before the probe */
    unsigned goal;     /* of the probe */
    unsigned raises;   /* probes in a row that held */
    unsigned peak;     /* what was carried before it fell; 0: it did not fall */
    unsigned cap;      /* what the provider tells, less what others use; 0: not told */
    double others;     /* in flight beside ours, as far as told */
    double credit;     /* towards the next raise */
    uint32_t epoch;    /* counts the cuts */
    bool landing;      /* cut: the first start after it says what is left in flight */
    bool filling;      /* not full since a cut or a jump: starts are spread */
    bool learned;      /* a ceiling was found */
    uint64_t probe_ms; /* when the next probe is due */
    uint64_t raised_ms, fell_ms; /* since when the ceiling, the peak are what they are */
    uint64_t step_ms;            /* since when the probe stands at its goal */
    double interval;             /* between probes, in latencies */
    double ghosts;               /* given up from here, perhaps still carried there */
    double tokens;               /* starts that may come at once while filling */
    uint64_t ghosts_ms, tokens_ms;
    struct pf_goodput goodput;
    struct pf_refusals refusals;
    struct pf_transit transit;
};

/*
 * Begins a search at `start` calls, or with a `fixed` number that only pf_limiter_set() changes
 * (0: a search).  All are at most `max`, which is 1 to PF_MAX_CONCURRENCY.  Keeps `random`.
 */
void pf_limiter_init(struct pf_limiter *l, uint64_t now_ms, unsigned fixed, unsigned start,
                     unsigned max, struct pf_random *random);

/*
 * When another call may start beside `in_flight`: now or before if at once, PF_WHEN_NEVER if not
 * before a call has ended.
 */
uint64_t pf_limiter_when(struct pf_limiter *l, uint64_t now_ms, unsigned in_flight);

/* A call has started; `in_flight` counts it. */
struct pf_limiter_mark pf_limiter_on_start(struct pf_limiter *l, uint64_t now_ms,
                                           unsigned in_flight);

/* The call's request goes out; told again if it is sent again. */
void pf_limiter_on_sent(struct pf_limiter *l, uint64_t now_ms, struct pf_limiter_mark *mark);

/* A call has ended.  Its place is free when this returns: count it out then. */
void pf_limiter_on_end(struct pf_limiter *l, uint64_t now_ms, const struct pf_limiter_ended *ended);

/*
 * An answer told how many calls the account carries (`limit`, 0: not said) and how many more it
 * would take now (`remaining`, below 0: not said), while `in_flight` of ours were under way with
 * the answered one.  To be told before the call's end.
 */
void pf_limiter_told(struct pf_limiter *l, uint64_t now_ms, unsigned limit, int64_t remaining,
                     unsigned in_flight);

/* A fixed number from now on; 0: searches, from where it is. */
void pf_limiter_set(struct pf_limiter *l, uint64_t now_ms, unsigned fixed);

/* How long after a call was sent its refusal would have been heard, in milliseconds. */
double pf_limiter_heard_ms(const struct pf_limiter *l);

/* Calls that may be in flight now. */
unsigned pf_limiter_limit(const struct pf_limiter *l);

/* What the next run may begin with; 0: nothing was learned. */
unsigned pf_limiter_learned(const struct pf_limiter *l);

#endif

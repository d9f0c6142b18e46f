/*
 * The brake: one throttling answer pauses the whole key.
 *
 * Pure: it is told the time (milliseconds of a monotonic clock) and what happens, and asked when
 * the next call may start.  When a pause ends, one call goes first, the probe; the others follow
 * when it was taken, and a refusal of it makes the next pause longer.
 */
#ifndef PF_ENGINE_BRAKE_H
#define PF_ENGINE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "engine/limiter.h"

enum pf_brake_state {
    PF_BRAKE_FREE,
    PF_BRAKE_PAUSED, /* nothing starts before until_ms                               */
    PF_BRAKE_PROBING /* one call is out, or may go: the others wait for how it fares */
};

struct pf_brake {
    enum pf_brake_state state;
    struct pf_random *random;
    unsigned streak;   /* pauses since a call was last answered */
    uint64_t began_ms; /* of the last pause */
    uint64_t until_ms; /* its end */
    bool probe_out;    /* while probing */
    uint64_t probe_ms; /* its start */
    uint64_t taken_ms; /* when it counts as taken if nothing was heard */
};

/* Free.  Keeps `random`. */
void pf_brake_init(struct pf_brake *b, struct pf_random *random);

/* When the next call may start: now or before if at once.  Always a time, which a call's end may
 * bring forward. */
uint64_t pf_brake_when(struct pf_brake *b, uint64_t now_ms);

/* A call has started. */
void pf_brake_on_start(struct pf_brake *b, uint64_t now_ms);

/* The request of a call that started at `started_ms` goes out, and its refusal would be heard in
 * `heard_ms` (pf_limiter_heard_ms()); told again if it is sent again.  True: the others' time may
 * have come forward. */
bool pf_brake_on_sent(struct pf_brake *b, uint64_t now_ms, uint64_t started_ms, double heard_ms);

/* A call has ended that started at `started_ms`, otherwise than refused. */
void pf_brake_on_end(struct pf_brake *b, uint64_t started_ms, enum pf_limiter_end end);

/*
 * A call was refused that started at `started_ms`.  `retry_after_ms` is what the answer asks for
 * (pf_retry_after_ms()); 0: nothing.  Returns the milliseconds from now that the key rests, also
 * for the refused call itself.
 */
uint32_t pf_brake_on_throttled(struct pf_brake *b, uint64_t now_ms, uint64_t started_ms,
                               uint32_t retry_after_ms);

/* Milliseconds until a pause ends; 0: none. */
uint32_t pf_brake_rest_ms(const struct pf_brake *b, uint64_t now_ms);

#endif

/*
 * Refusals come in bursts: those that started before the first of a burst was heard of are part
 * of it and neither lengthen the pause (unless one asks for more time) nor add to the streak.
 *
 * The probe.  Its page may take a minute, and for that long nothing else may stand still.  But
 * refusals come at once: a provider counts before it works.  So a probe that is still waiting
 * when a refusal would have been heard has been taken.  When that is, the refusals so far tell, and
 * no pause begins without one.
 */
#include "engine/brake.h"

#include <math.h>

#include "engine/retry.h"

/* A pause that nobody asked for is at least this, so that a slot has time to come free. */
#define PAUSE_MIN_MS 500u
/* On top of what was asked for: those who were told the same must not come back at once. */
#define SPREAD_MS 250u
/* The probe counts as taken then at the latest: refusals so slow are no refusals on arrival. */
#define TAKEN_MAX_MS 10000
/* 500 ms + 250 ms * 2^7 is over PF_BACKOFF_CAP_MS: more steps change nothing. */
#define STREAK_MAX 16u

void pf_brake_init(struct pf_brake *b, struct pf_random *random)
{
    *b = (struct pf_brake){.state = PF_BRAKE_FREE, .random = random};
}

uint64_t pf_brake_when(struct pf_brake *b, uint64_t now_ms)
{
    switch (b->state) {
    case PF_BRAKE_FREE:
        break;
    case PF_BRAKE_PAUSED:
        if (now_ms < b->until_ms)
            return b->until_ms;
        b->state = PF_BRAKE_PROBING;
        b->probe_out = false;
        break;
    case PF_BRAKE_PROBING:
        if (!b->probe_out)
            break;
        if (now_ms < b->taken_ms)
            return b->taken_ms;
        b->state = PF_BRAKE_FREE;
        break;
    }
    return now_ms;
}

void pf_brake_on_start(struct pf_brake *b, uint64_t now_ms)
{
    if (pf_brake_when(b, now_ms) > now_ms || b->state != PF_BRAKE_PROBING)
        return;
    b->probe_out = true;
    b->probe_ms = now_ms;
    b->taken_ms = now_ms + TAKEN_MAX_MS;
}

static bool is_probe(const struct pf_brake *b, uint64_t started_ms)
{
    return b->state == PF_BRAKE_PROBING && b->probe_out && started_ms >= b->probe_ms;
}

bool pf_brake_on_sent(struct pf_brake *b, uint64_t now_ms, uint64_t started_ms, double heard_ms)
{
    if (!is_probe(b, started_ms))
        return false;
    b->taken_ms = now_ms + (uint64_t)fmin(heard_ms, TAKEN_MAX_MS);
    return true;
}

void pf_brake_on_end(struct pf_brake *b, uint64_t started_ms, enum pf_limiter_end end)
{
    if (is_probe(b, started_ms)) {
        if (end == PF_LIMITER_CANCELLED)
            b->probe_out = false; /* nothing is known: another one goes */
        else
            b->state = PF_BRAKE_FREE;
    }
    if (end == PF_LIMITER_OK && b->state == PF_BRAKE_FREE && started_ms >= b->until_ms)
        b->streak = 0;
}

static uint32_t pause_of(struct pf_brake *b, uint32_t asked_ms)
{
    uint32_t own = pf_retry_backoff_ms(b->random, b->streak);

    if (asked_ms == 0)
        return PAUSE_MIN_MS + own;
    if (b->streak == 0 || own < asked_ms)
        own = asked_ms;
    return own + (uint32_t)pf_random_up_to(b->random, SPREAD_MS);
}

uint32_t pf_brake_on_throttled(struct pf_brake *b, uint64_t now_ms, uint64_t started_ms,
                               uint32_t retry_after_ms)
{
    bool known = b->until_ms > 0 && started_ms <= b->began_ms; /* of a burst that was answered */

    if (!known) {
        b->state = PF_BRAKE_PAUSED;
        b->began_ms = now_ms;
        b->until_ms = now_ms + pause_of(b, retry_after_ms);
        if (b->streak < STREAK_MAX)
            b->streak++;
    } else if (retry_after_ms > 0 && now_ms + retry_after_ms > b->until_ms &&
               (b->state == PF_BRAKE_PAUSED || (b->state == PF_BRAKE_PROBING && !b->probe_out))) {
        b->state = PF_BRAKE_PAUSED;
        b->until_ms = now_ms + retry_after_ms;
    }
    return pf_brake_rest_ms(b, now_ms);
}

uint32_t pf_brake_rest_ms(const struct pf_brake *b, uint64_t now_ms)
{
    return b->state == PF_BRAKE_PAUSED && b->until_ms > now_ms ? (uint32_t)(b->until_ms - now_ms)
                                                               : 0;
}

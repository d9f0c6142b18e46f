#include "engine/trust.h"

#include "base/limits.h"
#include "engine/limiter.h"

void pf_trust_init(struct pf_trust *a, bool asks_again)
{
    *a = (struct pf_trust){.asks_again = asks_again};
}

uint64_t pf_trust_when(const struct pf_trust *a, uint64_t now_ms)
{
    switch (a->state) {
    case PF_TRUST_GIVEN:
        return now_ms;
    case PF_TRUST_DOUBTED:
        if (a->asking)
            return PF_WHEN_NEVER;
        return now_ms < a->ask_ms ? a->ask_ms : now_ms;
    case PF_TRUST_REFUSED:
        break;
    }
    return PF_WHEN_NEVER;
}

void pf_trust_on_start(struct pf_trust *a)
{
    a->asking = a->state == PF_TRUST_DOUBTED;
}

/* What started before the doubt says nothing about it: credits may have ended since. */
static bool is_the_one(const struct pf_trust *a, uint64_t started_ms)
{
    return a->state == PF_TRUST_DOUBTED && a->asking && started_ms >= a->ask_ms;
}

void pf_trust_on_end(struct pf_trust *a, uint64_t started_ms, bool answered)
{
    if (!is_the_one(a, started_ms))
        return;
    a->asking = false;
    if (answered)
        a->state = PF_TRUST_GIVEN;
}

enum pf_trust_state pf_trust_on_refused(struct pf_trust *a, uint64_t now_ms, uint64_t started_ms)
{
    if (a->state == PF_TRUST_GIVEN && a->asks_again) {
        a->state = PF_TRUST_DOUBTED;
        a->asking = false;
        a->ask_ms = now_ms + PF_TRUST_ASK_MS;
    } else if (a->state == PF_TRUST_GIVEN || is_the_one(a, started_ms)) {
        a->state = PF_TRUST_REFUSED;
    }
    return a->state;
}

#include "engine/account.h"

#include "base/limits.h"
#include "engine/limiter.h"

void pf_account_init(struct pf_account *a, bool asks_again)
{
    *a = (struct pf_account){.asks_again = asks_again};
}

uint64_t pf_account_when(const struct pf_account *a, uint64_t now_ms)
{
    switch (a->state) {
    case PF_ACCOUNT_TRUSTED:
        return now_ms;
    case PF_ACCOUNT_DOUBTED:
        if (a->asking)
            return PF_WHEN_NEVER;
        return now_ms < a->ask_ms ? a->ask_ms : now_ms;
    case PF_ACCOUNT_REFUSED:
        break;
    }
    return PF_WHEN_NEVER;
}

void pf_account_on_start(struct pf_account *a)
{
    a->asking = a->state == PF_ACCOUNT_DOUBTED;
}

/* What started before the doubt says nothing about it: credits may have ended since. */
static bool is_the_one(const struct pf_account *a, uint64_t started_ms)
{
    return a->state == PF_ACCOUNT_DOUBTED && a->asking && started_ms >= a->ask_ms;
}

void pf_account_on_end(struct pf_account *a, uint64_t started_ms, bool answered)
{
    if (!is_the_one(a, started_ms))
        return;
    a->asking = false;
    if (answered)
        a->state = PF_ACCOUNT_TRUSTED;
}

enum pf_account_state pf_account_on_refused(struct pf_account *a, uint64_t now_ms,
                                            uint64_t started_ms)
{
    if (a->state == PF_ACCOUNT_TRUSTED && a->asks_again) {
        a->state = PF_ACCOUNT_DOUBTED;
        a->asking = false;
        a->ask_ms = now_ms + PF_ACCOUNT_ASK_MS;
    } else if (a->state == PF_ACCOUNT_TRUSTED || is_the_one(a, started_ms)) {
        a->state = PF_ACCOUNT_REFUSED;
    }
    return a->state;
}

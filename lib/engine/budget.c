#include "engine/budget.h"

#include <math.h>

#include "base/limits.h"

#define HOUR_MS 3600000.0
#define PACE_MIN_MS 1000 /* a few calls at once are no pace */

static int64_t add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t times(uint64_t n, int64_t micro)
{
    return micro > 0 && n > (uint64_t)(INT64_MAX / micro) ? INT64_MAX : (int64_t)n * micro;
}

const char *pf_budget_fault(int64_t max_micro, int64_t per_call_micro, bool provider_says)
{
    if (max_micro < 0)
        return "the spending limit is below 0";
    if (per_call_micro < 0)
        return "the cost of a call is below 0";
    if (max_micro > 0 && per_call_micro == 0 && !provider_says)
        return "a spending limit needs a cost of a call (cost_per_call), since the profile knows "
               "of no header field that tells it";
    return NULL;
}

void pf_budget_init(struct pf_budget *b, int64_t max_micro, int64_t per_call_micro)
{
    *b = (struct pf_budget){
        .max_micro = max_micro, .per_call_micro = per_call_micro, .dearest_micro = per_call_micro};
}

void pf_budget_set_max(struct pf_budget *b, int64_t max_micro)
{
    b->max_micro = max_micro;
}

/* What all that may still be billed comes to at the dearest price, with `more` attempts. */
static int64_t at_risk(const struct pf_budget *b, uint64_t more)
{
    return times(b->under_way + b->unsure + more, b->dearest_micro);
}

enum pf_budget_state pf_budget_ask(const struct pf_budget *b)
{
    if (b->max_micro == 0)
        return PF_BUDGET_FITS;
    if (b->spent_micro >= b->max_micro)
        return b->under_way > 0 ? PF_BUDGET_WAIT : PF_BUDGET_SPENT;
    if (b->blind || (b->dearest_micro == 0 && b->unsure >= PF_BUDGET_UNSURE_MAX))
        return b->under_way > 0 ? PF_BUDGET_WAIT : PF_BUDGET_BLIND;
    if (b->per_call_micro == 0 && b->under_way > b->priced)
        return PF_BUDGET_WAIT;
    if (add(b->spent_micro, at_risk(b, 1)) <= b->max_micro)
        return PF_BUDGET_FITS;
    return b->under_way > 0 ? PF_BUDGET_WAIT : PF_BUDGET_SPENT;
}

void pf_budget_start(struct pf_budget *b, uint64_t now_ms)
{
    if (b->began_ms == 0)
        b->began_ms = b->rated_ms = now_ms;
    b->under_way++;
}

static void spend(struct pf_budget *b, int64_t micro, uint64_t now_ms)
{
    uint64_t ms = now_ms > b->rated_ms ? now_ms - b->rated_ms : 0;

    b->recent_micro = b->recent_micro * exp(-(double)ms / PF_BUDGET_FADE_MS) + (double)micro;
    b->rated_ms = now_ms;
    b->spent_micro = add(b->spent_micro, micro);
}

int64_t pf_budget_end(struct pf_budget *b, int64_t cost_micro, enum fetch_billed billed,
                      uint64_t now_ms)
{
    int64_t counted = 0;

    b->under_way--;
    if (cost_micro > 0 || (cost_micro == 0 && billed == FETCH_BILLED_YES)) {
        counted = cost_micro;
        b->priced++;
        if (cost_micro > b->dearest_micro)
            b->dearest_micro = cost_micro;
    } else if (cost_micro < 0 && billed == FETCH_BILLED_YES) {
        counted = b->per_call_micro;
        b->blind = b->blind || b->per_call_micro == 0;
    } else if (cost_micro < 0 && billed == FETCH_BILLED_UNKNOWN) {
        b->unsure++;
    }
    if (counted > 0)
        spend(b, counted, now_ms);
    return counted;
}

int64_t pf_budget_reserved(const struct pf_budget *b)
{
    return at_risk(b, 0);
}

int64_t pf_budget_hourly(const struct pf_budget *b, uint64_t now_ms)
{
    double ran = (double)(now_ms > b->began_ms ? now_ms - b->began_ms : 0);
    double since = (double)(now_ms > b->rated_ms ? now_ms - b->rated_ms : 0);
    double faded = b->recent_micro * exp(-since / PF_BUDGET_FADE_MS);
    /* What a steady pace of 1 a millisecond would have come to by now. */
    double weight = PF_BUDGET_FADE_MS * (1 - exp(-ran / PF_BUDGET_FADE_MS));
    double hourly;

    if (b->began_ms == 0 || ran < PACE_MIN_MS)
        return -1;
    hourly = faded / weight * HOUR_MS;
    return hourly < (double)INT64_MAX / 2 ? (int64_t)hourly : INT64_MAX;
}

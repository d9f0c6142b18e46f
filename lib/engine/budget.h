/*
 * What may be spent (max_cost_micro), in millionths of a credit.
 *
 * Each attempt under way is reserved for at the dearest price known: the highest that the
 * provider's header has said in this run, and at least what the user said a call costs.  An
 * attempt starts only where
 *
 *     spent + unsure + reserved + its own reservation <= max
 *
 * with `reserved` for those under way and `unsure` for those that ended without a word on whether
 * and what they cost.  When a dearer price is seen, everything under way and unsure is counted at
 * it from then on.
 *
 * What is guaranteed: spent is never over max as long as no attempt costs more than the dearest
 * price known when the last attempt before it was started.  A price seen for the first time can
 * overstep by the difference to the dearest before it, for each attempt under way at that moment and
 * no more: nothing further is started then.  Until prices are known well there are few under way:
 * without a price from the user, never more than there are attempts whose price was seen, and one.
 * So the very first call goes alone, and its price is learnt before a second is risked; what is
 * not known is never guessed.  The dearest price is kept for the run and not only lately: a dear
 * call that comes seldom must not be forgotten just before the end.
 *
 * Pure: no clock, no loop.  Sums saturate at INT64_MAX.
 */
#ifndef PF_ENGINE_BUDGET_H
#define PF_ENGINE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "pfetch/fetch.h"

/* Why no further attempt may start. */
enum pf_budget_state {
    PF_BUDGET_FITS = 0, /* it may                                                             */
    PF_BUDGET_WAIT,     /* not now: what is under way may yet cost less, or teach a price     */
    PF_BUDGET_SPENT,    /* never: nothing is under way, and one more could overstep           */
    PF_BUDGET_BLIND     /* never: calls are billed, and nobody says what they cost            */
};

struct pf_budget {
    int64_t max_micro;      /* 0: none                                                       */
    int64_t per_call_micro; /* what the user says; 0: nothing                                */
    int64_t dearest_micro;  /* reserved for an attempt; 0: not known yet                     */
    int64_t spent_micro;    /* as billed, or at per_call_micro where the provider says nothing */
    uint64_t priced;        /* attempts whose price was seen                                 */
    uint64_t unsure;        /* attempts that may have been billed at a price nobody said     */
    uint64_t under_way;
    bool blind;          /* billed without a price, and none is known                      */
    uint64_t began_ms;   /* the first start                                                */
    uint64_t rated_ms;   /* `recent` is of this time                                       */
    double recent_micro; /* spent lately, fading                                           */
};

/*
 * Half a sentence (static) on why a run with a limit cannot begin, or NULL: neither does the
 * profile name a header for the cost (`provider_says`) nor the user a price.
 */
const char *pf_budget_fault(int64_t max_micro, int64_t per_call_micro, bool provider_says);

/* Both from 0 on; 0: no limit, no price.  Without a limit the spending is still counted. */
void pf_budget_init(struct pf_budget *b, int64_t max_micro, int64_t per_call_micro);

/* Another limit, from now on; 0: none. */
void pf_budget_set_max(struct pf_budget *b, int64_t max_micro);

/* Whether one more attempt may start. */
enum pf_budget_state pf_budget_ask(const struct pf_budget *b);

static inline bool pf_budget_may_start(const struct pf_budget *b)
{
    return pf_budget_ask(b) == PF_BUDGET_FITS;
}

/* Nothing is under way and nothing will be: the run ends. */
static inline bool pf_budget_exhausted(const struct pf_budget *b)
{
    return pf_budget_ask(b) >= PF_BUDGET_SPENT;
}

/* An attempt starts: its reservation is made. */
void pf_budget_start(struct pf_budget *b, uint64_t now_ms);

/*
 * An attempt that was started is over, and its reservation with it.  `cost_micro` is what the
 * provider's header says, -1: nothing.  `billed` is what is known otherwise: FETCH_BILLED_NO releases
 * the reservation (so for all that was never sent), FETCH_BILLED_YES counts a price that is not
 * said at per_call_micro.  A cost of 0 is a price only with FETCH_BILLED_YES.  Returns what was
 * counted as spent.
 */
int64_t pf_budget_end(struct pf_budget *b, int64_t cost_micro, enum fetch_billed billed,
                      uint64_t now_ms);

/* Expected of what is under way and of what is unsure. */
int64_t pf_budget_reserved(const struct pf_budget *b);

/* Spent in an hour, at the pace of about the last half minute; -1 within a second of the first
 * start, when there is none. */
int64_t pf_budget_hourly(const struct pf_budget *b, uint64_t now_ms);

#endif

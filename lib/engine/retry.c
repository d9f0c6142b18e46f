#include "engine/retry.h"

#include <math.h>

#include "base/date.h"
#include "base/limits.h"
#include "base/text.h"

/* One retry, in the unit of the purses. */
#define MILLI 1000

/* ------------------------------------------------------- the run's budget -- */

static void fade(struct pf_retry_run *run, uint64_t now_ms)
{
    uint64_t ms = now_ms > run->faded_ms ? now_ms - run->faded_ms : 0;
    double kept = ms ? exp(-(double)ms / PF_RETRY_KEEP_MS) : 1;
    double earned = (double)ms * PF_RETRY_FLOOR, most = (double)PF_RETRY_FLOOR * MILLI;

    if (ms == 0)
        return;
    for (unsigned i = 0; i < PF_RETRY_CAUSES; i++) {
        struct pf_retry_purse *p = &run->purse[i];

        p->milli *= kept;
        p->floor_milli = fmin(p->floor_milli + earned, most);
    }
    run->faded_ms = now_ms;
}

static void pay_in(struct pf_retry_run *run, uint64_t now_ms, double milli)
{
    fade(run, now_ms);
    for (unsigned i = 0; i < PF_RETRY_CAUSES; i++)
        run->purse[i].milli += milli;
}

void pf_retry_run_init(struct pf_retry_run *run, unsigned retries, uint64_t now_ms)
{
    *run = (struct pf_retry_run){.faded_ms = now_ms};
    run->limit[PF_CAUSE_NETWORK] = run->limit[PF_CAUSE_PROVIDER] = retries;
    run->limit[PF_CAUSE_BLOCKED] = retries < PF_RETRIES_BLOCKED ? retries : PF_RETRIES_BLOCKED;
    for (unsigned i = 0; i < PF_RETRY_CAUSES; i++)
        run->purse[i].floor_milli = (double)PF_RETRY_FLOOR * MILLI;
}

void pf_retry_note_first(struct pf_retry_run *run, uint64_t now_ms)
{
    pay_in(run, now_ms, PF_RETRY_SHARE);
}

void pf_retry_note_good(struct pf_retry_run *run, uint64_t now_ms)
{
    pay_in(run, now_ms, PF_RETRY_REWARD);
}

uint32_t pf_retry_go(const struct pf_retry_state *state, struct pf_retry_run *run,
                     struct pf_random *random, uint64_t now_ms)
{
    struct pf_retry_purse *p = &run->purse[state->cause];

    if (state->cause == PF_CAUSE_THROTTLED)
        return 0; /* the brake sees to these */
    fade(run, now_ms);
    if (p->milli >= MILLI) {
        p->milli -= MILLI;
        return 0;
    }
    if (p->floor_milli >= MILLI) {
        p->floor_milli -= MILLI;
        return 0;
    }
    return PF_RETRY_HOLD_MS / 2 + (uint32_t)pf_random_up_to(random, PF_RETRY_HOLD_MS / 2);
}

/* ------------------------------------------------------------- one call -- */

enum pf_cause pf_retry_cause(enum pf_cause cause, enum fetch_billed billed)
{
    return billed == FETCH_BILLED_YES && cause != PF_CAUSE_BLOCKED ? PF_CAUSE_FINAL : cause;
}

static enum pf_retry_answer next_throttled(struct pf_retry_state *state, uint64_t now_ms)
{
    if (state->throttled_since_ms == 0)
        state->throttled_since_ms = now_ms;
    return now_ms - state->throttled_since_ms >= PF_THROTTLE_TOTAL_MS ? PF_RETRY_TOO_LONG
                                                                      : PF_RETRY_AGAIN;
}

enum pf_retry_answer pf_retry_next(struct pf_retry_state *state, const struct pf_retry_run *run,
                                   enum pf_cause cause, uint32_t retry_after_ms, unsigned max_tries,
                                   struct pf_random *random, uint64_t now_ms, uint32_t *delay_ms)
{
    enum pf_retry_answer answer = PF_RETRY_AGAIN;
    unsigned limit, tries;

    if (cause == PF_CAUSE_FINAL)
        return PF_RETRY_FINAL;
    tries = state->tries[cause];
    if (cause == PF_CAUSE_THROTTLED) {
        answer = next_throttled(state, now_ms);
    } else {
        limit = run->limit[cause];
        if (max_tries > 0 && max_tries < limit)
            limit = max_tries;
        state->throttled_since_ms = 0; /* these are of a row */
        state->tries[PF_CAUSE_THROTTLED] = 0;
        if (tries >= limit)
            answer = PF_RETRY_USED_UP;
    }
    if (answer != PF_RETRY_AGAIN)
        return answer;
    *delay_ms = pf_retry_backoff_ms(random, tries);
    if (*delay_ms < retry_after_ms)
        *delay_ms = retry_after_ms;
    if (state->tries[cause] < UINT8_MAX)
        state->tries[cause]++;
    state->cause = (uint8_t)cause;
    return PF_RETRY_AGAIN;
}

/* ----------------------------------------------------------------- times -- */

uint32_t pf_retry_backoff_ms(struct pf_random *random, unsigned n)
{
    uint64_t ceiling = n < 16 ? (uint64_t)PF_BACKOFF_BASE_MS << n : PF_BACKOFF_CAP_MS;

    if (ceiling > PF_BACKOFF_CAP_MS)
        ceiling = PF_BACKOFF_CAP_MS;
    return (uint32_t)pf_random_up_to(random, ceiling);
}

/* One that has too many digits for pf_text_u64() is still a number. */
static bool is_number(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return n > 0 && i == n;
}

uint32_t pf_retry_after_ms(const char *value, size_t n, int64_t now_s)
{
    uint64_t seconds;
    int64_t date;

    if (!pf_text_u64(value, n, &seconds)) {
        if (is_number(value, n))
            return PF_RETRY_AFTER_MAX_MS;
        if (!pf_date_parse(value, n, now_s, &date))
            return 0;
        seconds = date > now_s ? (uint64_t)(date - now_s) : 0;
    }
    if (seconds > PF_RETRY_AFTER_MAX_MS / 1000)
        return PF_RETRY_AFTER_MAX_MS;
    return seconds * 1000 < PF_RETRY_AFTER_MIN_MS ? PF_RETRY_AFTER_MIN_MS
                                                  : (uint32_t)(seconds * 1000);
}

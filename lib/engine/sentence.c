#include "engine/sentence.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/client.h"

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

/* The provider's own code, where it has one. */
static void put_reason(char *out, size_t cap, const struct pf_verdict *v)
{
    out[0] = '\0';
    if (v->reason[0])
        (void)snprintf(out, cap, " (%s)", v->reason);
}

static const char *fault_of_account(enum pf_account account)
{
    switch (account) {
    case PF_ACCOUNT_KEY:
        return "it does not accept the key; check the key";
    case PF_ACCOUNT_CREDITS:
        return "no credits are left; add credits, or wait for the plan to renew";
    case PF_ACCOUNT_UNKNOWN:
        break;
    }
    return "the key is not accepted or has no credits left; check the key and the account";
}

static void on_status(char *out, size_t cap, const struct fetch_call *call,
                      const struct pf_verdict *v)
{
    int status = call->x.response.status;
    unsigned n = call->page.attempts;
    char why[PF_REASON_BYTES + 4];

    put_reason(why, sizeof why, v);
    if (v->outcome == FETCH_OUTCOME_TARGET_ERROR && v->cause != PF_CAUSE_FINAL)
        (void)snprintf(out, cap,
                       "the target answered %d in the last of %u attempt%s; try again later",
                       v->status ? v->status : status, n, plural(n));
    else if (v->outcome == FETCH_OUTCOME_TARGET_ERROR)
        (void)snprintf(out, cap, "the target answered %d; asking again would not change that",
                       v->status ? v->status : status);
    else if (v->outcome == FETCH_OUTCOME_ACCOUNT)
        (void)snprintf(out, cap, "the endpoint answered %d%s: %s", status, why,
                       fault_of_account(v->account));
    else if (v->outcome == FETCH_OUTCOME_THROTTLED)
        (void)snprintf(out, cap,
                       "the endpoint answered %d%s, too many calls at once, in %u attempt%s; lower "
                       "the concurrency",
                       status, why, n, plural(n));
    else if (v->cause != PF_CAUSE_FINAL)
        (void)snprintf(out, cap,
                       "the endpoint answered %d%s in the last of %u attempt%s; try again later",
                       status, why, n, plural(n));
    else
        (void)snprintf(out, cap,
                       "the endpoint answered %d%s: it refuses the request; check the target and "
                       "the parameters",
                       status, why);
}

static void on_blocked(char *out, size_t cap, const struct fetch_call *call,
                       const struct pf_verdict *v)
{
    unsigned n = call->page.attempts;
    char why[PF_REASON_BYTES + 4];

    put_reason(why, sizeof why, v);
    (void)snprintf(out, cap,
                   "a ban page came in place of the page%s in the last of %u attempt%s; try again "
                   "later, or with better proxies",
                   why, n, plural(n));
}

static void on_timeout(char *out, size_t cap, const struct fetch_call *call)
{
    unsigned n = call->page.attempts;

    (void)snprintf(out, cap,
                   "no whole answer within %g s in the last of %u attempt%s (phase: %s); raise the "
                   "timeout or try again later",
                   call->client->timeout_ms / 1000.0, n, plural(n),
                   fetch_phase_name(call->x.phase));
}

void pf_sentence(char *out, size_t cap, const struct fetch_call *call, const struct pf_verdict *v)
{
    char detail[200];

    if (v->error == FETCH_E_STATUS) {
        on_status(out, cap, call, v);
    } else if (v->error == FETCH_E_BLOCKED && call->page.attempts > 0) {
        on_blocked(out, cap, call, v);
    } else if (v->error == FETCH_E_TIMEOUT) {
        on_timeout(out, cap, call);
    } else if (call->x.detail) {
        pf_text_printable(detail, sizeof detail, call->x.detail, strlen(call->x.detail));
        (void)snprintf(out, cap, "%s (%s)", fetch_strerror(v->error), detail);
    } else {
        (void)snprintf(out, cap, "%s", fetch_strerror(v->error));
    }
}

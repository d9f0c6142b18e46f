#include "engine/sentence.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/client.h"

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void on_status(char *out, size_t cap, const struct fetch_call *call,
                      const struct pf_verdict *v)
{
    int status = call->x.response.status;
    unsigned n = call->page.attempts;

    if (v->outcome == FETCH_OUTCOME_TARGET_ERROR)
        (void)snprintf(out, cap, "the target answered %d; asking again would not change that",
                       status);
    else if (v->outcome == FETCH_OUTCOME_ACCOUNT)
        (void)snprintf(out, cap,
                       "the endpoint answered %d: the key is not accepted or has no credits left; "
                       "check the key and the account",
                       status);
    else if (v->outcome == FETCH_OUTCOME_THROTTLED)
        (void)snprintf(out, cap,
                       "the endpoint answered %d, too many calls at once, in %u attempt%s; lower "
                       "the concurrency",
                       status, n, plural(n));
    else if (v->retry)
        (void)snprintf(out, cap,
                       "the endpoint answered %d in the last of %u attempt%s; try again later",
                       status, n, plural(n));
    else
        (void)snprintf(out, cap,
                       "the endpoint answered %d: it refuses the request; check the target and the "
                       "parameters",
                       status);
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
    } else if (v->error == FETCH_E_TIMEOUT) {
        on_timeout(out, cap, call);
    } else if (call->x.detail) {
        pf_text_printable(detail, sizeof detail, call->x.detail, strlen(call->x.detail));
        (void)snprintf(out, cap, "%s (%s)", fetch_strerror(v->error), detail);
    } else {
        (void)snprintf(out, cap, "%s", fetch_strerror(v->error));
    }
}

#include "endpoint/verdict.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MAX_SAYS 4096u /* bytes of a body within which a rule's words must be */
#define MICRO 1000000

static const struct pf_verdict untold = {
    .cost_micro = -1, .credits_left_micro = -1, .concurrency_limit = -1, .concurrency_in_use = -1};

/* -------------------------------------------------------------- failures -- */

static enum pf_cause cause_of(enum fetch_error error)
{
    switch (error) {
    case FETCH_E_RESOLVE:
    case FETCH_E_CONNECT:
    case FETCH_E_TLS:
    case FETCH_E_LOST:
    case FETCH_E_TRUNCATED:
    case FETCH_E_SYSTEM:
    case FETCH_E_TIMEOUT:
        return PF_CAUSE_NETWORK;
    case FETCH_E_PROTOCOL:
    case FETCH_E_ENCODING:
    case FETCH_E_ENVELOPE:
        return PF_CAUSE_PROVIDER;
    case FETCH_E_BLOCKED:
        return PF_CAUSE_BLOCKED;
    case FETCH_OK:
    case FETCH_E_NOMEM:
    case FETCH_E_INVALID:
    case FETCH_E_NO_KEY:
    case FETCH_E_UNSUPPORTED:
    case FETCH_E_CLOSED:
    case FETCH_E_BAD_URL:
    case FETCH_E_CERTIFICATE: /* the same certificate will come again */
    case FETCH_E_TOO_LARGE:
    case FETCH_E_CANCELLED:
    case FETCH_E_REDIRECT:
    case FETCH_E_STATUS:
    case FETCH_E_EMPTY:
    case FETCH_E_PROFILE:
    case FETCH_E_ACCOUNT:
    case FETCH_E_BUDGET:
        break;
    }
    return PF_CAUSE_FINAL;
}

static enum fetch_outcome outcome_of(enum fetch_error error)
{
    switch (error) {
    case FETCH_E_PROTOCOL:
    case FETCH_E_ENCODING:
    case FETCH_E_ENVELOPE:
    case FETCH_E_REDIRECT:
    case FETCH_E_STATUS:
    case FETCH_E_EMPTY:
        return FETCH_OUTCOME_PROVIDER_ERROR;
    case FETCH_E_TIMEOUT:
        return FETCH_OUTCOME_TIMEOUT;
    case FETCH_E_TOO_LARGE:
        return FETCH_OUTCOME_TOO_LARGE;
    case FETCH_E_BAD_URL:
    case FETCH_E_INVALID:
    case FETCH_E_UNSUPPORTED:
        return FETCH_OUTCOME_BAD_URL;
    case FETCH_E_CANCELLED:
    case FETCH_E_CLOSED:
        return FETCH_OUTCOME_CANCELLED;
    case FETCH_E_BLOCKED:
        return FETCH_OUTCOME_BLOCKED;
    case FETCH_E_BUDGET:
        return FETCH_OUTCOME_BUDGET;
    case FETCH_E_ACCOUNT:
    case FETCH_E_NO_KEY:
        return FETCH_OUTCOME_ACCOUNT;
    case FETCH_OK:
    case FETCH_E_NOMEM:
    case FETCH_E_SYSTEM:
    case FETCH_E_RESOLVE:
    case FETCH_E_CONNECT:
    case FETCH_E_TLS:
    case FETCH_E_CERTIFICATE:
    case FETCH_E_LOST:
    case FETCH_E_TRUNCATED:
    case FETCH_E_PROFILE:
        break;
    }
    return FETCH_OUTCOME_NETWORK;
}

struct pf_verdict pf_verdict_of_error(enum fetch_error error, bool calm)
{
    struct pf_verdict v = untold;

    v.error = error;
    v.outcome = calm ? FETCH_OUTCOME_THROTTLED : outcome_of(error);
    v.cause = calm ? PF_CAUSE_THROTTLED : cause_of(error);
    return v;
}

/* --------------------------------------------------------------- answers -- */

/* An answer while it is judged. */
struct answer {
    const struct pf_profile *profile;
    const struct pf_response *response;
    const struct pf_unwrapped *unwrapped;
    const char *body; /* as it came; in an envelope still */
    size_t body_len;
    int status, target, crawl; /* 0: not told */
    enum pf_needs retryable;
    bool code_read;
    char code[PF_CODE_BYTES]; /* "": none, or not yet read */
};

/* The value of the first of these fields that is there, or NULL. */
static const char *value_of(const struct pf_response *r, const struct pf_names *names, size_t *n)
{
    for (size_t i = 0; names->name[i]; i++) {
        size_t cursor = 0;
        const char *value = pf_response_next(r, names->name[i], &cursor, n);

        if (value && *n > 0)
            return value;
    }
    return NULL;
}

static int status_of(const struct pf_response *r, const struct pf_names *names)
{
    size_t n;
    const char *value = value_of(r, names, &n);
    uint64_t status;

    return value && pf_text_u64(value, n, &status) && status >= 100 && status <= 999 ? (int)status
                                                                                     : 0;
}

static int64_t count_of(const struct pf_response *r, const struct pf_names *names)
{
    size_t n;
    const char *value = value_of(r, names, &n);
    uint64_t count;

    return value && pf_text_u64(value, n, &count) && count <= INT32_MAX ? (int64_t)count : -1;
}

/* "12", "0.0125": millionths; what is finer is cut.  -1: it is no such number. */
static int64_t micro_of(const struct pf_response *r, const struct pf_names *names)
{
    size_t n;
    const char *value = value_of(r, names, &n), *dot = value ? memchr(value, '.', n) : NULL;
    size_t whole_len = dot ? (size_t)(dot - value) : n, left = dot ? n - whole_len - 1 : 0;
    uint64_t whole, part = 0;
    int64_t scale = MICRO;

    if (!value || !pf_text_u64(value, whole_len, &whole) || whole > INT64_MAX / MICRO / 2)
        return -1;
    if (left > 6)
        left = 6;
    if (dot && !pf_text_u64(dot + 1, left, &part))
        return -1;
    for (; left > 0; left--)
        scale /= 10;
    return (int64_t)whole * MICRO + (int64_t)part * (dot ? scale : 0);
}

static enum pf_needs retryable_of(const struct pf_response *r, const struct pf_names *names)
{
    size_t n;
    const char *value = value_of(r, names, &n);

    if (!value)
        return PF_NEEDS_NOTHING;
    return pf_text_eq_nocase(value, n, "true", 4) || pf_text_eq_nocase(value, n, "yes", 3)
               ? PF_NEEDS_PRESENT
               : PF_NEEDS_ABSENT;
}

/* Read where a rule asks for it, or an error wants a reason: most answers are pages. */
static const char *code_of(struct answer *a)
{
    const struct pf_profile *p = a->profile;
    size_t n;
    const char *value;

    if (a->code_read)
        return a->code;
    a->code_read = true;
    value = value_of(a->response, &p->code, &n);
    if (value)
        pf_text_printable(a->code, sizeof a->code, value, n);
    else if (a->unwrapped->code[0])
        memcpy(a->code, a->unwrapped->code, sizeof a->code);
    else if (p->error_code[0] && (a->status >= 300 || p->error_in_success))
        (void)pf_envelope_error_code(p, a->body, a->body_len, a->code);
    return a->code;
}

/* ----------------------------------------------------------------- rules -- */

static bool is_in(int n, const struct pf_range *range)
{
    return n >= range->from && n <= range->to;
}

static bool fits_presence(enum pf_needs needs, const struct pf_range *range, int status)
{
    switch (needs) {
    case PF_NEEDS_PRESENT:
        return status != 0 && (range->from == 0 || is_in(status, range));
    case PF_NEEDS_ABSENT:
        return status == 0;
    case PF_NEEDS_NOTHING:
        break;
    }
    return true;
}

/* A pattern with "*" at either end for anything. */
static bool fits_code(const char *pattern, const char *code)
{
    bool open = *pattern == '*';
    size_t n, length = strlen(code);
    bool goes_on;

    pattern += open;
    n = strlen(pattern);
    goes_on = n > 0 && pattern[n - 1] == '*';
    n -= goes_on;
    if (length < n || length == 0)
        return false;
    if (open && goes_on)
        return memmem(code, length, pattern, n) != NULL;
    if (open)
        return memcmp(code + length - n, pattern, n) == 0;
    return memcmp(code, pattern, n) == 0 && (goes_on || length == n);
}

static bool fits_says(const struct answer *a, const char *words)
{
    size_t n = a->body_len < MAX_SAYS ? a->body_len : MAX_SAYS, length = strlen(words);

    for (size_t i = 0; i + length <= n; i++)
        if (strncasecmp(a->body + i, words, length) == 0)
            return true;
    return false;
}

static bool fits(struct answer *a, const struct pf_rule *r)
{
    return is_in(a->status, &r->status) && fits_presence(r->needs_target, &r->target, a->target) &&
           fits_presence(r->needs_crawl, &r->crawl, a->crawl) &&
           (r->retryable == PF_NEEDS_NOTHING || r->retryable == a->retryable) &&
           (!r->code || fits_code(r->code, code_of(a))) && (!r->says || fits_says(a, r->says));
}

static const struct pf_rule *find_rule(struct answer *a)
{
    static const struct pf_rule otherwise = {.meaning = PF_MEANS_TRANSIENT};

    for (size_t i = 0; i < a->profile->rule_count; i++)
        if (fits(a, &a->profile->rule[i]))
            return &a->profile->rule[i];
    return &otherwise;
}

/* --------------------------------------------------------------- verdict -- */

static void take_numbers(const struct answer *a, struct pf_verdict *v)
{
    const struct pf_profile *p = a->profile;
    const struct pf_response *r = a->response;
    int64_t remaining = count_of(r, &p->remaining);

    v->cost_micro = micro_of(r, &p->cost);
    v->credits_left_micro = micro_of(r, &p->credits_left);
    v->concurrency_limit = count_of(r, &p->limit);
    v->concurrency_in_use = count_of(r, &p->in_use);
    if (remaining >= 0 && v->concurrency_limit < 0 && v->concurrency_in_use >= 0)
        v->concurrency_limit = v->concurrency_in_use + remaining;
    else if (remaining >= 0 && v->concurrency_in_use < 0 && v->concurrency_limit >= remaining)
        v->concurrency_in_use = v->concurrency_limit - remaining;
    v->request_id = value_of(r, &p->request_id, &v->request_id_len);
    v->final_url = value_of(r, &p->final_url, &v->final_url_len);
    if (a->unwrapped->final_url) {
        v->final_url = a->unwrapped->final_url;
        v->final_url_len = a->unwrapped->final_url_len;
    }
}

/* What was paid is on the answer itself; else the rule knows, if the provider says. */
static enum fetch_billed billed_by(const struct pf_rule *rule, int64_t cost_micro)
{
    if (cost_micro >= 0)
        return cost_micro > 0 ? FETCH_BILLED_YES : FETCH_BILLED_NO;
    return rule->billed;
}

static void give_reason(struct pf_verdict *v, const char *reason)
{
    size_t n = strlen(reason);

    if (n >= sizeof v->reason)
        n = sizeof v->reason - 1;
    memcpy(v->reason, reason, n);
    v->reason[n] = '\0';
}

static void block(struct pf_verdict *v, const char *reason)
{
    v->outcome = FETCH_OUTCOME_BLOCKED;
    v->error = FETCH_E_BLOCKED;
    v->cause = PF_CAUSE_BLOCKED;
    give_reason(v, reason);
}

/* A page may be none after all. */
static void doubt(struct answer *a, const struct pf_bans *bans, struct pf_verdict *v)
{
    const char *body = a->unwrapped->present ? a->unwrapped->body.data : a->body;
    size_t n = a->unwrapped->present ? a->unwrapped->body.len : a->body_len;
    const char *reason = NULL;

    if (v->outcome == FETCH_OUTCOME_OK) {
        if (n == 0 && a->profile->doubts_empty && a->status != 204 && a->status != 205) {
            v->outcome = FETCH_OUTCOME_PROVIDER_ERROR;
            v->error = FETCH_E_EMPTY;
            v->cause = PF_CAUSE_PROVIDER;
            v->status = 0;
            return;
        }
        reason = bans ? pf_bans_find(bans, body ? body : "", n) : NULL;
    } else if (v->outcome == FETCH_OUTCOME_TARGET_ERROR && bans &&
               (v->status == 403 || v->status == 405 || v->status == 429 || v->status == 503)) {
        reason = pf_bans_find_maker(bans, body ? body : "", n);
    }
    if (reason)
        block(v, reason);
}

static void apply(struct answer *a, const struct pf_rule *rule, struct pf_verdict *v)
{
    v->outcome = FETCH_OUTCOME_PROVIDER_ERROR;
    v->error = FETCH_E_STATUS;
    v->status = a->target;
    v->max_tries = rule->max_tries;
    v->billed = billed_by(rule, v->cost_micro);
    switch (rule->meaning) {
    case PF_MEANS_PAGE:
        v->outcome = FETCH_OUTCOME_OK;
        v->error = FETCH_OK;
        v->status = a->target ? a->target : a->status;
        return;
    case PF_MEANS_TARGET:
        v->outcome = FETCH_OUTCOME_TARGET_ERROR;
        v->status = a->target || rule->no_status ? a->target : a->status;
        if (rule->again && v->billed != FETCH_BILLED_YES) /* nothing is paid for twice */
            v->cause = PF_CAUSE_PROVIDER;
        break;
    case PF_MEANS_TRANSIENT:
        v->cause = PF_CAUSE_PROVIDER;
        break;
    case PF_MEANS_BLOCKED:
        v->outcome = FETCH_OUTCOME_BLOCKED;
        v->error = FETCH_E_BLOCKED;
        v->cause = PF_CAUSE_BLOCKED;
        break;
    case PF_MEANS_REFUSED:
        break;
    case PF_MEANS_THROTTLED:
        v->outcome = FETCH_OUTCOME_THROTTLED;
        v->cause = PF_CAUSE_THROTTLED;
        break;
    case PF_MEANS_ACCOUNT:
        v->outcome = FETCH_OUTCOME_ACCOUNT;
        v->account = rule->account;
        v->confirm = rule->confirm;
        break;
    case PF_MEANS_REDIRECT:
        v->error = FETCH_E_REDIRECT;
        v->redirect = true;
        break;
    }
    give_reason(v, code_of(a));
}

static void read_answer(struct answer *a)
{
    const struct pf_profile *p = a->profile;
    const struct pf_response *r = a->response;

    a->status = r->status;
    a->target = a->unwrapped->status ? a->unwrapped->status : status_of(r, &p->target_status);
    a->crawl = status_of(r, &p->crawl_status);
    a->retryable = retryable_of(r, &p->retryable);
    if (a->retryable == PF_NEEDS_NOTHING)
        a->retryable = a->unwrapped->retryable;
}

/* An envelope is around pages; an error of the endpoint's own is JSON of another kind. */
static enum fetch_error unwrap(const struct answer *a, struct pf_unwrapped *unwrapped)
{
    if (!a->profile->envelope.body[0] || a->response->status / 100 != 2)
        return FETCH_OK;
    return pf_envelope_open(a->profile, a->body, a->body_len, unwrapped);
}

struct pf_verdict pf_verdict_of_answer(const struct pf_profile *profile, const struct pf_bans *bans,
                                       struct pf_response *r, struct pf_unwrapped *unwrapped)
{
    struct answer a = {.profile = profile, .response = r, .unwrapped = unwrapped};
    struct pf_verdict v = untold;
    enum fetch_error e = pf_response_view(r, &a.body, &a.body_len);

    if (e == FETCH_OK)
        e = unwrap(&a, unwrapped);
    if (e != FETCH_OK)
        v = pf_verdict_of_error(e, false);
    read_answer(&a);
    take_numbers(&a, &v);
    if (e != FETCH_OK) {
        v.status = a.target;
        v.billed = billed_by(&(struct pf_rule){.billed = FETCH_BILLED_UNKNOWN}, v.cost_micro);
        return v;
    }
    apply(&a, find_rule(&a), &v);
    doubt(&a, bans, &v);
    return v;
}

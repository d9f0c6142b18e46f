/*
 * One attempt for one call, from its dispatch to what follows from it: a page,
 * another attempt later, or the next hop of a redirect.
 *
 * Everything here runs from the pump, from a timer or at the end of an exchange; nothing
 * of it calls user code.
 */
#include "engine/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "endpoint/verdict.h"
#include "engine/retry.h"
#include "engine/sentence.h"

/* Jitter on top of a pause, so that those who were told the same do not come at once. */
#define SPREAD_MS 250u

static struct fetch_call *call_of(struct pf_exchange *x)
{
    return PF_LIST_ENTRY(x, struct fetch_call, x);
}

/* -------------------------------------------------------------- ending -- */

/* The attempt is no longer under way: what it tells of the account's limits. */
static void land(struct fetch_call *call, uint64_t now)
{
    struct fetch_client *client = call->client;
    int64_t cost;
    const struct pf_limiter_ended ended = {call->mark, call->started_ms, call->fared,
                                           client->in_flight};

    pf_pool_cancel(&call->x);
    pf_limiter_on_end(&client->limiter, now, &ended);
    if (call->fared != PF_LIMITER_THROTTLED)
        pf_brake_on_end(&client->brake, call->started_ms, call->fared);
    pf_trust_on_end(&client->trust, call->started_ms, call->fared == PF_LIMITER_OK);
    cost = pf_budget_end(&client->budget, call->cost_micro, call->billed, now);
    if (cost > 0 || call->cost_micro == 0)
        call->page.cost_micro = (call->page.cost_micro > 0 ? call->page.cost_micro : 0) + cost;
    pf_domains_end(&client->domains, &call->turn, call->of_host, now);
    client->in_flight--;
    pf_client_pump_later(client);
}

/* Out of its table and of the pool; timers stopped.  Everything that ends or rests begins here. */
static void detach(struct fetch_call *call, uint64_t now)
{
    struct fetch_client *client = call->client;

    pf_list_remove(&call->link);
    pf_timer_cancel(&call->timer);
    if (call->state == PF_CALL_FLYING) {
        land(call, now);
    } else if (call->state == PF_CALL_QUEUED) {
        client->stats.queued--;
    } else if (call->state == PF_CALL_RESTING) {
        client->stats.waiting--;
    }
}

static void learn_size(struct fetch_client *client, const struct pf_response *r)
{
    size_t used = r->body_at + r->body_len, want = used + used / 8 + 64;

    if (r->decoder)
        return;
    if (want > client->guess_bytes)
        client->guess_bytes = want < PF_READ_GUESS_MAX ? want : PF_READ_GUESS_MAX;
    else
        client->guess_bytes -= (client->guess_bytes - want) / 16;
    if (client->guess_bytes < PF_READ_MIN)
        client->guess_bytes = PF_READ_MIN;
}

static void end_call(struct fetch_call *call, const struct pf_verdict *v, const char *sentence,
                     uint64_t now)
{
    struct fetch_page *page = &call->page;

    detach(call, now);
    pf_domains_remove(&call->client->domains, &call->turn);
    pf_timer_cancel(&call->deadline);
    page->outcome = v->outcome;
    page->error = v->error;
    page->status = v->status;
    if (v->error == FETCH_OK) {
        learn_size(call->client, &call->x.response);
    } else {
        page->phase = call->x.error == FETCH_OK && call->state == PF_CALL_FLYING
                          ? FETCH_PHASE_VERDICT
                          : call->x.phase;
        pf_call_say(call, sentence);
    }
    if (call->dispatched_ms)
        page->elapsed_ms = (uint32_t)(now - call->dispatched_ms);
    pf_call_seal(call);
    call->state = PF_CALL_ENDED;
    pf_task_post(call->client, &call->task);
}

void pf_attempt_abort(struct fetch_call *call, enum fetch_error error, const char *why)
{
    struct pf_verdict v = pf_verdict_of_error(error, false);

    call->x.error = error;
    if (call->state == PF_CALL_FLYING)
        call->x.phase = pf_pool_phase(&call->x);
    else if (call->page.attempts == 0)
        call->x.phase = FETCH_PHASE_QUEUE;
    end_call(call, &v, why, pf_loop_now_ms());
}

static void on_deadline(struct pf_timer *timer)
{
    struct fetch_call *call = PF_LIST_ENTRY(timer, struct fetch_call, deadline);

    pf_attempt_abort(call, FETCH_E_TIMEOUT,
                     "its deadline passed before a whole answer came; raise the deadline or try "
                     "again later");
}

/* ------------------------------------------------------------- resting -- */

static void on_rested(struct pf_timer *timer)
{
    struct fetch_call *call = PF_LIST_ENTRY(timer, struct fetch_call, timer);
    struct fetch_client *client = call->client;
    uint32_t held =
        pf_retry_go(&call->retry, &client->retry, &client->loop.random, pf_loop_now_ms());

    if (held > 0) {
        pf_loop_start_timer(&client->loop, timer, held);
        return;
    }
    detach(call, pf_loop_now_ms());
    call->state = PF_CALL_QUEUED;
    client->stats.queued++;
    pf_domains_again(&client->domains, &call->turn);
    pf_client_pump_later(client);
}

static void rest(struct fetch_call *call, uint32_t delay_ms)
{
    struct fetch_client *client = call->client;

    detach(call, pf_loop_now_ms());
    pf_response_fini(&call->x.response);
    call->state = PF_CALL_RESTING;
    client->stats.waiting++;
    pf_list_append(&client->resting, &call->link);
    call->timer.on_due = on_rested;
    pf_loop_start_timer(&client->loop, &call->timer, delay_ms);
}

static uint32_t retry_after(const struct fetch_call *call)
{
    const struct pf_response *r = &call->x.response;
    size_t n, cursor = 0;
    const char *value;

    if (call->x.error != FETCH_OK)
        return 0;
    value = pf_response_next(r, "retry-after", &cursor, &n);
    return value ? pf_retry_after_ms(value, n, (int64_t)time(NULL)) : 0;
}

/* A status, or HTTP/2's own word for it. */
static const char *what_was_said(const struct fetch_call *call, char text[12])
{
    if (call->x.calm)
        return "ENHANCE_YOUR_CALM";
    (void)snprintf(text, 12, "%d", call->x.response.status);
    return text;
}

/* The whole key pauses, not only the target that was told; returns for how long. */
static uint32_t brake(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms();
    uint32_t before = pf_brake_rest_ms(&client->brake, now), delay;
    char text[12];

    client->stats.throttled++;
    delay = pf_brake_on_throttled(&client->brake, now, call->started_ms, retry_after(call));
    if (delay > before)
        pf_loop_log(&client->loop, FETCH_LOG_INFO,
                    "the endpoint answered %s, too many calls at once: pausing for %u ms",
                    what_was_said(call, text), delay);
    return delay;
}

/* Has another attempt later, if a budget has one left. */
static bool try_again(struct fetch_call *call, const struct pf_verdict *v)
{
    struct fetch_client *client = call->client;
    enum pf_cause cause = pf_retry_cause(v->cause, call->billed);
    uint32_t asked = cause == PF_CAUSE_THROTTLED ? brake(call) : retry_after(call), delay;

    if (call->last_attempt || client->refusal != FETCH_OK ||
        pf_retry_next(&call->retry, &client->retry, cause, asked, v->max_tries,
                      &client->loop.random, pf_loop_now_ms(), &delay) != PF_RETRY_AGAIN)
        return false;
    if (cause == PF_CAUSE_THROTTLED) /* it goes when the pause ends, however often it was told */
        delay = asked + (uint32_t)pf_random_up_to(&client->loop.random, SPREAD_MS);
    rest(call, delay);
    return true;
}

/* The key is refused.  True: that is asked about once more, and the call waits for it. */
static bool ask_again(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms();
    enum pf_trust_state before = client->trust.state,
                        state = pf_trust_on_refused(&client->trust, now, call->started_ms);

    if (state == PF_TRUST_REFUSED || call->last_attempt)
        return false;
    if (before != state)
        pf_loop_log(&client->loop, FETCH_LOG_WARNING,
                    "the endpoint answered %d: it refuses the key; asking once more in %u s",
                    call->x.response.status, PF_TRUST_ASK_MS / 1000);
    call->retry.cause = PF_CAUSE_THROTTLED; /* nobody's budget pays for it */
    rest(call, PF_TRUST_ASK_MS);
    return true;
}

/* ----------------------------------------------------------- redirects -- */

static bool is_same_host(const struct pf_url *from, const struct pf_url *to)
{
    return pf_text_eq_nocase(from->host, from->host_len, to->host, to->host_len) &&
           (to->https || !from->https);
}

static void start_exchange(struct fetch_call *call, struct pf_pool *pool)
{
    struct fetch_client *client = call->client;

    call->x.fresh = call->x.calm = false;
    call->x.resends = 0;
    pf_response_fini(&call->x.response);
    pf_response_init(&call->x.response, client->max_body, client->guess_bytes);
    pf_pool_start(pool, &call->x);
}

/* Goes on to where the endpoint says, if the key may go there.  False: it ends here. */
static bool follow(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    const struct pf_url *endpoint = pf_template_endpoint(client->template);
    struct pf_url base = *endpoint, to;
    const char *location, *why;
    size_t n, cursor = 0;
    struct pf_buf next;
    struct pf_pool *pool;
    enum fetch_error e;

    location = pf_response_next(&call->x.response, "location", &cursor, &n);
    if (!location || call->redirects >= client->max_redirects ||
        !pf_template_may_follow(client->template, pf_call_extras(call), call->x.response.status,
                                &call->as_get))
        return false;
    if (call->location)
        (void)pf_url_parse(&base, call->location, strlen(call->location), &why);
    pf_buf_init(&next, 2 * PF_MAX_URL);
    e = pf_url_resolve(&next, &base, location, n);
    if (e == FETCH_OK)
        e = pf_buf_terminate(&next);
    if (e != FETCH_OK || !pf_url_parse(&to, next.data, next.len, &why) ||
        !is_same_host(&base, &to) || !(pool = pf_client_pool(client, &to, &e))) {
        pf_buf_fini(&next);
        return false;
    }
    free(call->location);
    call->location = next.data;
    call->redirects++;
    start_exchange(call, pool);
    return true;
}

/* What a refusal will tell is reckoned from here: it may have waited long for its connection. */
static void note_sent(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms();

    pf_limiter_on_sent(&client->limiter, now, &call->mark);
    if (pf_brake_on_sent(&client->brake, now, call->started_ms,
                         pf_limiter_heard_ms(&client->limiter)))
        pf_client_pump_later(client);
}

static enum fetch_error describe(struct pf_exchange *x, struct pf_request *request)
{
    struct fetch_call *call = call_of(x);
    struct pf_template *t = call->client->template;
    struct pf_url location;
    const char *why;

    note_sent(call);
    if (call->location && pf_url_parse(&location, call->location, strlen(call->location), &why))
        return pf_template_follow(t, &location, call->as_get, call->page.url, call->url_len,
                                  pf_call_extras(call), request);
    return pf_template_request(t, call->page.url, call->url_len, pf_call_extras(call), request);
}

/* ------------------------------------------------------------- attempts -- */

/* What the answer says of a quota, in the IETF's header fields. */
static void keep_to_quota(struct fetch_call *call, uint64_t now)
{
    struct fetch_client *client = call->client;
    struct pf_ratelimit told;
    struct pf_ratelimit_quota quota;
    const char *name, *value;
    size_t name_len, value_len, cursor = 0, found = 0;
    uint64_t limit;
    int64_t remaining;

    pf_ratelimit_init(&told);
    while (pf_response_each(&call->x.response, &cursor, &name, &name_len, &value, &value_len))
        if (*name == 'r' || *name == 'R')
            found += pf_ratelimit_field(&told, name, name_len, value, value_len);
    if (found == 0)
        return;
    if (pf_ratelimit_tightest(&told, &quota))
        pf_pacer_told(&client->pacer, now, call->pace, &quota);
    if (pf_ratelimit_concurrency(&told, &limit, &remaining))
        pf_limiter_told(&client->limiter, now,
                        limit < PF_MAX_CONCURRENCY ? (unsigned)limit : PF_MAX_CONCURRENCY,
                        remaining, client->in_flight);
}

static enum pf_limiter_end fared(const struct fetch_call *call, const struct pf_verdict *v)
{
    if (v->outcome == FETCH_OUTCOME_THROTTLED)
        return PF_LIMITER_THROTTLED;
    if (call->x.error == FETCH_OK)
        return v->outcome == FETCH_OUTCOME_PROVIDER_ERROR || v->outcome == FETCH_OUTCOME_ACCOUNT
                   ? PF_LIMITER_FAILED
                   : PF_LIMITER_OK;
    /* The endpoint does not know that nobody waits any more. */
    return v->outcome == FETCH_OUTCOME_TIMEOUT ? PF_LIMITER_CANCELLED : PF_LIMITER_FAILED;
}

/* What the answer says of the account's plan, in the provider's own header fields. */
static void keep_to_plan(struct fetch_client *client, const struct pf_verdict *v, uint64_t now)
{
    int64_t remaining = -1;

    if (v->concurrency_limit <= 0)
        return;
    if (v->concurrency_in_use >= 0)
        remaining = v->concurrency_limit > v->concurrency_in_use
                        ? v->concurrency_limit - v->concurrency_in_use
                        : 0;
    pf_limiter_told(&client->limiter, now,
                    v->concurrency_limit < PF_MAX_CONCURRENCY ? (unsigned)v->concurrency_limit
                                                              : PF_MAX_CONCURRENCY,
                    remaining, client->in_flight);
}

/* Notes for land() what the attempt tells of account, host and spending. */
static void note_end(struct fetch_call *call, const struct pf_verdict *v, uint64_t now)
{
    struct fetch_client *client = call->client;

    call->fared = fared(call, v);
    call->of_host = pf_domains_said(v->outcome, v->status);
    call->billed = v->billed;
    call->cost_micro = v->cost_micro;
    if (v->credits_left_micro >= 0)
        client->credits_left_micro = v->credits_left_micro;
    if (v->outcome == FETCH_OUTCOME_BLOCKED)
        client->stats.blocked++;
    if (call->x.error == FETCH_OK) {
        keep_to_quota(call, now);
        keep_to_plan(client, v, now);
    }
    if (call->fared == PF_LIMITER_THROTTLED || v->outcome == FETCH_OUTCOME_ACCOUNT)
        call->billed = FETCH_BILLED_NO;
    else if (call->billed == FETCH_BILLED_UNKNOWN && client->budget.per_call_micro > 0 &&
             (v->outcome == FETCH_OUTCOME_OK || v->outcome == FETCH_OUTCOME_TARGET_ERROR))
        call->billed = FETCH_BILLED_YES; /* the user has said what these cost */
    if (call->fared == PF_LIMITER_OK)
        pf_retry_note_good(&client->retry, now);
}

/* The attempt is over and detached from the pool: what now? */
static void attempt_over(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms();
    struct pf_unwrapped unwrapped;
    struct pf_verdict v;
    char sentence[512];

    pf_unwrapped_init(&unwrapped, client->max_body);
    if (call->x.error != FETCH_OK)
        v = pf_verdict_of_error(call->x.error, call->x.calm);
    else
        v = pf_verdict_of_answer(client->profile, client->bans, &call->x.response, &unwrapped);
    if (v.redirect && follow(call))
        return; /* which is never wrapped */
    note_end(call, &v, now);
    if (v.outcome == FETCH_OUTCOME_ACCOUNT ? ask_again(call) : try_again(call, &v)) {
        pf_unwrapped_fini(&unwrapped);
        return;
    }
    if (pf_call_note(call, &v, &unwrapped) != FETCH_OK)
        v = pf_verdict_of_error(FETCH_E_NOMEM, false);
    if (v.error != FETCH_OK)
        pf_sentence(sentence, sizeof sentence, call, &v);
    pf_unwrapped_fini(&unwrapped);
    end_call(call, &v, sentence, now);
    if (client->trust.state == PF_TRUST_REFUSED)
        pf_client_refuse(client, FETCH_E_ACCOUNT);
}

static void on_exchange_end(struct pf_exchange *x)
{
    attempt_over(call_of(x));
}

static void on_timeout(struct pf_timer *timer)
{
    struct fetch_call *call = PF_LIST_ENTRY(timer, struct fetch_call, timer);
    enum fetch_phase phase = pf_pool_phase(&call->x);

    pf_pool_cancel(&call->x);
    pf_exchange_note(&call->x, FETCH_E_TIMEOUT, phase, NULL);
    attempt_over(call);
}

void pf_attempt_give_up(struct fetch_call *call)
{
    bool blocked = pf_domains_fault(&call->turn) == PF_HOST_BLOCKED;
    struct pf_verdict v = {
        .outcome = blocked ? FETCH_OUTCOME_BLOCKED : FETCH_OUTCOME_TARGET_ERROR,
        .error = blocked ? FETCH_E_BLOCKED : FETCH_E_STATUS,
    };

    call->x.phase = FETCH_PHASE_QUEUE;
    end_call(call, &v,
             "its host has only failed for a quarter of an hour, so that it was not sent; fetch it "
             "again later",
             pf_loop_now_ms());
}

void pf_attempt_init(struct fetch_call *call)
{
    pf_turn_init(&call->turn);
    pf_exchange_init(&call->x, describe, on_exchange_end);
    pf_timer_init(&call->timer, on_timeout);
    pf_timer_init(&call->deadline, on_deadline);
}

void pf_attempt_start(struct fetch_call *call, uint64_t now)
{
    struct fetch_client *client = call->client;

    detach(call, now);
    call->state = PF_CALL_FLYING;
    pf_list_append(&client->flying, &call->link);
    client->in_flight++;
    call->started_ms = now;
    call->fared = PF_LIMITER_CANCELLED; /* until something is known */
    call->mark = pf_limiter_on_start(&client->limiter, now, client->in_flight);
    call->pace = pf_pacer_on_start(&client->pacer, now);
    pf_brake_on_start(&client->brake, now);
    pf_trust_on_start(&client->trust);
    pf_budget_start(&client->budget, now);
    call->billed = FETCH_BILLED_UNKNOWN;
    call->cost_micro = -1;
    call->of_host = PF_HOST_NEUTRAL;
    client->stats.attempts++;
    if (call->page.attempts++ > 0)
        client->stats.retries++;
    else
        pf_retry_note_first(&client->retry, now);
    if (!call->dispatched_ms) {
        call->dispatched_ms = now;
        call->page.queued_ms = (uint32_t)(now - call->submitted_ms);
        if (client->deadline_ms)
            pf_loop_start_timer_at(&client->loop, &call->deadline, now + client->deadline_ms);
    }
    free(call->location);
    call->location = NULL;
    call->redirects = 0;
    call->as_get = false;
    call->timer.on_due = on_timeout;
    pf_loop_start_timer_at(&client->loop, &call->timer, now + client->timeout_ms);
    start_exchange(call, client->pool[0]);
}

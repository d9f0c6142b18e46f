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

/* Jitter on top of a Retry-After, so that those who were told the same do not come at once. */
#define SPREAD_MS 250u
/* A brake without a Retry-After. */
#define BRAKE_MIN_MS 1000u

static struct fetch_call *call_of(struct pf_exchange *x)
{
    return PF_LIST_ENTRY(x, struct fetch_call, x);
}

/* -------------------------------------------------------------- ending -- */

/* Out of its table and of the pool; timers stopped.  Everything that ends or rests begins here. */
static void detach(struct fetch_call *call)
{
    struct fetch_client *client = call->client;

    pf_list_remove(&call->link);
    pf_timer_cancel(&call->timer);
    if (call->state == PF_CALL_FLYING) {
        pf_pool_cancel(&call->x);
        client->in_flight--;
        pf_client_pump_later(client);
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

static void end_call(struct fetch_call *call, const struct pf_verdict *v, const char *sentence)
{
    struct fetch_page *page = &call->page;

    detach(call);
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
        page->elapsed_ms = (uint32_t)(pf_loop_now_ms() - call->dispatched_ms);
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
    end_call(call, &v, why);
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

    detach(call);
    call->state = PF_CALL_QUEUED;
    client->stats.queued++;
    pf_list_prepend(&client->queued, &call->link); /* it has waited its turn already */
    pf_client_pump_later(client);
}

static void rest(struct fetch_call *call, uint32_t delay_ms)
{
    struct fetch_client *client = call->client;

    detach(call);
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

/* The whole key pauses, not only the target that was told. */
static bool rest_throttled(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms(), until;
    uint32_t delay = retry_after(call);
    char text[12];

    client->stats.throttled++;
    call->throttles++;
    if (!call->throttled_since_ms)
        call->throttled_since_ms = now;
    if (delay == 0)
        delay = BRAKE_MIN_MS + pf_retry_backoff_ms(&client->loop.random, client->throttle_streak);
    if (client->throttle_streak < 16)
        client->throttle_streak++;
    until = now + delay;
    if (!pf_timer_running(&client->brake) || client->brake.due_ms < until) {
        pf_loop_log(&client->loop, FETCH_LOG_INFO,
                    "the endpoint answered %s, too many calls at once: pausing for %u ms",
                    what_was_said(call, text), delay);
        pf_loop_start_timer(&client->loop, &client->brake, delay);
    }
    if (now - call->throttled_since_ms >= PF_THROTTLE_TOTAL_MS)
        return false;
    rest(call, delay + (uint32_t)pf_random_up_to(&client->loop.random, SPREAD_MS));
    return true;
}

static bool rest_failed(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint32_t asked = retry_after(call), delay;

    if (call->failures >= client->retries)
        return false;
    delay = pf_retry_backoff_ms(&client->loop.random, call->failures);
    call->failures++;
    rest(call, delay > asked ? delay : asked);
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
    if (!location || call->redirects >= client->max_redirects)
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

static enum fetch_error describe(struct pf_exchange *x, struct pf_request *request)
{
    struct fetch_call *call = call_of(x);
    struct pf_template *t = call->client->template;
    struct pf_url location;
    const char *why;

    if (call->location && pf_url_parse(&location, call->location, strlen(call->location), &why))
        return pf_template_follow(t, &location, pf_call_extras(call), request);
    return pf_template_request(t, call->page.url, call->url_len, pf_call_extras(call), request);
}

/* ------------------------------------------------------------- attempts -- */

static bool is_empty(const struct pf_response *r)
{
    return r->decoder ? r->decoded.len == 0 : r->body_len == 0;
}

/* The attempt is over and detached from the pool: what now? */
static void attempt_over(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    const struct pf_response *r = &call->x.response;
    struct pf_verdict v;
    char sentence[512];

    if (call->x.error != FETCH_OK)
        v = pf_verdict_of_error(call->x.error, call->x.calm);
    else
        v = pf_verdict_of_answer(client->profile, r->status, is_empty(r));
    if (v.redirect && follow(call))
        return;
    if (v.retry && !call->last_attempt &&
        (v.outcome == FETCH_OUTCOME_THROTTLED ? rest_throttled(call) : rest_failed(call)))
        return;
    if (v.outcome != FETCH_OUTCOME_THROTTLED && call->x.error == FETCH_OK)
        client->throttle_streak = 0;
    if (v.error != FETCH_OK)
        pf_sentence(sentence, sizeof sentence, call, &v);
    end_call(call, &v, sentence);
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

void pf_attempt_init(struct fetch_call *call)
{
    pf_exchange_init(&call->x, describe, on_exchange_end);
    pf_timer_init(&call->timer, on_timeout);
    pf_timer_init(&call->deadline, on_deadline);
}

void pf_attempt_start(struct fetch_call *call)
{
    struct fetch_client *client = call->client;
    uint64_t now = pf_loop_now_ms();

    detach(call);
    call->state = PF_CALL_FLYING;
    pf_list_append(&client->flying, &call->link);
    client->in_flight++;
    client->stats.attempts++;
    if (call->page.attempts++ > 0)
        client->stats.retries++;
    if (!call->dispatched_ms) {
        call->dispatched_ms = now;
        call->page.queued_ms = (uint32_t)(now - call->submitted_ms);
        if (client->deadline_ms)
            pf_loop_start_timer(&client->loop, &call->deadline, client->deadline_ms);
    }
    free(call->location);
    call->location = NULL;
    call->redirects = 0;
    call->timer.on_due = on_timeout;
    pf_loop_start_timer(&client->loop, &call->timer, client->timeout_ms);
    start_exchange(call, client->pool[0]);
}

/*
 * The client: what it is made of, what is submitted to it, what may be changed while it runs, and
 * how it ends.  Who goes next is pump.c's.
 */
#include "engine/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/options.h"

/* ---------------------------------------------------------------- calls -- */

static void deliver(struct pf_task *task)
{
    struct fetch_call *call = PF_LIST_ENTRY(task, struct fetch_call, task);

    call->client->stats.ended++;
    call->on_page(&call->page, call->arg);
}

/* What makes a target unsendable; FETCH_OK if nothing does. */
static enum fetch_error check_target(struct fetch_call *call, char *why, size_t cap)
{
    const char *fault = pf_url_target_fault(call->page.url, call->url_len);
    enum fetch_error e;

    if (fault) {
        (void)snprintf(why, cap, "the target %s; it was not sent", fault);
        return FETCH_E_BAD_URL;
    }
    e = pf_template_check(call->client->template, pf_call_extras(call), &fault);
    if (e != FETCH_OK)
        (void)snprintf(why, cap, "the target has %s; it was not sent", fault);
    return e;
}

enum fetch_error pf_client_submit(struct fetch_client *client, const struct fetch_target *target,
                                  size_t index, fetch_page_cb on_page, void *arg,
                                  struct fetch_call **out)
{
    struct fetch_call *call;
    const char *host;
    size_t host_len;
    enum fetch_error e;
    char why[160];

    if (client->closing)
        return FETCH_E_CLOSED;
    call = pf_call_new(target);
    if (!call)
        return FETCH_E_NOMEM;
    call->client = client;
    call->on_page = on_page;
    call->arg = arg;
    call->page.index = index;
    call->submitted_ms = pf_loop_now_ms();
    pf_task_init(&call->task, deliver);
    pf_attempt_init(call);
    host = pf_url_target_host(call->page.url, call->url_len, &host_len);
    if (pf_domains_push(&client->domains, &call->turn, host, host_len) != FETCH_OK) {
        pf_call_free(call);
        return FETCH_E_NOMEM;
    }
    call->state = PF_CALL_QUEUED;
    client->stats.queued++;
    client->stats.submitted++;
    if (out)
        *out = call;
    e = check_target(call, why, sizeof why);
    if (e != FETCH_OK)
        pf_attempt_abort(call, e, why);
    else if (client->refusal != FETCH_OK)
        pf_attempt_abort(call, client->refusal, fetch_strerror(client->refusal));
    else
        pf_client_pump_later(client);
    return FETCH_OK;
}

enum fetch_error fetch_client_submit(struct fetch_client *client, const struct fetch_target *target,
                                     fetch_page_cb on_page, void *arg, struct fetch_call **call)
{
    struct fetch_target t;

    if (!target || !on_page || !pf_options_adopt(&t, sizeof t, target, target->size) || !t.url)
        return FETCH_E_INVALID;
    return pf_client_submit(client, &t, 0, on_page, arg, call);
}

void fetch_call_cancel(struct fetch_call *call)
{
    if (call->state != PF_CALL_ENDED)
        pf_attempt_abort(call, FETCH_E_CANCELLED, fetch_strerror(FETCH_E_CANCELLED));
}

enum fetch_error fetch_client_set_concurrency(struct fetch_client *client, unsigned concurrency)
{
    if (concurrency > PF_MAX_CONCURRENCY)
        return FETCH_E_INVALID;
    pf_limiter_set(&client->limiter, pf_loop_now_ms(), concurrency);
    pf_client_pump_later(client);
    return FETCH_OK;
}

enum fetch_error fetch_client_set_rate(struct fetch_client *client, double rate)
{
    if (!(rate >= 0 && rate <= PF_MAX_RATE))
        return FETCH_E_INVALID;
    pf_pacer_set(&client->pacer, pf_loop_now_ms(), rate);
    pf_client_pump_later(client);
    return FETCH_OK;
}

void fetch_client_set_per_domain(struct fetch_client *client, unsigned per_domain)
{
    pf_domains_set_limit(&client->domains, per_domain);
    pf_client_pump_later(client);
}

void fetch_client_pause(struct fetch_client *client, int pause)
{
    client->paused = pause != 0;
    pf_client_pump_later(client);
}

void fetch_client_stats(const struct fetch_client *client, struct fetch_stats *stats)
{
    struct fetch_stats now = client->stats;
    uint64_t clock = pf_loop_now_ms();

    for (unsigned i = 0; i < client->pool_count; i++) {
        struct pf_pool_stats s;

        pf_pool_stats(client->pool[i], &s);
        now.connections += s.connections;
        now.resent += s.resent;
        now.bytes_in += s.bytes_in;
        now.open += s.open;
    }
    now.in_flight = client->in_flight;
    now.brake_ms = pf_brake_rest_ms(&client->brake, clock);
    now.paused = client->paused;
    now.limit = pf_limiter_limit(&client->limiter);
    now.resting_hosts = client->domains.resting_now;
    now.cost_micro = client->budget.spent_micro;
    now.cost_reserved_micro = pf_budget_reserved(&client->budget);
    now.cost_hourly_micro = pf_budget_hourly(&client->budget, clock);
    now.credits_left_micro = client->credits_left_micro;
    now.attempt_timeout_ms = client->timeout_ms;
    now.limit_found = pf_limiter_learned(&client->limiter);
    now.size = stats->size < sizeof now ? stats->size : sizeof now;
    memcpy(stats, &now, now.size);
}

/* --------------------------------------------------------------- pools -- */

struct pf_pool *pf_client_pool(struct fetch_client *client, const struct pf_url *origin,
                               enum fetch_error *error)
{
    struct pf_pool_options options = {
        .loop = &client->loop,
        .tls = &client->tls,
        .origin = origin,
        .connect_timeout_ms = client->connect_timeout_ms,
        .max_connections = client->connections,
        .max_body = client->max_body,
        .http = client->http,
        .resolve = (const char *const *)client->resolve,
        .resolve_count = client->resolve_count,
    };
    unsigned n = client->pool_count;

    for (unsigned i = 0; i < n; i++)
        if (client->origin[i].https == origin->https && client->origin[i].port == origin->port)
            return client->pool[i];
    *error = FETCH_E_REDIRECT;
    if (n == PF_MAX_POOLS)
        return NULL;
    if (origin->https && !client->tls.context) {
        *error = pf_tls_init(&client->tls, client->ca_file, client->insecure, NULL);
        if (*error != FETCH_OK)
            return NULL;
    }
    *error = FETCH_E_NOMEM;
    client->pool[n] = pf_pool_new(&options);
    if (!client->pool[n])
        return NULL;
    client->origin[n] = (struct pf_origin){origin->https, origin->port};
    client->pool_count++;
    *error = FETCH_OK;
    return client->pool[n];
}

/* ---------------------------------------------------------- life and end -- */

static bool is_loopback(const struct pf_url *url)
{
    return pf_text_eq_nocase(url->host, url->host_len, "localhost", 9) ||
           (url->host_len > 4 && memcmp(url->host, "127.", 4) == 0 &&
            strspn(url->host, "0123456789.") >= url->host_len) ||
           (url->host_len == 3 && memcmp(url->host, "::1", 3) == 0);
}

static bool copy_strings(struct fetch_client *client, const struct fetch_options *o)
{
    if (o->ca_file && !(client->ca_file = strdup(o->ca_file)))
        return false;
    if (o->resolve_count == 0)
        return true;
    client->resolve = calloc(o->resolve_count, sizeof *client->resolve);
    if (!client->resolve)
        return false;
    for (size_t i = 0; i < o->resolve_count; i++) {
        client->resolve[i] = strdup(o->resolve[i]);
        if (!client->resolve[i])
            return false;
        client->resolve_count++;
    }
    return true;
}

/* A ca_file that cannot be read is told now, not when a redirect first needs it. */
static enum fetch_error open_endpoint(struct fetch_client *client, struct fetch_failure *failure)
{
    const struct pf_url *endpoint = pf_template_endpoint(client->template);
    enum fetch_error e = FETCH_OK;

    failure->error = FETCH_E_NOMEM;
    (void)snprintf(failure->message, sizeof failure->message, "%s", fetch_strerror(FETCH_E_NOMEM));
    if (endpoint->https || client->ca_file)
        e = pf_tls_init(&client->tls, client->ca_file, client->insecure, failure);
    if (e == FETCH_OK && !pf_client_pool(client, endpoint, &e))
        return e;
    if (e == FETCH_OK && !endpoint->https && !is_loopback(endpoint))
        pf_loop_log(&client->loop, FETCH_LOG_WARNING,
                    "the key travels unencrypted to http://%.*s; use an https endpoint where the "
                    "provider has one",
                    (int)endpoint->authority_len, endpoint->authority);
    return e;
}

static void take_numbers(struct fetch_client *client, const struct fetch_options *o)
{
    pf_limiter_init(&client->limiter, pf_loop_now_ms(), o->concurrency, o->concurrency_start,
                    PF_MAX_CONCURRENCY, &client->loop.random);
    pf_brake_init(&client->brake, &client->loop.random);
    pf_pacer_init(&client->pacer, o->rate);
    pf_domains_set_limit(&client->domains, o->per_domain);
    pf_trust_init(&client->trust, o->retries > 0);
    pf_budget_init(&client->budget, o->max_cost_micro, o->cost_per_call_micro);
    pf_retry_run_init(&client->retry, (unsigned)o->retries, pf_loop_now_ms());
    client->connections = o->connections;
    client->timeout_ms = o->timeout_ms;
    client->connect_timeout_ms = o->connect_timeout_ms;
    client->deadline_ms = o->deadline_ms;
    client->max_redirects = (unsigned)o->redirects;
    client->max_body = o->max_body;
    client->credits_left_micro = -1;
    client->insecure = o->insecure != 0;
    client->http = o->http;
    client->guess_bytes = PF_READ_GUESS;
    client->loop.on_log = o->on_log;
    client->loop.log_arg = o->log_arg;
}

static enum fetch_error set_up(struct fetch_client *client, const struct fetch_options *o,
                               struct fetch_failure *failure)
{
    enum fetch_error e = pf_template_new(&client->template, client->profile, o, failure);

    if (e == FETCH_OK)
        e = pf_bans_new(&client->bans, o, failure);
    if (e != FETCH_OK)
        return e;
    take_numbers(client, o);
    failure->error = FETCH_E_NOMEM;
    (void)snprintf(failure->message, sizeof failure->message, "%s", fetch_strerror(FETCH_E_NOMEM));
    return copy_strings(client, o) ? open_endpoint(client, failure) : FETCH_E_NOMEM;
}

void pf_client_destroy(struct fetch_client *client)
{
    while (client->pool_count > 0)
        pf_pool_free(client->pool[--client->pool_count]);
    pf_tls_fini(&client->tls);
    pf_template_free(client->template);
    pf_bans_free(client->bans);
    pf_profile_free(client->profile);
    pf_domains_fini(&client->domains);
    event_del(&client->pump);
    pf_loop_fini(&client->loop);
    for (size_t i = 0; i < client->resolve_count; i++)
        free(client->resolve[i]);
    free(client->resolve);
    free(client->ca_file);
    free(client);
}

static struct fetch_client *allocate(struct event_base *base)
{
    struct fetch_client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    if (pf_loop_init(&client->loop, base) != FETCH_OK || !pf_client_pump_init(client, base)) {
        free(client);
        return NULL;
    }
    pf_domains_init(&client->domains, &client->loop.random, 0);
    pf_list_init(&client->flying);
    pf_list_init(&client->resting);
    pf_list_init(&client->watchers);
    return client;
}

enum fetch_error fetch_client_new(struct fetch_client **out, struct event_base *base,
                                  const struct fetch_options *options,
                                  struct fetch_failure *failure)
{
    struct fetch_failure unwanted;
    struct fetch_options o;
    struct pf_profile *profile;
    struct fetch_client *client;
    enum fetch_error e;

    *out = NULL;
    if (!failure)
        failure = &unwanted;
    e = pf_options_read(&o, options, &profile, failure);
    if (e != FETCH_OK)
        return e;
    client = allocate(base);
    if (!client) {
        pf_profile_free(profile);
        failure->error = FETCH_E_NOMEM;
        (void)snprintf(failure->message, sizeof failure->message, "%s",
                       fetch_strerror(FETCH_E_NOMEM));
        return FETCH_E_NOMEM;
    }
    client->profile = profile;
    e = set_up(client, &o, failure);
    if (e != FETCH_OK) {
        pf_client_destroy(client);
        return e;
    }
    failure->error = FETCH_OK;
    failure->message[0] = '\0';
    *out = client;
    return FETCH_OK;
}

void fetch_client_free(struct fetch_client *client)
{
    struct pf_link *l;

    if (!client || client->closing)
        return;
    client->closing = true;
    pf_timer_cancel(&client->look_again);
    pf_client_abort_all(client, FETCH_E_CANCELLED);
    while ((l = pf_list_shift(&client->watchers))) {
        struct pf_watcher *watcher = PF_LIST_ENTRY(l, struct pf_watcher, link);

        watcher->on_close(watcher);
    }
    if (!client->draining)
        pf_client_pump(client);
}

/*
 * The client: who waits, who goes next, and the one place from which user code is called.
 *
 * pump() is that place.  It runs from the loop, from its own event or at the very end of a
 * socket's turn, where nothing of the library is left to be done above it; hands back what has
 * ended, and then dispatches what there is room for.  A callback may do anything, freeing the client included: then `closing`
 * is set, every call has become a task, and the client goes when the last is run.
 *
 * A full pass takes only the tasks that waited when it began; those that callbacks add come after
 * the loop has looked at its sockets again.
 */
#include "engine/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/limits.h"
#include "base/text.h"
#include "engine/options.h"

/* ---------------------------------------------------------------- pump -- */

void pf_client_pump_later(struct fetch_client *client)
{
    if (client->draining)
        return;
    if (client->loop.entered) {
        client->loop.due = true; /* at the end of this socket's turn */
    } else if (!client->pump_due) {
        client->pump_due = true;
        event_active(&client->pump, EV_TIMEOUT, 0);
    }
}

void pf_task_post(struct fetch_client *client, struct pf_task *task)
{
    pf_list_remove(&task->link);
    pf_list_append(&client->tasks, &task->link);
    pf_client_pump_later(client);
}

static void run_tasks(struct fetch_client *client)
{
    struct pf_link batch, *l;

    pf_list_init(&batch);
    pf_list_move(&batch, &client->tasks);
    while ((l = pf_list_shift(&batch))) {
        struct pf_task *task = PF_LIST_ENTRY(l, struct pf_task, link);

        task->run(task);
    }
}

static void dispatch(struct fetch_client *client)
{
    unsigned limit = client->concurrency, capacity = pf_pool_capacity(client->pool[0]);

    if (limit > capacity)
        limit = capacity;
    while (client->in_flight < limit && !pf_list_empty(&client->queued) &&
           !pf_timer_running(&client->brake))
        pf_attempt_start(PF_LIST_ENTRY(client->queued.next, struct fetch_call, link));
}

static void destroy(struct fetch_client *client)
{
    while (client->pool_count > 0)
        pf_pool_free(client->pool[--client->pool_count]);
    pf_tls_fini(&client->tls);
    pf_template_free(client->template);
    event_del(&client->pump);
    pf_loop_fini(&client->loop);
    for (size_t i = 0; i < client->resolve_count; i++)
        free(client->resolve[i]);
    free(client->resolve);
    free(client->ca_file);
    free(client);
}

static void pump(struct fetch_client *client)
{
    static const struct timeval at_once = {0, 0};

    client->draining = true;
    run_tasks(client);
    while (client->closing && !pf_list_empty(&client->tasks))
        run_tasks(client);
    if (client->closing) {
        destroy(client);
        return;
    }
    dispatch(client);
    client->draining = false;
    if (!pf_list_empty(&client->tasks) && !client->pump_due) { /* sockets first */
        client->pump_due = true;
        (void)event_add(&client->pump, &at_once);
    }
}

static void on_pump(evutil_socket_t fd, short what, void *arg)
{
    struct fetch_client *client = arg;

    (void)fd;
    (void)what;
    client->pump_due = false;
    pump(client);
}

/* The end of a socket's turn: nothing of the library is above but the libevent callback that
 * returns next. */
static void on_settle(struct pf_loop *loop)
{
    pump(PF_LIST_ENTRY(loop, struct fetch_client, loop));
}

static void on_brake_over(struct pf_timer *timer)
{
    pf_client_pump_later(PF_LIST_ENTRY(timer, struct fetch_client, brake));
}

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
    call->state = PF_CALL_QUEUED;
    client->stats.queued++;
    client->stats.submitted++;
    pf_list_append(&client->queued, &call->link);
    if (out)
        *out = call;
    e = check_target(call, why, sizeof why);
    if (e != FETCH_OK)
        pf_attempt_abort(call, e, why);
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
    if (concurrency == 0 || concurrency > PF_MAX_CONCURRENCY)
        return FETCH_E_INVALID;
    client->concurrency = concurrency;
    pf_client_pump_later(client);
    return FETCH_OK;
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
    if (pf_timer_running(&client->brake) && client->brake.due_ms > clock)
        now.brake_ms = (unsigned)(client->brake.due_ms - clock);
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
    client->concurrency = o->concurrency;
    client->connections = o->connections;
    client->timeout_ms = o->timeout_ms;
    client->connect_timeout_ms = o->connect_timeout_ms;
    client->deadline_ms = o->deadline_ms;
    client->retries = (unsigned)o->retries;
    client->max_redirects = (unsigned)o->redirects;
    client->max_body = o->max_body;
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

    if (e != FETCH_OK)
        return e;
    take_numbers(client, o);
    failure->error = FETCH_E_NOMEM;
    (void)snprintf(failure->message, sizeof failure->message, "%s", fetch_strerror(FETCH_E_NOMEM));
    return copy_strings(client, o) ? open_endpoint(client, failure) : FETCH_E_NOMEM;
}

static struct fetch_client *allocate(struct event_base *base)
{
    struct fetch_client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    if (pf_loop_init(&client->loop, base) != FETCH_OK ||
        event_assign(&client->pump, base, -1, 0, on_pump, client) != 0) {
        free(client);
        return NULL;
    }
    client->loop.settle = on_settle;
    pf_list_init(&client->tasks);
    pf_list_init(&client->queued);
    pf_list_init(&client->flying);
    pf_list_init(&client->resting);
    pf_list_init(&client->watchers);
    pf_timer_init(&client->brake, on_brake_over);
    return client;
}

enum fetch_error fetch_client_new(struct fetch_client **out, struct event_base *base,
                                  const struct fetch_options *options,
                                  struct fetch_failure *failure)
{
    struct fetch_failure unwanted;
    struct fetch_options o;
    const struct pf_profile *profile;
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
        failure->error = FETCH_E_NOMEM;
        (void)snprintf(failure->message, sizeof failure->message, "%s",
                       fetch_strerror(FETCH_E_NOMEM));
        return FETCH_E_NOMEM;
    }
    client->profile = profile;
    e = set_up(client, &o, failure);
    if (e != FETCH_OK) {
        destroy(client);
        return e;
    }
    failure->error = FETCH_OK;
    failure->message[0] = '\0';
    *out = client;
    return FETCH_OK;
}

static void cancel_all(struct pf_link *table)
{
    while (!pf_list_empty(table))
        pf_attempt_abort(PF_LIST_ENTRY(table->next, struct fetch_call, link), FETCH_E_CANCELLED,
                         fetch_strerror(FETCH_E_CANCELLED));
}

void fetch_client_free(struct fetch_client *client)
{
    struct pf_link *l;

    if (!client || client->closing)
        return;
    client->closing = true;
    pf_timer_cancel(&client->brake);
    cancel_all(&client->queued);
    cancel_all(&client->flying);
    cancel_all(&client->resting);
    while ((l = pf_list_shift(&client->watchers))) {
        struct pf_watcher *watcher = PF_LIST_ENTRY(l, struct pf_watcher, link);

        watcher->on_close(watcher);
    }
    if (!client->draining) {
        pump(client);
    }
}

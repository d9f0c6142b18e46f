/*
 * As many connections are opened as those who wait need, within a limit that grows while dials take
 * long: near by, a few at a time keep both ends busy; far away, that would take as long as the round
 * trips of all.  Where the endpoint may speak HTTP/2, the first connection's answer is awaited: it
 * says how many exchanges each can carry.
 *
 * A dial that fails ends the exchange that has waited longest: that exchange's retry is somebody
 * else's business, and no exchange waits for ever behind an endpoint that is gone.
 */
#include "transport/pool_inner.h"

#include <stdio.h>

/* A dial that took this long was waiting for the network, not for this process. */
#define DIAL_IS_SLOW_MS 10u

/* Out of descriptors, but not out of connections: those who wait go on waiting for these. */
static bool make_do(struct pf_pool *pool, const struct pf_dial *dial)
{
    if (dial->error != FETCH_E_SYSTEM || pool->conn_count == 0)
        return false;
    if (pool->conn_count < pool->max_connections) {
        pool->max_connections = pool->conn_count;
        pf_loop_log(pool->loop, FETCH_LOG_WARNING,
                    "no further connection can be opened (%s): going on with %u; raise the limit "
                    "on open files",
                    dial->why, pool->conn_count);
    }
    return true;
}

/* A peer may choose none of the protocols that it is offered, and goes on with HTTP/1.1. */
static bool speaks_what_it_must(const struct pf_dial *dial)
{
    return !dial->ssl || dial->target->alpn != PF_ALPN_H2 || pf_tls_speaks_h2(dial->ssl);
}

static void on_dial_end(struct pf_dial *dial)
{
    struct pf_pool *pool = dial->owner;
    struct pf_exchange *x = NULL;
    struct pf_conn *conn = NULL;

    pool->dial_count--;
    if (dial->bev && !speaks_what_it_must(dial)) {
        dial->error = FETCH_E_TLS;
        dial->phase = FETCH_PHASE_TLS;
        (void)snprintf(dial->why, sizeof dial->why, "it does not speak HTTP/2");
    } else if (dial->bev) {
        conn = pf_conn_new(&pool->conn_owner, dial);
        if (!conn)
            dial->error = FETCH_E_NOMEM;
    }
    if (conn) {
        if (pf_loop_now_ms() >= dial->started_ms + DIAL_IS_SLOW_MS &&
            pool->max_dials < PF_MAX_DIALS)
            pool->max_dials++;
        pf_dial_free(dial);
        pf_pool_add(pool, conn);
        return;
    }
    if (make_do(pool, dial)) {
        pf_dial_free(dial);
        return;
    }
    x = pf_pool_next_waiting(pool, true);
    if (x)
        pf_exchange_note(x, dial->error, dial->phase, dial->why);
    pf_dial_free(dial);
    pf_pool_open_more(pool);
    if (x)
        pf_pool_finish(x);
}

static void fail(struct pf_exchange *x, enum fetch_error error, enum fetch_phase phase,
                 const char *why)
{
    pf_exchange_note(x, error, phase, why);
    pf_pool_finish(x);
}

static void fail_all_waiting(struct pf_pool *pool, enum fetch_error error, enum fetch_phase phase,
                             const char *why)
{
    unsigned n = pool->waiting_count; /* those who come back meanwhile wait for the next time */
    struct pf_exchange *x;

    while (n-- > 0 && (x = pf_pool_next_waiting(pool, true)))
        fail(x, error, phase, why);
}

static void on_failed(struct pf_timer *timer)
{
    struct pf_pool *pool = PF_LIST_ENTRY(timer, struct pf_pool, failed);

    if (pool->resolve_failure)
        fail_all_waiting(pool, FETCH_E_RESOLVE, FETCH_PHASE_RESOLVE, pool->resolve_failure);
    else
        fail_all_waiting(pool, FETCH_E_NOMEM, FETCH_PHASE_CONNECT, NULL);
}

void pf_pool_fail_waiting(struct pf_pool *pool)
{
    pool->resolve_failure = NULL;
    pf_loop_start_timer(pool->loop, &pool->failed, 0);
}

/* May be called from within pf_pool_start(), so that failures go the way round the loop. */
static void on_resolved(void *arg, const char *failure)
{
    struct pf_pool *pool = arg;

    pool->resolve_failure = failure;
    if (failure)
        pf_loop_start_timer(pool->loop, &pool->failed, 0);
    else
        pf_pool_open_more(pool);
}

/* Makes room for a new connection where only idle ones stand in its way. */
static bool has_room(struct pf_pool *pool)
{
    if (pool->conn_count + pool->dial_count < pool->max_connections)
        return true;
    return pf_pool_close_idle(pool);
}

/* How many dials those who wait are worth. */
static unsigned dials_wanted(const struct pf_pool *pool)
{
    unsigned wanted;

    if (pool->streams == 0 || pool->paused)
        return pool->waiting_count > 0 && (pool->conn_count == 0 || pool->asks_anew) ? 1 : 0;
    wanted = (pool->waiting_count + pool->streams - 1) / pool->streams;
    return wanted < pool->max_dials ? wanted : pool->max_dials;
}

void pf_pool_open_more(struct pf_pool *pool)
{
    if (dials_wanted(pool) <= pool->dial_count || !pf_resolver_ready(&pool->resolver))
        return;
    while (dials_wanted(pool) > pool->dial_count && has_room(pool)) {
        struct pf_dial *dial = pf_dial_new(&pool->dial_target, on_dial_end, pool);

        if (!dial) {
            pf_pool_fail_waiting(pool);
            return;
        }
        pf_list_append(&pool->dials, &dial->link);
        pool->dial_count++;
        pool->asks_anew = false;
    }
}

/* Dials are in the order of their beginning, and of those who wait. */
enum fetch_phase pf_pool_open_phase(const struct pf_pool *pool)
{
    if (pool->addresses->count == 0)
        return FETCH_PHASE_RESOLVE;
    if (pf_list_empty(&pool->dials))
        return FETCH_PHASE_CONNECT;
    return pf_dial_phase(PF_LIST_ENTRY(pool->dials.next, struct pf_dial, link));
}

/* -------------------------------------------------------- life and end -- */

static bool may_speak_h2(const struct pf_pool_options *options)
{
    return options->http == FETCH_HTTP_2 ||
           (options->http == FETCH_HTTP_ANY && options->origin->https);
}

static enum pf_alpn alpn_of(enum fetch_http http)
{
    switch (http) {
    case FETCH_HTTP_1_1:
        return PF_ALPN_H1;
    case FETCH_HTTP_2:
        return PF_ALPN_H2;
    case FETCH_HTTP_ANY:
        break;
    }
    return PF_ALPN_ANY;
}

void pf_pool_open_init(struct pf_pool *pool, const struct pf_pool_options *options)
{
    pool->max_dials = PF_MIN_DIALS;
    pf_list_init(&pool->dials);
    pf_timer_init(&pool->failed, on_failed);
    pool->streams = may_speak_h2(options) ? 0 : 1;
    pf_resolver_init(&pool->resolver, options->loop, pool->host, options->origin->port,
                     options->resolve, options->resolve_count);
    pool->resolver.on_done = on_resolved;
    pool->resolver.arg = pool;
    pool->addresses = &pool->resolver.addresses;
    pool->dial_target = (struct pf_dial_target){
        .loop = options->loop,
        .addresses = pool->addresses,
        .host = pool->host,
        .tls = options->origin->https ? options->tls : NULL,
        .tickets = &pool->tickets,
        .alpn = alpn_of(options->http),
        .timeout_ms = options->connect_timeout_ms,
    };
}

void pf_pool_open_fini(struct pf_pool *pool)
{
    pf_resolver_fini(&pool->resolver);
    pf_timer_cancel(&pool->failed);
    while (!pf_list_empty(&pool->dials))
        pf_dial_free(PF_LIST_ENTRY(pool->dials.next, struct pf_dial, link));
}

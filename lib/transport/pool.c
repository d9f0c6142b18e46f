/*
 * Idle connections form a stack: the one used last is the least likely to be
 * stale, and a pool that needs fewer lets the others age at the bottom, where
 * one timer for all finds them.  Exchanges that wait form a queue; the first
 * gets whatever connection comes first, freed or new.  As many dials run as exchanges wait, within
 * a limit that grows while dials take long: near by, a few at a time keep both ends busy; far away,
 * that would take as long as the round trips of all.
 *
 * A dial that fails ends the exchange that has waited longest: that exchange's
 * retry is somebody else's business, and no exchange waits for ever behind
 * an endpoint that is gone.
 *
 * All steps are O(1) whatever is open or waits.
 */
#include "transport/pool.h"

#include <stdlib.h>
#include <string.h>

#include "transport/conn.h"
#include "transport/dial.h"
#include "transport/resolve.h"

/* A dial that took this long was waiting for the network, not for this process. */
#define DIAL_IS_SLOW_MS 10u

struct pf_pool {
    struct pf_loop *loop;
    char *host; /* without brackets */
    struct pf_addresses *addresses;
    struct pf_resolver resolver;
    struct pf_tls_tickets tickets;
    struct pf_dial_target dial_target;
    struct pf_conn_owner conn_owner;
    struct pf_buf scratch;
    unsigned max_connections;
    unsigned max_dials; /* at once, for now */
    unsigned idle_count, busy_count, dial_count, waiting_count;
    struct pf_link idle; /* longest unused first */
    struct pf_link busy, dials;
    struct pf_link waiting;       /* for any connection */
    struct pf_link waiting_fresh; /* for a new one: served first when one comes */
    struct pf_timer sweep;        /* closes what is idle for too long */
    struct pf_timer failed;       /* tells a failed look-up from the loop */
    const char *resolve_failure;
    struct pf_pool_stats stats;
};

static void open_more(struct pf_pool *pool);

static struct pf_pool *pool_of(struct pf_conn *conn)
{
    return (struct pf_pool *)((char *)(uintptr_t)conn->owner -
                              offsetof(struct pf_pool, conn_owner));
}

/* ------------------------------------------------------------- waiting -- */

static struct pf_exchange *next_waiting(struct pf_pool *pool, bool for_new)
{
    struct pf_link *l = for_new ? pf_list_shift(&pool->waiting_fresh) : NULL;

    if (!l)
        l = pf_list_shift(&pool->waiting);
    if (!l)
        return NULL;
    pool->waiting_count--;
    return PF_LIST_ENTRY(l, struct pf_exchange, link);
}

static void wait_for_connection(struct pf_pool *pool, struct pf_exchange *x)
{
    pf_list_append(x->fresh ? &pool->waiting_fresh : &pool->waiting, &x->link);
    pool->waiting_count++;
}

static void finish(struct pf_exchange *x)
{
    x->pool = NULL;
    x->on_end(x);
}

static void fail(struct pf_exchange *x, enum fetch_error error, enum fetch_phase phase,
                 const char *why)
{
    pf_exchange_note(x, error, phase, why);
    finish(x);
}

/* -------------------------------------------------------- connections -- */

static void become_idle(struct pf_pool *pool, struct pf_conn *conn)
{
    conn->idle_since_ms = pf_loop_now_ms();
    pf_list_append(&pool->idle, &conn->link);
    pool->idle_count++;
    if (!pf_timer_running(&pool->sweep))
        pf_loop_start_timer(pool->loop, &pool->sweep, PF_IDLE_MS);
}

static void leave_idle(struct pf_pool *pool, struct pf_conn *conn)
{
    pf_list_remove(&conn->link);
    pool->idle_count--;
}

static void close_idle(struct pf_pool *pool, struct pf_conn *conn)
{
    leave_idle(pool, conn);
    pf_conn_free(conn);
}

static void on_sweep(struct pf_timer *timer)
{
    struct pf_pool *pool = PF_LIST_ENTRY(timer, struct pf_pool, sweep);
    uint64_t now = pf_loop_now_ms();

    while (!pf_list_empty(&pool->idle)) {
        struct pf_conn *oldest = PF_LIST_ENTRY(pool->idle.next, struct pf_conn, link);
        uint64_t age = now - oldest->idle_since_ms;

        if (age < PF_IDLE_MS) {
            pf_loop_start_timer(pool->loop, timer, PF_IDLE_MS - age);
            return;
        }
        close_idle(pool, oldest);
    }
}

/* Sends `x` over `conn`, which is in no list.  False: `x` has ended for want of memory. */
static bool send_over(struct pf_pool *pool, struct pf_conn *conn, struct pf_exchange *x)
{
    enum fetch_error e = pf_conn_start(conn, x);

    if (e != FETCH_OK) {
        become_idle(pool, conn);
        fail(x, e, FETCH_PHASE_REQUEST, NULL);
        return false;
    }
    pf_list_append(&pool->busy, &conn->link);
    pool->busy_count++;
    return true;
}

/* A connection that is in no list goes to whoever waits, or becomes idle. */
static void put_to_use(struct pf_pool *pool, struct pf_conn *conn, bool is_new)
{
    struct pf_exchange *x = next_waiting(pool, is_new);

    if (x)
        (void)send_over(pool, conn, x);
    else
        become_idle(pool, conn);
}

static void on_exchange_end(struct pf_conn *conn, struct pf_exchange *x, bool reusable)
{
    struct pf_pool *pool = pool_of(conn);
    bool kept = conn->served > 1;

    pf_list_remove(&conn->link);
    pool->busy_count--;
    if (reusable)
        put_to_use(pool, conn, false);
    else
        pf_conn_free(conn);
    if (x->error == FETCH_E_LOST && kept && !x->fresh) {
        x->fresh = true;
        pool->stats.resent++;
        wait_for_connection(pool, x);
        open_more(pool);
        return;
    }
    open_more(pool);
    finish(x);
}

static void on_idle_end(struct pf_conn *conn)
{
    struct pf_pool *pool = pool_of(conn);

    close_idle(pool, conn);
    open_more(pool);
}

/* -------------------------------------------------------------- dials -- */

static void on_dial_end(struct pf_dial *dial)
{
    struct pf_pool *pool = dial->owner;
    struct pf_exchange *x = NULL;
    struct pf_conn *conn = NULL;

    pool->dial_count--;
    if (dial->bev) {
        conn = pf_conn_new(&pool->conn_owner, dial);
        if (!conn)
            dial->error = FETCH_E_NOMEM;
    }
    if (conn) {
        pool->stats.connections++;
        if (pf_loop_now_ms() >= dial->started_ms + DIAL_IS_SLOW_MS &&
            pool->max_dials < PF_MAX_DIALS)
            pool->max_dials++;
        pf_dial_free(dial);
        put_to_use(pool, conn, true);
        open_more(pool);
        return;
    }
    x = next_waiting(pool, true);
    if (x)
        pf_exchange_note(x, dial->error, dial->phase, dial->why);
    pf_dial_free(dial);
    open_more(pool);
    if (x)
        finish(x);
}

static void fail_all_waiting(struct pf_pool *pool, enum fetch_error error, enum fetch_phase phase,
                             const char *why)
{
    unsigned n = pool->waiting_count; /* those who come back meanwhile wait for the next time */
    struct pf_exchange *x;

    while (n-- > 0 && (x = next_waiting(pool, true)))
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

/* May be called from within pf_pool_start(), so that failures go the way round the loop. */
static void on_resolved(void *arg, const char *failure)
{
    struct pf_pool *pool = arg;

    pool->resolve_failure = failure;
    if (failure)
        pf_loop_start_timer(pool->loop, &pool->failed, 0);
    else
        open_more(pool);
}

/* Makes room for a new connection where only idle ones stand in its way. */
static bool has_room(struct pf_pool *pool)
{
    if (pool->idle_count + pool->busy_count + pool->dial_count < pool->max_connections)
        return true;
    if (pool->idle_count == 0)
        return false;
    close_idle(pool, PF_LIST_ENTRY(pool->idle.next, struct pf_conn, link));
    return true;
}

static void open_more(struct pf_pool *pool)
{
    if (pool->waiting_count <= pool->dial_count || !pf_resolver_ready(&pool->resolver))
        return;
    while (pool->waiting_count > pool->dial_count && pool->dial_count < pool->max_dials &&
           has_room(pool)) {
        struct pf_dial *dial = pf_dial_new(&pool->dial_target, on_dial_end, pool);

        if (!dial) {
            pool->resolve_failure = NULL;
            pf_loop_start_timer(pool->loop, &pool->failed, 0);
            return;
        }
        pf_list_append(&pool->dials, &dial->link);
        pool->dial_count++;
    }
}

/* ---------------------------------------------------------------- use -- */

void pf_pool_start(struct pf_pool *pool, struct pf_exchange *x)
{
    x->pool = pool;
    x->conn = NULL;
    if (!x->fresh && !pf_list_empty(&pool->idle)) {
        struct pf_conn *conn = PF_LIST_ENTRY(pool->idle.prev, struct pf_conn, link);

        if (pf_conn_start(conn, x) == FETCH_OK) {
            leave_idle(pool, conn);
            pf_list_append(&pool->busy, &conn->link);
            pool->busy_count++;
            return;
        }
        pool->resolve_failure = NULL; /* out of memory: told from the loop */
        pf_loop_start_timer(pool->loop, &pool->failed, 0);
    }
    wait_for_connection(pool, x);
    open_more(pool);
}

void pf_pool_cancel(struct pf_exchange *x)
{
    struct pf_pool *pool = x->pool;
    struct pf_conn *conn = x->conn;

    if (!pool)
        return;
    x->pool = NULL;
    if (!conn) {
        pf_list_remove(&x->link);
        pool->waiting_count--;
        return;
    }
    pool->busy_count--;
    pf_conn_free(conn);
    open_more(pool);
}

enum fetch_phase pf_pool_phase(const struct pf_exchange *x)
{
    const struct pf_pool *pool = x->pool;

    if (x->conn)
        return pf_exchange_phase(x);
    if (pool->addresses->count == 0)
        return FETCH_PHASE_RESOLVE;
    return FETCH_PHASE_CONNECT;
}

void pf_pool_stats(const struct pf_pool *pool, struct pf_pool_stats *stats)
{
    *stats = pool->stats;
    stats->open = pool->idle_count + pool->busy_count;
}

struct pf_pool *pf_pool_new(const struct pf_pool_options *options)
{
    struct pf_pool *pool = calloc(1, sizeof *pool);

    if (!pool)
        return NULL;
    pool->host = strndup(options->origin->host, options->origin->host_len);
    if (!pool->host) {
        free(pool);
        return NULL;
    }
    pool->loop = options->loop;
    pool->max_connections = options->max_connections;
    pool->max_dials = PF_MIN_DIALS;
    pf_list_init(&pool->idle);
    pf_list_init(&pool->busy);
    pf_list_init(&pool->dials);
    pf_list_init(&pool->waiting);
    pf_list_init(&pool->waiting_fresh);
    pf_timer_init(&pool->sweep, on_sweep);
    pf_timer_init(&pool->failed, on_failed);
    pf_buf_init(&pool->scratch, SIZE_MAX / 4);
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
        .timeout_ms = options->connect_timeout_ms,
    };
    pool->conn_owner = (struct pf_conn_owner){
        .loop = options->loop,
        .scratch = &pool->scratch,
        .bytes_in = &pool->stats.bytes_in,
        .on_exchange_end = on_exchange_end,
        .on_idle_end = on_idle_end,
    };
    return pool;
}

static void free_conns(struct pf_link *list)
{
    while (!pf_list_empty(list))
        pf_conn_free(PF_LIST_ENTRY(list->next, struct pf_conn, link));
}

void pf_pool_free(struct pf_pool *pool)
{
    if (!pool)
        return;
    pf_resolver_fini(&pool->resolver);
    pf_timer_cancel(&pool->sweep);
    pf_timer_cancel(&pool->failed);
    while (!pf_list_empty(&pool->dials))
        pf_dial_free(PF_LIST_ENTRY(pool->dials.next, struct pf_dial, link));
    free_conns(&pool->busy);
    free_conns(&pool->idle);
    pf_tls_tickets_fini(&pool->tickets);
    pf_buf_fini(&pool->scratch);
    free(pool->host);
    free(pool);
}

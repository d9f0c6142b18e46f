/*
 * Connections are idle, open (HTTP/2 with some streams and room for more) or busy.  An exchange goes
 * to an open one, in turn, so that their loads stay alike; else to the idle one that was used last:
 * it is the least likely to be stale, and a pool that needs fewer lets the others age at the
 * bottom, where one timer for all finds them; else it waits.  Whatever connection then has room
 * first, freed or new, takes those who wait in their order.
 *
 * As many connections are opened as those who wait need, within a limit that grows while dials take
 * long: near by, a few at a time keep both ends busy; far away, that would take as long as the round
 * trips of all.  Where the endpoint may speak HTTP/2, the first connection's answer is awaited: it
 * says how many exchanges each can carry.
 *
 * A dial that fails ends the exchange that has waited longest: that exchange's retry is somebody
 * else's business, and no exchange waits for ever behind an endpoint that is gone.
 *
 * All steps are O(1) whatever is open or waits.
 */
#include "transport/pool.h"

#include <stdio.h>
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
    struct pf_buf scratch, input;
    unsigned max_connections;
    unsigned max_dials; /* at once, for now */
    unsigned streams;   /* that a connection carries; 0: not known yet, the first one will tell */
    bool paused;        /* the last that a connection said was that it takes none for now */
    unsigned conn_count, dial_count, waiting_count;
    struct pf_link place[PF_CONN_BUSY + 1]; /* idle: longest unused first */
    struct pf_link dials;
    struct pf_link waiting;       /* for any connection */
    struct pf_link waiting_fresh; /* for a new one: served first when one comes */
    struct pf_link again;         /* resent in this turn, in their order */
    struct pf_link ended;         /* in this turn; told when its connection is back in its place */
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

/* It has had its turn already. */
static void wait_first(struct pf_pool *pool, struct pf_exchange *x)
{
    pf_list_prepend(x->fresh ? &pool->waiting_fresh : &pool->waiting, &x->link);
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

static struct pf_link *idle(struct pf_pool *pool)
{
    return &pool->place[PF_CONN_IDLE];
}

static void put(struct pf_pool *pool, struct pf_conn *conn, enum pf_conn_place place)
{
    pf_list_remove(&conn->link);
    pf_list_append(&pool->place[place], &conn->link);
    if (place == PF_CONN_IDLE && conn->place != PF_CONN_IDLE) {
        conn->idle_since_ms = pf_loop_now_ms();
        if (!pf_timer_running(&pool->sweep))
            pf_loop_start_timer(pool->loop, &pool->sweep, PF_IDLE_MS);
    }
    conn->place = place;
}

static void close_conn(struct pf_pool *pool, struct pf_conn *conn)
{
    pool->conn_count--;
    pf_conn_free(conn);
}

static void on_sweep(struct pf_timer *timer)
{
    struct pf_pool *pool = PF_LIST_ENTRY(timer, struct pf_pool, sweep);
    uint64_t now = pf_loop_now_ms();

    while (!pf_list_empty(idle(pool))) {
        struct pf_conn *oldest = PF_LIST_ENTRY(idle(pool)->next, struct pf_conn, link);
        uint64_t age = now - oldest->idle_since_ms;

        if (age < PF_IDLE_MS) {
            pf_loop_start_timer(pool->loop, timer, PF_IDLE_MS - age);
            return;
        }
        close_conn(pool, oldest);
    }
}

/* A connection that has not said how many streams it takes will say what the others said; those
 * that are too early for it wait in its line. */
static unsigned room_of(const struct pf_pool *pool, const struct pf_conn *conn)
{
    unsigned likely = pool->streams;

    if (likely == 0 || conn->over || pf_conn_streams(conn) > 0 || pf_conn_takes_none(conn))
        return pf_conn_room(conn);
    return likely > conn->active ? likely - conn->active : 0;
}

/* Fills a connection with those who wait, as far as it has room. */
static void hand_out(struct pf_pool *pool, struct pf_conn *conn)
{
    struct pf_exchange *x;
    enum fetch_error e;

    while (pool->waiting_count > 0 && room_of(pool, conn) > 0 &&
           (x = next_waiting(pool, conn->served == 0))) {
        e = pf_conn_start(conn, x);
        if (e == FETCH_E_CLOSED)
            wait_first(pool, x);
        else if (e != FETCH_OK)
            fail(x, e, FETCH_PHASE_REQUEST, NULL);
    }
}

/* Puts a connection where it belongs now; it may be gone afterwards. */
static void file(struct pf_pool *pool, struct pf_conn *conn)
{
    hand_out(pool, conn);
    if (conn->over && conn->active == 0)
        close_conn(pool, conn);
    else if (room_of(pool, conn) == 0)
        put(pool, conn, PF_CONN_BUSY);
    else
        put(pool, conn, conn->active > 0 ? PF_CONN_OPEN : PF_CONN_IDLE);
}

static void learn_streams(struct pf_pool *pool, const struct pf_conn *conn)
{
    unsigned streams = pf_conn_streams(conn);

    if (streams > 0 || pf_conn_takes_none(conn))
        pool->paused = streams == 0;
    if (streams == 0 || streams == pool->streams)
        return;
    pool->streams = streams;
    pool->loop->due = true; /* there may be room for more exchanges: the engine looks again */
}

/* The peer has not looked at it, or closed a kept connection under it: again, uncounted. */
static bool is_to_be_resent(struct pf_pool *pool, const struct pf_conn *conn, struct pf_exchange *x)
{
    bool stale = x->error == FETCH_E_LOST && conn->ops == &pf_conn_h1 && conn->served > 1;

    if (x->error == FETCH_OK)
        return false;
    if (conn->ops == &pf_conn_h2 && x->stream.wants_h1) {
        if (pool->dial_target.alpn == PF_ALPN_H2)
            return false; /* and nothing else may be spoken */
        pool->dial_target.alpn = PF_ALPN_H1;
    }
    if (stale && !x->fresh) {
        x->fresh = true;
        return true;
    }
    return conn->ops == &pf_conn_h2 && x->stream.unprocessed && x->resends++ < PF_MAX_RESENDS;
}

static void on_exchange_end(struct pf_conn *conn, struct pf_exchange *x)
{
    struct pf_pool *pool = pool_of(conn);

    if (is_to_be_resent(pool, conn, x)) {
        if (x->stream.wants_h1)
            conn->over = true;
        pool->stats.resent++;
        pf_response_restart(&x->response);
        if (x->fresh) {
            wait_for_connection(pool, x);
        } else {
            pf_list_append(&pool->again, &x->link);
            pool->waiting_count++;
        }
    } else {
        pf_list_append(&pool->ended, &x->link);
    }
}

static void on_turn_end(struct pf_conn *conn)
{
    struct pf_pool *pool = pool_of(conn);
    struct pf_link *l;

    learn_streams(pool, conn);
    pf_list_move(&pool->again, &pool->waiting); /* first, or others overtake them each time */
    pf_list_move(&pool->waiting, &pool->again);
    file(pool, conn);
    while ((l = pf_list_shift(&pool->ended)))
        finish(PF_LIST_ENTRY(l, struct pf_exchange, link));
    open_more(pool);
}

/* -------------------------------------------------------------- dials -- */

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
        pool->stats.connections++;
        if (pf_loop_now_ms() >= dial->started_ms + DIAL_IS_SLOW_MS &&
            pool->max_dials < PF_MAX_DIALS)
            pool->max_dials++;
        pf_dial_free(dial);
        pool->conn_count++;
        on_turn_end(conn);
        return;
    }
    if (make_do(pool, dial)) {
        pf_dial_free(dial);
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
    if (pool->conn_count + pool->dial_count < pool->max_connections)
        return true;
    if (pf_list_empty(idle(pool)))
        return false;
    close_conn(pool, PF_LIST_ENTRY(idle(pool)->next, struct pf_conn, link));
    return true;
}

/* How many dials those who wait are worth. */
static unsigned dials_wanted(const struct pf_pool *pool)
{
    unsigned wanted;

    if (pool->streams == 0 || pool->paused)
        return pool->conn_count > 0 || pool->waiting_count == 0 ? 0 : 1;
    wanted = (pool->waiting_count + pool->streams - 1) / pool->streams;
    return wanted < pool->max_dials ? wanted : pool->max_dials;
}

static void open_more(struct pf_pool *pool)
{
    if (dials_wanted(pool) <= pool->dial_count || !pf_resolver_ready(&pool->resolver))
        return;
    while (dials_wanted(pool) > pool->dial_count && has_room(pool)) {
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

/* The connection that the next exchange goes to: open ones in turn, then the last that was idle. */
static struct pf_conn *choose(struct pf_pool *pool)
{
    struct pf_link *open = &pool->place[PF_CONN_OPEN];

    if (!pf_list_empty(open))
        return PF_LIST_ENTRY(open->next, struct pf_conn, link);
    if (!pf_list_empty(idle(pool)))
        return PF_LIST_ENTRY(idle(pool)->prev, struct pf_conn, link);
    return NULL;
}

void pf_pool_start(struct pf_pool *pool, struct pf_exchange *x)
{
    struct pf_conn *conn = x->fresh ? NULL : choose(pool);

    x->pool = pool;
    x->conn = NULL;
    if (conn) {
        enum fetch_error e = pf_conn_start(conn, x);

        if (e == FETCH_OK) {
            put(pool, conn, room_of(pool, conn) > 0 ? PF_CONN_OPEN : PF_CONN_BUSY);
            return;
        }
        if (e == FETCH_E_CLOSED) {
            file(pool, conn);
        } else { /* out of memory: told from the loop */
            pool->resolve_failure = NULL;
            pf_loop_start_timer(pool->loop, &pool->failed, 0);
        }
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
    if (conn) {
        pf_conn_cancel(conn, x);
        file(pool, conn);
    } else {
        pf_list_remove(&x->link);
        pool->waiting_count--;
    }
    open_more(pool);
}

unsigned pf_pool_capacity(const struct pf_pool *pool)
{
    uint64_t capacity = (uint64_t)pool->max_connections * (pool->streams ? pool->streams : 1);

    return capacity < UINT32_MAX ? (unsigned)capacity : UINT32_MAX;
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
    stats->open = pool->conn_count;
}

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
    for (unsigned i = 0; i <= PF_CONN_BUSY; i++)
        pf_list_init(&pool->place[i]);
    pf_list_init(&pool->dials);
    pf_list_init(&pool->waiting);
    pf_list_init(&pool->waiting_fresh);
    pf_list_init(&pool->again);
    pf_list_init(&pool->ended);
    pf_timer_init(&pool->sweep, on_sweep);
    pf_timer_init(&pool->failed, on_failed);
    pf_buf_init(&pool->scratch, SIZE_MAX / 4);
    pf_buf_init(&pool->input, SIZE_MAX / 4);
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
    pool->conn_owner = (struct pf_conn_owner){
        .loop = options->loop,
        .scratch = &pool->scratch,
        .input = &pool->input,
        .bytes_in = &pool->stats.bytes_in,
        .max_body = options->max_body,
        .h2_at_once = options->http == FETCH_HTTP_2,
        .on_exchange_end = on_exchange_end,
        .on_turn_end = on_turn_end,
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
    for (unsigned i = 0; i <= PF_CONN_BUSY; i++)
        free_conns(&pool->place[i]);
    pf_tls_tickets_fini(&pool->tickets);
    pf_buf_fini(&pool->scratch);
    pf_buf_fini(&pool->input);
    free(pool->host);
    free(pool);
}

/*
 * An exchange goes to the least loaded connection that has room (places.c), or waits.  Whatever
 * connection then has room first, freed or new, takes those who wait in their order.  What carries
 * nothing for a while is closed, by one timer for all; it also has a new connection tried now and
 * then while the peer takes no exchanges on those that there are.
 *
 * All steps are O(1) whatever is open or waits.
 */
#include "transport/pool_inner.h"

#include <stdlib.h>
#include <string.h>

static struct pf_pool *pool_of(struct pf_conn *conn)
{
    return (struct pf_pool *)((char *)(uintptr_t)conn->owner -
                              offsetof(struct pf_pool, conn_owner));
}

/* ------------------------------------------------------------- waiting -- */

struct pf_exchange *pf_pool_next_waiting(struct pf_pool *pool, bool for_new)
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

void pf_pool_finish(struct pf_exchange *x)
{
    x->pool = NULL;
    x->on_end(x);
}

/* -------------------------------------------------------- connections -- */

/* A connection that has not said how many streams it takes will say what the others said; those
 * that are too early for it wait in its line. */
static unsigned room_of(const struct pf_pool *pool, const struct pf_conn *conn)
{
    unsigned likely = pool->streams;

    if (likely == 0 || conn->over || pf_conn_streams(conn) > 0 || pf_conn_takes_none(conn))
        return pf_conn_room(conn);
    return likely > conn->active ? likely - conn->active : 0;
}

static void sweep_later(struct pf_pool *pool)
{
    if (!pf_timer_running(&pool->sweep))
        pf_loop_start_timer(pool->loop, &pool->sweep, PF_IDLE_MS);
}

/* The connection's room, or its load, has changed. */
static void put(struct pf_pool *pool, struct pf_conn *conn)
{
    bool idle = conn->active == 0;

    pf_places_put(&pool->places, conn, room_of(pool, conn), idle ? pf_loop_now_ms() : 0);
    if (idle)
        sweep_later(pool);
}

static void close_conn(struct pf_pool *pool, struct pf_conn *conn)
{
    pool->conn_count--;
    pf_conn_free(conn);
}

bool pf_pool_close_idle(struct pf_pool *pool)
{
    struct pf_conn *conn = pf_places_longest_idle(&pool->places);

    if (conn)
        close_conn(pool, conn);
    return conn != NULL;
}

/* A peer that took no exchanges for this long may take some on a new connection. */
static uint64_t ask_anew_if_due(struct pf_pool *pool, uint64_t now)
{
    uint64_t age = now - pool->paused_ms;

    if (age < PF_IDLE_MS)
        return PF_IDLE_MS - age;
    pool->asks_anew = true;
    pool->paused_ms = now;
    return PF_IDLE_MS;
}

static void on_sweep(struct pf_timer *timer)
{
    struct pf_pool *pool = PF_LIST_ENTRY(timer, struct pf_pool, sweep);
    uint64_t now = pf_loop_now_ms(), next = PF_TIMERS_NEVER;
    struct pf_conn *oldest;

    while ((oldest = pf_places_longest_idle(&pool->places))) {
        uint64_t age = now - oldest->idle_since_ms;

        if (age < PF_IDLE_MS) {
            next = PF_IDLE_MS - age;
            break;
        }
        close_conn(pool, oldest);
    }
    if (pool->paused && pool->conn_count > 0) {
        uint64_t left = ask_anew_if_due(pool, now);

        next = left < next ? left : next;
    }
    if (next != PF_TIMERS_NEVER)
        pf_loop_start_timer(pool->loop, timer, next);
    pf_pool_open_more(pool);
}

/* Fills a connection with those who wait, as far as it has room. */
static void hand_out(struct pf_pool *pool, struct pf_conn *conn)
{
    struct pf_exchange *x;
    enum fetch_error e;

    while (pool->waiting_count > 0 && room_of(pool, conn) > 0 &&
           (x = pf_pool_next_waiting(pool, conn->served == 0))) {
        e = pf_conn_start(conn, x);
        if (e == FETCH_E_CLOSED) {
            wait_first(pool, x);
        } else if (e != FETCH_OK) {
            pf_exchange_note(x, e, FETCH_PHASE_REQUEST, NULL);
            pf_pool_finish(x);
        }
    }
}

/* Puts a connection where it belongs now; it may be gone afterwards. */
static void file(struct pf_pool *pool, struct pf_conn *conn)
{
    hand_out(pool, conn);
    if (conn->over && conn->active == 0)
        close_conn(pool, conn);
    else
        put(pool, conn);
}

static void learn_streams(struct pf_pool *pool, const struct pf_conn *conn)
{
    unsigned streams = pf_conn_streams(conn);

    if (pf_conn_takes_none(conn) && !pool->paused) {
        pool->paused = true;
        pool->paused_ms = pf_loop_now_ms();
        sweep_later(pool);
    } else if (streams > 0) {
        pool->paused = pool->asks_anew = false;
    }
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
        pf_pool_finish(PF_LIST_ENTRY(l, struct pf_exchange, link));
    pf_pool_open_more(pool);
}

void pf_pool_add(struct pf_pool *pool, struct pf_conn *conn)
{
    pool->stats.connections++;
    pool->conn_count++;
    on_turn_end(conn);
}

/* ---------------------------------------------------------------- use -- */

void pf_pool_start(struct pf_pool *pool, struct pf_exchange *x)
{
    struct pf_conn *conn = x->fresh ? NULL : pf_places_least_loaded(&pool->places);

    x->pool = pool;
    x->conn = NULL;
    if (conn) {
        enum fetch_error e = pf_conn_start(conn, x);

        if (e == FETCH_OK) {
            put(pool, conn);
            return;
        }
        if (e == FETCH_E_CLOSED)
            file(pool, conn);
        else /* out of memory: told from the loop */
            pf_pool_fail_waiting(pool);
    }
    wait_for_connection(pool, x);
    pf_pool_open_more(pool);
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
    pf_pool_open_more(pool);
}

unsigned pf_pool_capacity(const struct pf_pool *pool)
{
    uint64_t capacity = (uint64_t)pool->max_connections * (pool->streams ? pool->streams : 1);

    return capacity < UINT32_MAX ? (unsigned)capacity : UINT32_MAX;
}

enum fetch_phase pf_pool_phase(const struct pf_exchange *x)
{
    return x->conn ? pf_exchange_phase(x) : pf_pool_open_phase(x->pool);
}

void pf_pool_stats(const struct pf_pool *pool, struct pf_pool_stats *stats)
{
    *stats = pool->stats;
    stats->open = pool->conn_count;
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
    pf_places_init(&pool->places);
    pf_list_init(&pool->waiting);
    pf_list_init(&pool->waiting_fresh);
    pf_list_init(&pool->again);
    pf_list_init(&pool->ended);
    pf_timer_init(&pool->sweep, on_sweep);
    pf_buf_init(&pool->scratch, SIZE_MAX / 4);
    pf_buf_init(&pool->input, SIZE_MAX / 4);
    pf_pool_open_init(pool, options);
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

void pf_pool_free(struct pf_pool *pool)
{
    if (!pool)
        return;
    pf_pool_open_fini(pool);
    pf_timer_cancel(&pool->sweep);
    pf_places_fini(&pool->places);
    pf_tls_tickets_fini(&pool->tickets);
    pf_buf_fini(&pool->scratch);
    pf_buf_fini(&pool->input);
    free(pool->host);
    free(pool);
}

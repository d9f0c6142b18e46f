/*
 * The pump: the one place from which user code is called, and from which attempts are begun.
 *
 * It runs from the loop, from its own event or at the very end of a socket's turn, where nothing of
 * the library is left to be done above it; hands back what has ended, and then dispatches what
 * there is room for.  A callback may do anything, freeing the client included: then `closing` is
 * set, every call has become a task, and the client goes when the last is run.
 *
 * A full pass takes only the tasks that waited when it began; those that callbacks add come after
 * the loop has looked at its sockets again.
 */
#include "engine/client.h"

#include <event2/event.h>

#include "base/limits.h"

/* ---------------------------------------------------------------- tasks -- */

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

/* ------------------------------------------------------------- dispatch -- */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* When the next call may go: now or before if at once; PF_WHEN_NEVER: something else comes first. */
static uint64_t next_start(struct fetch_client *client, uint64_t now)
{
    uint64_t when;

    if (client->paused || !pf_budget_may_start(&client->budget) ||
        client->in_flight >= pf_pool_capacity(client->pool[0]))
        return PF_WHEN_NEVER;
    when = pf_limiter_when(&client->limiter, now, client->in_flight);
    if (when == PF_WHEN_NEVER)
        return when;
    when = later(when, pf_trust_when(&client->trust, now));
    return later(when,
                 later(pf_brake_when(&client->brake, now), pf_pacer_when(&client->pacer, now)));
}

static struct fetch_call *call_of(struct pf_turn *turn)
{
    return PF_LIST_ENTRY(turn, struct fetch_call, turn);
}

/* The next call's turn, now or at *when. */
static struct fetch_call *next_call(struct fetch_client *client, uint64_t now, uint64_t *when)
{
    enum pf_domains_state state;
    struct pf_turn *turn;

    *when = next_start(client, now);
    if (*when > now)
        return NULL;
    turn = pf_domains_next(&client->domains, now, &state);
    if (!turn)
        *when = state == PF_DOMAINS_RESTING ? pf_domains_next_due(&client->domains) : PF_WHEN_NEVER;
    return turn ? call_of(turn) : NULL;
}

static void dispatch(struct fetch_client *client)
{
    uint64_t now, when;
    struct fetch_call *call;
    struct pf_turn *turn;

    if (client->domains.queued == 0)
        return;
    now = pf_loop_now_ms();
    while ((call = next_call(client, now, &when)))
        pf_attempt_start(call, now);
    while ((turn = pf_domains_given_up(&client->domains, now)))
        pf_attempt_give_up(call_of(turn));
    if (client->domains.queued > 0 && when != PF_WHEN_NEVER)
        pf_loop_start_timer(&client->loop, &client->look_again, when > now ? when - now : 0);
    if (client->domains.queued > 0 && pf_budget_exhausted(&client->budget))
        pf_client_refuse(client, FETCH_E_BUDGET);
}

static void abort_table(struct pf_link *table, enum fetch_error error)
{
    while (!pf_list_empty(table))
        pf_attempt_abort(PF_LIST_ENTRY(table->next, struct fetch_call, link), error,
                         fetch_strerror(error));
}

static void abort_queued(struct fetch_client *client, enum fetch_error error)
{
    struct pf_link waiting, *l;

    pf_list_init(&waiting);
    pf_domains_drain(&client->domains, &waiting);
    while ((l = pf_list_shift(&waiting)))
        pf_attempt_abort(call_of(PF_LIST_ENTRY(l, struct pf_turn, link)), error,
                         fetch_strerror(error));
}

void pf_client_refuse(struct fetch_client *client, enum fetch_error error)
{
    if (client->refusal == FETCH_OK)
        client->refusal = error;
    abort_queued(client, client->refusal);
    abort_table(&client->resting, client->refusal);
}

void pf_client_abort_all(struct fetch_client *client, enum fetch_error error)
{
    abort_queued(client, error);
    abort_table(&client->flying, error);
    abort_table(&client->resting, error);
}

unsigned pf_client_window(const struct fetch_client *client)
{
    unsigned limit = pf_limiter_limit(&client->limiter);

    uint64_t want = 2 * (uint64_t)limit;

    /* Those that wait for a host which may not send are no help: the next may be of another. */
    want += pf_domains_held(&client->domains);
    if (want < PF_WINDOW_MIN)
        want = PF_WINDOW_MIN;
    return want < PF_WINDOW_MAX || 2 * limit > PF_WINDOW_MAX ? (unsigned)want : PF_WINDOW_MAX;
}

/* ----------------------------------------------------------------- pump -- */

void pf_client_pump(struct fetch_client *client)
{
    static const struct timeval at_once = {0, 0};

    client->draining = true;
    run_tasks(client);
    while (client->closing && !pf_list_empty(&client->tasks))
        run_tasks(client);
    if (client->closing) {
        pf_client_destroy(client);
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
    pf_client_pump(client);
}

/* The end of a socket's turn: nothing of the library is above but the libevent callback that
 * returns next. */
static void on_settle(struct pf_loop *loop)
{
    pf_client_pump(PF_LIST_ENTRY(loop, struct fetch_client, loop));
}

static void on_look_again(struct pf_timer *timer)
{
    pf_client_pump_later(PF_LIST_ENTRY(timer, struct fetch_client, look_again));
}

bool pf_client_pump_init(struct fetch_client *client, struct event_base *base)
{
    if (event_assign(&client->pump, base, -1, 0, on_pump, client) != 0)
        return false;
    client->loop.settle = on_settle;
    pf_list_init(&client->tasks);
    pf_timer_init(&client->look_again, on_look_again);
    return true;
}

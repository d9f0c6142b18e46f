#include "policy_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/pacer.h"

enum what { ARRIVES, DONE, ANSWERED, WAKES };

struct call {
    struct call *next;
    struct client *client;
    double service_ms; /* at the provider */
    double started_ms;
    uint64_t started;
    bool refused, failed, again;
    unsigned tries;
    unsigned remaining;
    struct pf_limiter_mark mark;
};

struct event {
    double at;
    uint64_t order;
    enum what what;
    struct call *call;
    struct client *client;
};

struct client {
    struct model *m;
    unsigned index, in_flight;
    bool has_targets;
    struct pf_random random;
    struct pf_limiter limiter;
    struct pf_brake brake;
    struct pf_pacer pacer;
    double wakes; /* when it is to be woken next */
};

struct model {
    struct model_options o;
    struct pf_random random;
    double now;
    unsigned carries, busy;
    struct event *heap;
    size_t events, room;
    uint64_t order;
    struct call *spare;
    struct call *line, **line_end;
    struct client client[MODEL_CLIENTS_MAX];
    struct model_counts counts;
    double *refusal; /* times of all */
    size_t refusals, refusal_room, ban_from;
    unsigned worst;
};

/* ------------------------------------------------------------------ heap -- */

static void *grown(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return p;
    *room = *room ? 2 * *room : 1024;
    p = realloc(p, *room * size);
    if (!p) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return p;
}

static bool before(const struct event *a, const struct event *b)
{
    return a->at < b->at || (!(b->at < a->at) && a->order < b->order);
}

static void push(struct model *m, double at, enum what what, struct call *call,
                 struct client *client)
{
    struct event e = {at, m->order++, what, call, client};
    size_t i = m->events;

    m->heap = grown(m->heap, m->events, &m->room, sizeof *m->heap);
    for (m->events++; i > 0 && before(&e, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = e;
}

static struct event pop(struct model *m)
{
    struct event top = m->heap[0], last = m->heap[--m->events];
    size_t i = 0, child;

    for (; (child = 2 * i + 1) < m->events; i = child) {
        if (child + 1 < m->events && before(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!before(&m->heap[child], &last))
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = last;
    return top;
}

/* ------------------------------------------------------------ randomness -- */

static double uniform(struct model *m)
{
    return ((double)(pf_random_u64(&m->random) >> 11) + 0.5) / 9007199254740992.0;
}

static double lognormal(struct model *m)
{
    double normal = sqrt(-2 * log(uniform(m))) * cos(2 * acos(-1.0) * uniform(m));

    return m->o.mean_ms * exp(m->o.sigma * normal - m->o.sigma * m->o.sigma / 2);
}

/* --------------------------------------------------------------- clients -- */

static struct call *new_call(struct client *c, unsigned tries)
{
    struct model *m = c->m;
    struct call *call = m->spare;

    if (call)
        m->spare = call->next;
    else
        call = malloc(sizeof *call);
    if (!call) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    *call = (struct call){.client = c, .tries = tries};
    call->service_ms = lognormal(m) - m->o.rtt_ms;
    if (call->service_ms < 1)
        call->service_ms = 1;
    return call;
}

static void send_call(struct client *c, struct call *call)
{
    struct model *m = c->m;
    uint64_t now = (uint64_t)m->now;

    call->started = now;
    call->started_ms = m->now;
    m->counts.started++;
    if (m->o.kind == MODEL_POLICY) {
        call->mark = pf_limiter_on_start(&c->limiter, now, c->in_flight);
        pf_brake_on_start(&c->brake, now);
        pf_limiter_on_sent(&c->limiter, now, &call->mark);
        (void)pf_brake_on_sent(&c->brake, now, now, pf_limiter_heard_ms(&c->limiter));
        (void)pf_pacer_on_start(&c->pacer, now);
    }
    push(m, m->now + m->o.rtt_ms / 2, ARRIVES, call, c);
}

/* The engine's dispatch(). */
static void dispatch(struct client *c)
{
    struct model *m = c->m;
    uint64_t now = (uint64_t)m->now, when;

    while (c->has_targets) {
        if (m->o.kind != MODEL_POLICY) {
            if (c->in_flight >= m->o.workers)
                return;
        } else {
            uint64_t at = pf_limiter_when(&c->limiter, now, c->in_flight);

            when = pf_brake_when(&c->brake, now);
            when = at > when ? at : when;
            at = pf_pacer_when(&c->pacer, now);
            when = at > when ? at : when;
            if (when > now) {
                if (when != PF_WHEN_NEVER && (c->wakes <= m->now || (double)when < c->wakes)) {
                    c->wakes = (double)when;
                    push(m, c->wakes, WAKES, NULL, c);
                }
                return;
            }
        }
        c->in_flight++;
        send_call(c, new_call(c, 0));
    }
}

static void note_refusal(struct model *m)
{
    m->refusal = grown(m->refusal, m->refusals, &m->refusal_room, sizeof *m->refusal);
    m->refusal[m->refusals++] = m->now;
    while (m->refusal[m->ban_from] < m->now - MODEL_BAN_MS)
        m->ban_from++;
    if (m->refusals - m->ban_from > m->worst)
        m->worst = (unsigned)(m->refusals - m->ban_from);
}

static void tell_policy(struct client *c, const struct call *call)
{
    struct model *m = c->m;
    uint64_t now = (uint64_t)m->now;
    struct pf_limiter_ended ended = {
        .mark = call->mark,
        .started_ms = call->started,
        .end = call->refused  ? PF_LIMITER_THROTTLED
               : call->failed ? PF_LIMITER_FAILED
                              : PF_LIMITER_OK,
        .in_flight = c->in_flight,
    };

    if (m->o.tells)
        pf_limiter_told(&c->limiter, now, m->carries, call->remaining, c->in_flight);
    pf_limiter_on_end(&c->limiter, now, &ended);
    if (call->refused)
        (void)pf_brake_on_throttled(&c->brake, now, call->started, m->o.retry_after_ms);
    else
        pf_brake_on_end(&c->brake, call->started, ended.end);
}

/* The others' way: the same page again, after 1, 2, 4 ... 16 s or what was asked for. */
static void again(struct client *c, const struct call *old)
{
    struct model *m = c->m;
    double wait = m->o.retry_after_ms ? m->o.retry_after_ms
                                      : 1000.0 * (1u << (old->tries < 4 ? old->tries : 4));
    struct call *call = new_call(c, old->tries + 1);

    m->counts.started++;
    call->started_ms = m->now + wait;
    call->again = true;
    push(m, m->now + wait + m->o.rtt_ms / 2, ARRIVES, call, c);
}

static void on_answer(struct client *c, struct call *call)
{
    struct model *m = c->m;

    if (call->refused) {
        m->counts.refused++;
        note_refusal(m);
    } else if (!call->failed) {
        m->counts.ok++;
        m->counts.ok_of[c->index]++;
        m->counts.latency_ms += m->now - call->started_ms;
    }
    if (m->o.kind == MODEL_POLICY)
        tell_policy(c, call);
    else if (call->refused)
        again(c, call);
    /* A worker keeps its page while that waits; curl does not count it, and adds it again. */
    if (m->o.kind != MODEL_SEMAPHORE || !call->refused)
        c->in_flight--;
    call->next = m->spare;
    m->spare = call;
    dispatch(c);
}

/* -------------------------------------------------------------- provider -- */

static void serve(struct model *m, struct call *call)
{
    m->busy++;
    call->failed = m->o.failures > 0 && uniform(m) < m->o.failures;
    push(m, m->now + call->service_ms, DONE, call, call->client);
}

static void on_arrival(struct model *m, struct call *call)
{
    if (call->again && m->o.kind == MODEL_CURL)
        call->client->in_flight++;
    if (m->busy < m->carries) {
        serve(m, call);
    } else if (m->o.queues) {
        call->next = NULL;
        *m->line_end = call;
        m->line_end = &call->next;
    } else {
        call->refused = true;
        push(m, m->now + m->o.rtt_ms / 2, ANSWERED, call, call->client);
    }
}

static void on_done(struct model *m, struct call *call)
{
    struct call *first = m->line;

    m->busy--;
    call->remaining = m->carries > m->busy ? m->carries - m->busy : 0;
    push(m, m->now + m->o.rtt_ms / 2, ANSWERED, call, call->client);
    if (first && m->busy < m->carries) {
        m->line = first->next;
        if (!m->line)
            m->line_end = &m->line;
        serve(m, first);
    }
}

void model_run(struct model *m, double until_ms)
{
    for (unsigned i = 0; i < m->o.clients; i++)
        dispatch(&m->client[i]);
    while (m->events > 0 && m->heap[0].at <= until_ms) {
        struct event e = pop(m);

        m->now = e.at;
        switch (e.what) {
        case ARRIVES:
            on_arrival(m, e.call);
            break;
        case DONE:
            on_done(m, e.call);
            break;
        case ANSWERED:
            on_answer(e.client, e.call);
            break;
        case WAKES:
            dispatch(e.client);
            break;
        }
    }
    m->now = until_ms;
}

/* ---------------------------------------------------------- life and end -- */

struct model *model_new(const struct model_options *o)
{
    struct model *m = calloc(1, sizeof *m);

    if (!m) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    m->o = *o;
    m->carries = o->carries;
    m->line_end = &m->line;
    pf_random_init_seed(&m->random, o->seed);
    for (unsigned i = 0; i < o->clients; i++) {
        struct client *c = &m->client[i];

        *c = (struct client){.m = m, .index = i, .has_targets = true};
        pf_random_init_seed(&c->random, o->seed * 16 + i);
        pf_limiter_init(&c->limiter, 0, o->workers, 4, 1000000, &c->random);
        pf_brake_init(&c->brake, &c->random);
        pf_pacer_init(&c->pacer, 0);
    }
    return m;
}

static void free_calls(struct call *call)
{
    while (call) {
        struct call *next = call->next;

        free(call);
        call = next;
    }
}

void model_free(struct model *m)
{
    for (size_t i = 0; i < m->events; i++)
        free(m->heap[i].call);
    free_calls(m->spare);
    free_calls(m->line);
    free(m->heap);
    free(m->refusal);
    free(m);
}

double model_now(const struct model *m)
{
    return m->now;
}

void model_set_carries(struct model *m, unsigned carries)
{
    m->carries = carries;
}

void model_set_mean(struct model *m, double mean_ms)
{
    m->o.mean_ms = mean_ms;
}

void model_set_list(struct model *m, unsigned client, bool has_targets)
{
    m->client[client].has_targets = has_targets;
}

void model_take(struct model *m, struct model_counts *out)
{
    *out = m->counts;
    memset(&m->counts, 0, sizeof m->counts);
}

unsigned model_worst(const struct model *m)
{
    return m->worst;
}

unsigned model_in_flight(const struct model *m, unsigned client)
{
    return m->client[client].in_flight;
}

const struct pf_limiter *model_limiter(const struct model *m, unsigned client)
{
    return &m->client[client].limiter;
}

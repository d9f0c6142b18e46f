/*
 * The completion counter: how many targets are outstanding, what comes back in
 * which order, and, once, that all are done.
 *
 * A gather keeps no list of its targets, only the window of those that are
 * taken and not handed back.  In input order, pages that are early wait in a
 * ring indexed by their number; the window counts them too, so one slow page
 * at the head bounds memory and not the other way round.
 *
 * Everything that calls user code is a task of the client's pump: asking the
 * source, handing back, saying that all is done.  A gather that is freed with
 * targets outstanding stays as a husk until the last has come back (the client
 * hands back every one), and calls nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "engine/client.h"
#include "engine/options.h"

#define WINDOW_MAX 1000000u

struct fetch_gather {
    struct fetch_client *client; /* NULL once the client is closed */
    struct fetch_gather_options options;
    struct pf_link calls; /* outstanding, by their sibling link */
    size_t outstanding;   /* taken and not ended */
    size_t next_index;    /* of the next target */
    struct pf_task task;  /* refill, and the end */
    struct pf_timer deadline;
    struct pf_watcher watcher;
    enum fetch_error error;          /* what on_done will say */
    bool source_ended, source_waits; /* END was said; LATER was said */
    bool closed;                     /* no targets from outside any more */
    bool stopped;                    /* no targets at all any more */
    bool done;                       /* on_done was called */
    bool freed;                      /* by its owner: a husk */
    bool running;                    /* within task_run(): freeing waits */

    struct fetch_page **early; /* FETCH_ORDER_INPUT: pages by index, modulo its size */
    size_t early_size;         /* a power of two */
    size_t early_count;
    size_t head; /* index of the next page to hand back */
};

static size_t held(const struct fetch_gather *g)
{
    return g->outstanding + g->early_count;
}

static void post(struct fetch_gather *g)
{
    if (g->client)
        pf_task_post(g->client, &g->task);
}

static void bury(struct fetch_gather *g)
{
    free(g->early);
    free(g);
}

/* ---------------------------------------------------------------- ends -- */

/* The first reason stays. */
static void note_error(struct fetch_gather *g, enum fetch_error error)
{
    if (g->error == FETCH_OK)
        g->error = error;
}

static void cancel_calls(struct fetch_gather *g, bool flying_too)
{
    struct pf_link *l = g->calls.next;

    while (l != &g->calls) {
        struct fetch_call *call = PF_LIST_ENTRY(l, struct fetch_call, sibling);

        l = l->next;
        if (flying_too || call->state != PF_CALL_FLYING)
            fetch_call_cancel(call);
        else
            call->last_attempt = true;
    }
}

static void stop(struct fetch_gather *g, enum fetch_error error, bool flying_too)
{
    if (g->done || g->freed)
        return;
    note_error(g, error);
    g->stopped = true;
    if (g->client)
        cancel_calls(g, flying_too);
    post(g);
}

static bool is_complete(const struct fetch_gather *g)
{
    bool no_more = g->stopped || (g->options.source ? g->source_ended : g->closed);

    return no_more && held(g) == 0;
}

static void finish(struct fetch_gather *g)
{
    g->done = true;
    pf_list_remove(&g->watcher.link);
    pf_timer_cancel(&g->deadline);
    g->client = NULL;
    if (g->options.on_done)
        g->options.on_done(g, g->error, g->options.arg);
}

/* --------------------------------------------------------------- pages -- */

static void hand_over(struct fetch_gather *g, struct fetch_page *page)
{
    if (g->options.on_page)
        g->options.on_page(g, page, g->options.arg);
    else
        fetch_page_free(page);
}

/* Hands over what is next in order, as far as it is there. */
static void hand_over_early(struct fetch_gather *g)
{
    while (!g->freed && g->early_count > 0) {
        struct fetch_page **slot = &g->early[g->head & (g->early_size - 1)];
        struct fetch_page *page = *slot;

        if (!page)
            return;
        *slot = NULL;
        g->early_count--;
        g->head++;
        hand_over(g, page);
    }
}

static void free_early(struct fetch_gather *g)
{
    for (size_t i = 0; i < g->early_size; i++)
        fetch_page_free(g->early[i]);
    g->early_count = 0;
    g->early_size = 0;
}

/* Room in the ring for an index, before its target is submitted: a page always has its place. */
static bool reserve_early(struct fetch_gather *g, size_t index)
{
    size_t size = g->early_size ? g->early_size : PF_WINDOW_MIN;
    struct fetch_page **early;

    if (g->options.order != FETCH_ORDER_INPUT || index - g->head < g->early_size)
        return true;
    while (index - g->head >= size)
        size *= 2;
    early = calloc(size, sizeof *early);
    if (!early)
        return false;
    for (size_t i = 0; i < g->early_size; i++)
        if (g->early[i])
            early[g->early[i]->index & (size - 1)] = g->early[i];
    free(g->early);
    g->early = early;
    g->early_size = size;
    return true;
}

/* From the pump, as a call's on_page. */
static void on_page(struct fetch_page *page, void *arg)
{
    struct fetch_gather *g = arg;
    struct fetch_call *call = (struct fetch_call *)(void *)page;
    bool outer = !g->running;

    pf_list_remove(&call->sibling);
    g->outstanding--;
    if (g->freed) {
        fetch_page_free(page);
        if (g->outstanding == 0 && outer)
            bury(g);
        return;
    }
    g->running = true;
    if (page->outcome != FETCH_OUTCOME_OK && g->options.on_failure == FETCH_ON_FAILURE_STOP)
        stop(g, page->error, true); /* now, even if it is early and waits for its turn */
    if (g->options.order == FETCH_ORDER_INPUT) {
        g->early[page->index & (g->early_size - 1)] = page;
        g->early_count++;
        hand_over_early(g);
    } else {
        hand_over(g, page);
    }
    g->running = false;
    if (g->freed && g->outstanding == 0)
        bury(g);
    else if (!g->freed)
        post(g);
}

/* -------------------------------------------------------------- targets -- */

static enum fetch_error take(struct fetch_gather *g, const struct fetch_target *target)
{
    struct fetch_call *call;
    enum fetch_error e;

    if (!reserve_early(g, g->next_index))
        return FETCH_E_NOMEM;
    e = pf_client_submit(g->client, target, g->next_index, on_page, g, &call);
    if (e != FETCH_OK)
        return e;
    g->next_index++;
    g->outstanding++;
    pf_list_append(&g->calls, &call->sibling);
    return FETCH_OK;
}

static unsigned window(const struct fetch_gather *g)
{
    return g->options.window ? g->options.window : pf_client_window(g->client);
}

static void refill(struct fetch_gather *g)
{
    while (!g->freed && !g->stopped && !g->source_ended && !g->source_waits &&
           held(g) < window(g)) {
        struct fetch_target target = FETCH_TARGET_INIT;
        enum fetch_error e;

        switch (g->options.source(&target, g->options.arg)) {
        case FETCH_PULL_TARGET:
            if (g->freed || g->stopped)
                return; /* the source did that itself: its target is not taken */
            e = target.url ? take(g, &target) : FETCH_E_INVALID;
            if (e != FETCH_OK)
                stop(g, e, true);
            break;
        case FETCH_PULL_LATER:
            g->source_waits = true;
            break;
        case FETCH_PULL_END:
            g->source_ended = true;
            break;
        }
    }
}

static void run(struct pf_task *task)
{
    struct fetch_gather *g = PF_LIST_ENTRY(task, struct fetch_gather, task);

    g->running = true;
    if (g->options.source)
        refill(g);
    if (!g->freed && !g->done && is_complete(g))
        finish(g);
    g->running = false;
    if (g->freed && g->outstanding == 0)
        bury(g);
}

static void on_deadline(struct pf_timer *timer)
{
    stop(PF_LIST_ENTRY(timer, struct fetch_gather, deadline), FETCH_E_TIMEOUT, true);
}

/* The client has made a task of every call; what is left is to say that all is done. */
static void on_close(struct pf_watcher *watcher)
{
    struct fetch_gather *g = PF_LIST_ENTRY(watcher, struct fetch_gather, watcher);

    pf_timer_cancel(&g->deadline);
    note_error(g, FETCH_E_CANCELLED);
    g->stopped = true;
    post(g);
}

/* -------------------------------------------------------------- the API -- */

enum fetch_error fetch_gather_new(struct fetch_gather **out, struct fetch_client *client,
                                  const struct fetch_gather_options *options)
{
    struct fetch_gather *g;

    *out = NULL;
    if (client->closing)
        return FETCH_E_CLOSED;
    g = calloc(1, sizeof *g);
    if (!g)
        return FETCH_E_NOMEM;
    if (!pf_options_adopt(&g->options, sizeof g->options, options, options->size) ||
        g->options.window > WINDOW_MAX) {
        free(g);
        return FETCH_E_INVALID;
    }
    g->client = client;
    pf_list_init(&g->calls);
    pf_task_init(&g->task, run);
    pf_timer_init(&g->deadline, on_deadline);
    g->watcher.on_close = on_close;
    pf_list_append(&client->watchers, &g->watcher.link);
    if (g->options.deadline_ms)
        pf_loop_start_timer(&client->loop, &g->deadline, g->options.deadline_ms);
    post(g);
    *out = g;
    return FETCH_OK;
}

enum fetch_error fetch_gather_add(struct fetch_gather *g, const struct fetch_target *target)
{
    struct fetch_target t;

    if (g->done || g->stopped || !g->client || (g->closed && !g->running))
        return FETCH_E_CLOSED;
    if (!target || !pf_options_adopt(&t, sizeof t, target, target->size) || !t.url)
        return FETCH_E_INVALID;
    return take(g, &t);
}

void fetch_gather_close(struct fetch_gather *g)
{
    g->closed = true;
    post(g);
}

void fetch_gather_wake(struct fetch_gather *g)
{
    g->source_waits = false;
    post(g);
}

void fetch_gather_stop(struct fetch_gather *g)
{
    stop(g, FETCH_E_CANCELLED, false);
}

void fetch_gather_cancel(struct fetch_gather *g)
{
    stop(g, FETCH_E_CANCELLED, true);
}

size_t fetch_gather_outstanding(const struct fetch_gather *g)
{
    return held(g);
}

void fetch_gather_free(struct fetch_gather *g)
{
    if (!g || g->freed)
        return;
    g->freed = true;
    pf_task_cancel(&g->task);
    pf_timer_cancel(&g->deadline);
    if (!g->done)
        pf_list_remove(&g->watcher.link);
    free_early(g);
    if (g->client)
        cancel_calls(g, true);
    if (g->outstanding == 0 && !g->running)
        bury(g);
}

/*
 * fetch_all(): a private loop, a client and a gather, for programs that have none.
 *
 * A page stays in the memory it came in; the list holds a copy of the public
 * struct and the owner beside it.
 *
 * SIGPIPE is blocked in this thread meanwhile, and one that a write raised is
 * taken back before it is unblocked: the program's own handling is not touched.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "pfetch/fetch.h"

struct list {
    struct fetch_pages pages; /* first: what the caller sees */
    struct fetch_page **owner;
    struct fetch_failure failure;
    const char *const *url;
    size_t next; /* of url, to be pulled */
    struct event_base *base;
};

/* What is given where there is no memory to give anything else. */
static struct fetch_pages *out_of_memory(void)
{
    static struct list nothing = {
        .pages = {.error = FETCH_E_NOMEM, .message = "memory ran out before anything was sent"}};

    return &nothing.pages;
}

static enum fetch_pull next_url(struct fetch_target *target, void *arg)
{
    struct list *list = arg;

    if (list->next == list->pages.count)
        return FETCH_PULL_END;
    target->url = list->url[list->next] ? list->url[list->next] : ""; /* its own bad_url */
    list->next++;
    return FETCH_PULL_TARGET;
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct list *list = arg;

    (void)gather;
    list->owner[page->index] = page;
    list->pages.page[page->index] = *page;
}

static void on_done(struct fetch_gather *gather, enum fetch_error error, void *arg)
{
    struct list *list = arg;

    (void)gather;
    (void)error;
    (void)event_base_loopbreak(list->base);
}

static enum fetch_error run(struct list *list, const struct fetch_options *options)
{
    struct fetch_gather_options g = FETCH_GATHER_OPTIONS_INIT;
    struct fetch_client *client;
    struct fetch_gather *gather;
    enum fetch_error e;

    e = fetch_client_new(&client, list->base, options, &list->failure);
    if (e != FETCH_OK)
        return e;
    g.source = next_url;
    g.on_page = on_page;
    g.on_done = on_done;
    g.arg = list;
    e = fetch_gather_new(&gather, client, &g);
    if (e == FETCH_OK) {
        if (event_base_dispatch(list->base) < 0)
            e = FETCH_E_SYSTEM;
        fetch_gather_free(gather);
    }
    fetch_client_free(client);
    (void)event_base_loop(list->base, EVLOOP_NONBLOCK); /* what libevent frees from the loop */
    return e;
}

/* Slots that memory or the loop failed are filled too: none is left without its outcome. */
static void fill_rest(struct list *list, enum fetch_error error)
{
    for (size_t i = 0; i < list->pages.count; i++) {
        struct fetch_page *page = &list->pages.page[i];

        if (list->owner[i])
            continue;
        page->index = i;
        page->url = list->url[i];
        page->outcome = FETCH_OUTCOME_CANCELLED;
        page->error = error ? error : FETCH_E_NOMEM;
        page->phase = FETCH_PHASE_QUEUE;
        page->message = fetch_strerror(page->error);
        page->body = page->protocol = "";
        page->cost_micro = -1;
    }
}

static void take_back_sigpipe(const sigset_t *pipe)
{
    static const struct timespec at_once = {0, 0};
    sigset_t pending;

    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1)
        while (sigtimedwait(pipe, NULL, &at_once) == SIGPIPE)
            ;
}

static enum fetch_error run_without_sigpipe(struct list *list, const struct fetch_options *options)
{
    sigset_t pipe, before, pending;
    bool was_pending;
    enum fetch_error e;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    if (pthread_sigmask(SIG_BLOCK, &pipe, &before) != 0)
        return FETCH_E_SYSTEM;
    e = run(list, options);
    if (!was_pending)
        take_back_sigpipe(&pipe);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

static void fail_whole(struct list *list, enum fetch_error error)
{
    free(list->owner);
    free(list->pages.page);
    list->owner = NULL;
    list->pages.page = NULL;
    list->pages.count = 0;
    list->pages.error = error;
    list->pages.message = list->failure.message[0] ? list->failure.message : fetch_strerror(error);
}

struct fetch_pages *fetch_all_with(const char *const urls[], size_t count,
                                   const struct fetch_options *options)
{
    struct list *list = calloc(1, sizeof *list);
    enum fetch_error e;

    if (!list)
        return out_of_memory();
    list->url = urls;
    list->pages.count = count;
    list->pages.page = calloc(count ? count : 1, sizeof *list->pages.page);
    list->owner = calloc(count ? count : 1, sizeof *list->owner);
    list->base = event_base_new();
    if (!list->pages.page || !list->owner) {
        fail_whole(list, FETCH_E_NOMEM);
    } else if (!list->base) {
        fail_whole(list, FETCH_E_SYSTEM);
    } else {
        e = run_without_sigpipe(list, options);
        if (e != FETCH_OK && list->next == 0)
            fail_whole(list, e);
        else
            fill_rest(list, e);
    }
    if (list->base)
        event_base_free(list->base);
    list->base = NULL;
    return &list->pages;
}

struct fetch_pages *fetch_all(const char *const urls[])
{
    size_t count = 0;

    while (urls[count])
        count++;
    return fetch_all_with(urls, count, NULL);
}

void fetch_pages_free(struct fetch_pages *pages)
{
    struct list *list = (struct list *)(void *)pages;

    if (!pages || pages == out_of_memory())
        return;
    for (size_t i = 0; i < pages->count; i++)
        fetch_page_free(list->owner[i]);
    free(list->owner);
    free(pages->page);
    free(list);
}

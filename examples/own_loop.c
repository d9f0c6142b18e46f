/*
 * A program that has an event loop of its own: a timer ticks while pages come in.  Each page that
 * is there asks for the next: callbacks may submit, cancel, and free the client.
 */
#include <signal.h>
#include <stdio.h>

#include <event2/event.h>

#include <pfetch/fetch.h>

struct program {
    struct event_base *base;
    struct fetch_client *client;
    struct event *tick;
    int pages, ticks, failed;
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct program *program = arg;

    (void)fd;
    (void)what;
    program->ticks++;
}

static void ask(struct program *program, const char *url);

static void on_page(struct fetch_page *page, void *arg)
{
    struct program *program = arg;

    printf("%s: %s, %zu bytes\n", page->url, fetch_outcome_name(page->outcome), page->body_len);
    if (page->outcome != FETCH_OUTCOME_OK)
        program->failed = 1;
    fetch_page_free(page);
    if (++program->pages == 1) {
        ask(program, "https://example.org/then");
    } else {
        fetch_client_free(program->client);
        event_free(program->tick); /* nothing is left to wait for: the loop ends */
    }
}

static void ask(struct program *program, const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    enum fetch_error e;

    target.url = url;
    e = fetch_client_submit(program->client, &target, on_page, program, NULL);
    if (e != FETCH_OK) {
        fprintf(stderr, "own_loop: %s\n", fetch_strerror(e));
        program->failed = 1;
        event_base_loopbreak(program->base);
    }
}

int main(void)
{
    static const struct timeval tenth = {0, 100000};
    struct program program = {0};
    struct fetch_failure failure;

    signal(SIGPIPE, SIG_IGN); /* as every program with bufferevents */
    program.base = event_base_new();
    if (!program.base)
        return 2;
    if (fetch_client_new(&program.client, program.base, NULL, &failure) != FETCH_OK) {
        fprintf(stderr, "own_loop: %s\n", failure.message);
        event_base_free(program.base);
        return 2;
    }
    program.tick = event_new(program.base, -1, EV_PERSIST, on_tick, &program);
    if (program.tick)
        event_add(program.tick, &tenth);
    ask(&program, "https://example.com/first");
    event_base_dispatch(program.base);
    printf("%d pages while a timer ticked %d times\n", program.pages, program.ticks);
    event_base_free(program.base);
    return program.failed;
}

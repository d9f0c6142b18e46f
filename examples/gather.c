/*
 * What asyncio's own first example does: three tasks of one second each, gathered
 * in about one second.  Then a thousand of them, in about the same.
 *
 * Needs an endpoint whose pages take a second:
 *
 *   pfetch-sandbox --listen 127.0.0.1:8080 latency=1s &
 *   PFETCH_ENDPOINT=http://127.0.0.1:8080/ PFETCH_KEY=demo ./gather
 */
#include <stdio.h>
#include <time.h>

#include <event2/event.h>

#include <pfetch/fetch.h>

struct job {
    unsigned wanted, asked, ok;
    struct event_base *base;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The gather asks for targets as it has room: a list need not exist. */
static enum fetch_pull next(struct fetch_target *target, void *arg)
{
    static char url[64];
    struct job *job = arg;

    if (job->asked == job->wanted)
        return FETCH_PULL_END;
    snprintf(url, sizeof url, "https://example.com/page/%u", ++job->asked);
    target->url = url;
    return FETCH_PULL_TARGET;
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct job *job = arg;

    (void)gather;
    if (page->outcome == FETCH_OUTCOME_OK)
        job->ok++;
    else
        fprintf(stderr, "%s\n", page->message);
    fetch_page_free(page);
}

static void on_done(struct fetch_gather *gather, enum fetch_error error, void *arg)
{
    struct job *job = arg;

    (void)error;
    fetch_gather_free(gather);
    event_base_loopbreak(job->base);
}

static int gather(struct event_base *base, unsigned count)
{
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_gather_options how = FETCH_GATHER_OPTIONS_INIT;
    struct job job = {.wanted = count, .base = base};
    struct fetch_failure failure;
    struct fetch_client *client;
    struct fetch_gather *all;
    double start = seconds();

    options.concurrency = count;
    if (fetch_client_new(&client, base, &options, &failure) != FETCH_OK) {
        fprintf(stderr, "gather: %s\n", failure.message);
        return 2;
    }
    how.source = next;
    how.on_page = on_page;
    how.on_done = on_done;
    how.arg = &job;
    if (fetch_gather_new(&all, client, &how) != FETCH_OK) {
        fetch_client_free(client);
        return 2;
    }
    event_base_dispatch(base);
    printf("%u of %u pages in %.2f s\n", job.ok, count, seconds() - start);
    fetch_client_free(client);
    return job.ok == count ? 0 : 1;
}

int main(void)
{
    struct event_base *base = event_base_new();
    int status;

    if (!base)
        return 2;
    status = gather(base, 3);
    if (status == 0)
        status = gather(base, 1000);
    event_base_free(base);
    return status;
}

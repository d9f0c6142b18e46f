/*
 * The same job with this library, through its public header alone: one client on the program's
 * own event_base, one gather over a source that makes each target when it is asked for it.
 * Nothing is switched off: timeouts, retries, limits, the strict parser and the verdict work as
 * they do for everybody.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include <signal.h>

#include <event2/event.h>
#include <pfetch/fetch.h>

struct client {
    struct bench bench;
    struct event_base *base;
    struct event *sample_timer;
    struct fetch_client *client;
    struct fetch_gather *gather;
    char url[sizeof("https://example.com/") + BENCH_DIGITS];
    bool failed;
};

static enum fetch_pull on_pull(struct fetch_target *target, void *arg)
{
    struct client *client = arg;

    if (client->bench.started == client->bench.pages)
        return FETCH_PULL_END;
    bench_digits(client->url + strlen("https://example.com/"), client->bench.started++);
    target->url = client->url;
    return FETCH_PULL_TARGET;
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct client *client = arg;

    (void)gather;
    if (page->outcome == FETCH_OUTCOME_OK) {
        bench_page(&client->bench, page->body, page->body_len);
    } else if (!client->failed) {
        fprintf(stderr, "pf: %s\n", page->message);
        client->failed = true;
    }
    fetch_page_free(page);
}

static void on_done(struct fetch_gather *gather, enum fetch_error error, void *arg)
{
    struct client *client = arg;

    (void)gather;
    if (error != FETCH_OK)
        fprintf(stderr, "pf: %s\n", fetch_strerror(error));
    event_base_loopbreak(client->base);
}

static void on_sample(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    struct fetch_stats stats = {.size = sizeof(stats)};

    (void)fd;
    (void)what;
    fetch_client_stats(client->client, &stats);
    bench_sample(&client->bench, stats.in_flight);
}

static bool start(struct client *client)
{
    struct bench *bench = &client->bench;
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_gather_options gather = FETCH_GATHER_OPTIONS_INIT;
    struct fetch_failure failure = {.message = "no event_base"};
    struct timeval sample = {.tv_sec = bench->sample_ms / 1000,
                             .tv_usec = bench->sample_ms % 1000 * 1000};
    char endpoint[128];

    if (!bench_endpoint(bench, endpoint, sizeof(endpoint)))
        return false;
    options.endpoint = endpoint;
    options.key = BENCH_KEY;
    options.key_param = "auth_key";
    options.concurrency = bench->calls;
    options.connections = bench->connections;
    options.ca_file = bench->ca_file;
    options.http = bench->streams ? FETCH_HTTP_2 : FETCH_HTTP_1_1;
    gather.source = on_pull;
    gather.on_page = on_page;
    gather.on_done = on_done;
    gather.arg = client;

    client->base = event_base_new();
    if (!client->base ||
        fetch_client_new(&client->client, client->base, &options, &failure) != FETCH_OK) {
        fprintf(stderr, "pf: %s\n", failure.message);
        return false;
    }
    if (bench->sample_ms) {
        client->sample_timer = evtimer_new(client->base, on_sample, client);
        if (!client->sample_timer || evtimer_add(client->sample_timer, &sample) != 0)
            return false;
    }
    return fetch_gather_new(&client->gather, client->client, &gather) == FETCH_OK;
}

static void client_fini(struct client *client)
{
    fetch_gather_free(client->gather);
    fetch_client_free(client->client);
    if (client->sample_timer)
        event_free(client->sample_timer);
    if (client->base)
        event_base_free(client->base);
}

int main(int argc, char **argv)
{
    struct client client = {.url = "https://example.com/"};
    int status = 1;

    signal(SIGPIPE, SIG_IGN);
    if (bench_init(&client.bench, "pf", argc, argv)) {
        bench_start(&client.bench);
        if (start(&client))
            event_base_dispatch(client.base);
        client_fini(&client);
        status = bench_report(&client.bench);
    }
    bench_fini(&client.bench);
    return status;
}

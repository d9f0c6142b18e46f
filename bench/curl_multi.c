/*
 * The same job with libcurl's multi interface, the way its documentation recommends for many
 * transfers: curl_multi_socket_action() driven by epoll, not curl_multi_perform(); easy handles
 * set up once and used again, so that their connections are kept alive in the multi handle's
 * pool; a pool as large as the number of transfers; no signals; bodies gathered in memory that
 * doubles as they grow.  Names, cookies and redirects play no part here.
 *
 * Over HTTP/2 a transfer waits for a connection that can take one more stream rather than opening
 * its own (CURLOPT_PIPEWAIT), and connections and streams are limited to what was asked for.
 *
 * A handle that is done has to be removed from the multi handle and added again to take its next
 * URL: libcurl has no shorter way.
 */
#include "bench.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 512
#define FIRST_BODY_BYTES 16384

struct transfer {
    CURL *easy;
    char *body;
    size_t len;
    size_t room;
};

struct client {
    struct bench bench;
    int epoll_fd;
    CURLM *multi;
    struct transfer *transfer; /* bench.calls of them */
    struct curl_slist *headers;
    bool timer_set;
    unsigned timer_at_ms; /* since bench_start() */
    bool failed;
};

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t len = size * count;

    if (len > transfer->room - transfer->len) {
        size_t room = transfer->room ? transfer->room : FIRST_BODY_BYTES;
        char *body;

        while (room - transfer->len < len)
            room *= 2;
        body = realloc(transfer->body, room);
        if (!body)
            return 0;
        transfer->body = body;
        transfer->room = room;
    }
    memcpy(transfer->body + transfer->len, data, len);
    transfer->len += len;
    return len;
}

/* libcurl gives `known` back as it was set by curl_multi_assign(): non-NULL once registered. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct client *client = arg;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(client->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        client->failed = true;
    if (!known)
        curl_multi_assign(client->multi, fd, client);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct client *client = arg;

    (void)multi;
    client->timer_set = timeout_ms >= 0;
    if (client->timer_set)
        client->timer_at_ms = bench_elapsed_ms(&client->bench) + (unsigned)timeout_ms;
    return 0;
}

static bool transfer_start(struct client *client, struct transfer *transfer)
{
    struct bench *bench = &client->bench;
    char endpoint[128];
    char url[256];
    char digits[BENCH_DIGITS + 1] = "";

    if (bench->started == bench->pages)
        return true;
    if (!bench_endpoint(bench, endpoint, sizeof(endpoint)))
        return false;
    bench_digits(digits, bench->started++);
    snprintf(url, sizeof(url), "%s?auth_key=" BENCH_KEY "&url=https%%3A%%2F%%2Fexample.com%%2F%s",
             endpoint, digits);
    return curl_easy_setopt(transfer->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK;
}

static bool transfer_init(struct client *client, struct transfer *transfer)
{
    const struct bench *bench = &client->bench;
    long http = !bench->streams  ? CURL_HTTP_VERSION_1_1
                : bench->ca_file ? CURL_HTTP_VERSION_2TLS
                                 : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    CURL *easy = curl_easy_init();

    transfer->easy = easy;
    return easy && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PIPEWAIT, bench->streams ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAINFO, bench->ca_file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
}

static void transfer_finish(struct client *client, const CURLMsg *message)
{
    struct transfer *transfer = NULL;
    long status = 0;

    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result != CURLE_OK || status != 200) {
        fprintf(stderr, "curl_multi: %s, status %ld\n", curl_easy_strerror(message->data.result),
                status);
        client->failed = true;
        return;
    }
    bench_page(&client->bench, transfer->body, transfer->len);
    free(transfer->body);
    transfer->body = NULL;
    transfer->len = 0;
    transfer->room = 0;
    curl_multi_remove_handle(client->multi, transfer->easy);
    if (!transfer_start(client, transfer))
        client->failed = true;
}

static void drain_messages(struct client *client)
{
    CURLMsg *message;
    int left;

    while (!client->failed && (message = curl_multi_info_read(client->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            transfer_finish(client, message);
}

/* Milliseconds until the earlier of libcurl's timer and the sample; -1: neither is set. */
static int wait_ms(const struct client *client, unsigned now_ms)
{
    const struct bench *bench = &client->bench;
    unsigned at_ms = client->timer_set ? client->timer_at_ms : UINT_MAX;

    if (bench->sample_ms && !bench->waiting && bench->sample_ms < at_ms)
        at_ms = bench->sample_ms;
    if (at_ms == UINT_MAX)
        return -1;
    return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

static void run_timers(struct client *client)
{
    struct bench *bench = &client->bench;
    unsigned now_ms = bench_elapsed_ms(bench);
    int running;

    if (bench->sample_ms && !bench->waiting && now_ms >= bench->sample_ms)
        bench_sample(bench, bench->started - bench->done);
    if (client->timer_set && now_ms >= client->timer_at_ms) {
        client->timer_set = false;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void loop(struct client *client)
{
    struct bench *bench = &client->bench;
    struct epoll_event event[EVENTS_PER_WAIT];
    int running;

    while (!client->failed && bench->done < bench->pages) {
        int count = epoll_wait(client->epoll_fd, event, EVENTS_PER_WAIT,
                               wait_ms(client, bench_elapsed_ms(bench)));

        for (int i = 0; i < count; i++) {
            int what = (event[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                       (event[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (event[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

            curl_multi_socket_action(client->multi, event[i].data.fd, what, &running);
        }
        run_timers(client);
        drain_messages(client);
    }
}

static bool use_epoll(struct client *client)
{
    CURLM *multi = client->multi;

    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) == CURLM_OK;
}

static bool limit_connections(struct client *client)
{
    const struct bench *bench = &client->bench;
    long connections = (long)bench->connections;
    CURLM *multi = client->multi;

    return curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK &&
           (!bench->streams ||
            (curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK &&
             curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections) == CURLM_OK &&
             curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)bench->streams) ==
                 CURLM_OK));
}

static bool start(struct client *client)
{
    struct bench *bench = &client->bench;
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->multi = curl_multi_init();
    client->transfer = calloc(bench->calls, sizeof(*client->transfer));
    client->headers = curl_slist_append(NULL, "User-Agent: libpfetch/0.1.0");
    if (client->headers)
        curl_slist_append(client->headers, "Accept-Encoding: gzip, br, zstd");
    if (client->epoll_fd < 0 || !client->multi || !client->transfer || !client->headers ||
        !limit_connections(client) || !use_epoll(client))
        return false;
    for (unsigned i = 0; i < bench->calls; i++)
        if (!transfer_init(client, &client->transfer[i]) ||
            !transfer_start(client, &client->transfer[i]))
            return false;
    return true;
}

static void client_fini(struct client *client)
{
    for (unsigned i = 0; client->transfer && i < client->bench.calls; i++) {
        struct transfer *transfer = &client->transfer[i];

        if (transfer->easy) {
            curl_multi_remove_handle(client->multi, transfer->easy);
            curl_easy_cleanup(transfer->easy);
        }
        free(transfer->body);
    }
    free(client->transfer);
    curl_slist_free_all(client->headers);
    if (client->multi)
        curl_multi_cleanup(client->multi);
    if (client->epoll_fd >= 0)
        close(client->epoll_fd);
    bench_fini(&client->bench);
}

int main(int argc, char **argv)
{
    struct client client = {.epoll_fd = -1};
    int status = 1;

    if (curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK &&
        bench_init(&client.bench, "curl_multi", argc, argv)) {
        bench_start(&client.bench);
        if (start(&client))
            loop(&client);
        else
            fprintf(stderr, "curl_multi: cannot start\n");
        status = bench_report(&client.bench);
    }
    client_fini(&client);
    curl_global_cleanup();
    return status;
}

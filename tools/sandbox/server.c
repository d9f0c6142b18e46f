#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attempts.h"
#include "call.h"
#include "coding.h"
#include "plan.h"
#include "proxiesapi.h"

/*
 * evhttp speaks HTTP; this file opens its sockets and decides what a request is.
 *
 * The sockets are our own and not evhttp_bind_socket()'s, for that one listens with a backlog
 * of 128: of 8,000 connections that arrive in one go most would be dropped and come back a
 * second later, which looks like a slow client.
 *
 * When descriptors run out, accepting stops instead of spinning, and a timer starts it again.
 * The timer always runs: evhttp keeps the listener's argument for itself, so the callback that
 * hears of the failure cannot reach the sandbox to start one.
 */

#define BACKLOG 16384                       /* the system cuts it to its own (somaxconn)       */
#define MAX_HEAD_BYTES ((ev_ssize_t)262144) /* a target of 64 KiB, each byte as %XX, and more   */
#define MAX_BODY_BYTES ((ev_ssize_t)65536)  /* calls have none                                  */
#define IDLE_TIMEOUT_S 3600                 /* outlasts every latency and every drip           */
#define ACCEPT_AGAIN_MS 100

static void answer_stats(const struct sandbox *sandbox, struct evhttp_request *req)
{
    char json[1024 + 2];
    int len = sandbox_counters_json(&sandbox->counters, json, sizeof(json) - 1);

    json[len] = '\n';
    json[len + 1] = '\0';
    sandbox_reply_json(req, 200, -1, json);
}

static uint64_t *refusal_counter(struct sandbox *sandbox, int status)
{
    if (status == 401)
        return &sandbox->counters.unauthorized;
    return status < 500 ? &sandbox->counters.bad_requests : &sandbox->counters.errors;
}

static void refuse(struct sandbox *sandbox, struct evhttp_request *req,
                   const struct sandbox_refusal *refusal)
{
    ++*refusal_counter(sandbox, refusal->status);
    sandbox_reply_json(req, refusal->status, -1, refusal->body);
}

/* A call whose key and target are good.  Takes what *ask holds. */
static void admit(struct sandbox *sandbox, struct evhttp_request *req, struct sandbox_ask *ask)
{
    static const struct sandbox_refusal full = {503, "{\"error\":\"The sandbox is full.\"}\n"};
    const struct sandbox_spec *spec = &sandbox->spec;
    struct sandbox_counters *counters = &sandbox->counters;
    struct sandbox_plan plan;
    uint32_t n;

    if (spec->limit > 0 && counters->in_flight >= spec->limit) {
        counters->throttled++;
        sandbox_reply_json(req, 429, spec->retry_after_s, sandbox_proxiesapi_throttled());
        sandbox_ask_fini(ask);
        return;
    }
    if (counters->in_flight >= SANDBOX_CALLS_MAX) {
        refuse(sandbox, req, &full);
        sandbox_ask_fini(ask);
        return;
    }
    n = sandbox_attempts_next(sandbox->attempts, sandbox_hash(ask->url, strlen(ask->url)));
    counters->targets = sandbox_attempts_targets(sandbox->attempts);
    sandbox_plan_make(&plan, spec, ask->url, n);
    if (sandbox_call_start(sandbox, req, ask, &plan) != 0) {
        refuse(sandbox, req, &full);
        sandbox_ask_fini(ask);
    }
}

static void on_request(struct evhttp_request *req, void *arg)
{
    static const struct sandbox_refusal nowhere = {
        404,
        "{\"error\":\"The endpoint is at /, the statistics are at " SANDBOX_STATS_PATH ".\"}\n"};
    struct sandbox *sandbox = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = evhttp_uri_get_path(uri);
    struct sandbox_refusal refusal;
    struct sandbox_ask ask;

    if (path != NULL && strcmp(path, SANDBOX_STATS_PATH) == 0) {
        answer_stats(sandbox, req);
        return;
    }
    sandbox->counters.calls++;
    if (path != NULL && path[0] != '\0' && strcmp(path, "/") != 0)
        refuse(sandbox, req, &nowhere);
    else if (sandbox_proxiesapi_read(&ask, evhttp_uri_get_query(uri), sandbox->spec.key,
                                     &refusal) != 0)
        refuse(sandbox, req, &refusal);
    else
        admit(sandbox, req, &ask);
}

/* Called for each connection; no bufferevent means that evhttp makes its usual one. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
    struct sandbox *sandbox = arg;

    (void)base;
    sandbox->counters.connections++;
    return NULL;
}

/* Does nothing to a listener that was never stopped. */
static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
    struct sandbox *sandbox = arg;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < sandbox->listeners; i++)
        evconnlistener_enable(sandbox->listener[i]);
}

/* accept(2) failed for want of descriptors or memory; the connection waits in the backlog. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg;
    evconnlistener_disable(listener);
}

struct sandbox *sandbox_new(struct event_base *base, const char *spec, char *error,
                            size_t error_len)
{
    const struct timeval idle = {IDLE_TIMEOUT_S, 0};
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));

    if (sandbox == NULL)
        goto no_memory;
    if (sandbox_spec_read(&sandbox->spec, spec, error, error_len) != 0) {
        sandbox_free(sandbox);
        return NULL;
    }
    sandbox->base = base;
    sandbox->http = evhttp_new(base);
    sandbox->attempts = sandbox_attempts_new();
    sandbox->coder = sandbox_coder_new();
    sandbox->accept_again = event_new(base, -1, EV_PERSIST, on_accept_again, sandbox);
    if (sandbox->http == NULL || sandbox->attempts == NULL || sandbox->coder == NULL ||
        sandbox->accept_again == NULL)
        goto no_memory;
    evhttp_set_max_headers_size(sandbox->http, MAX_HEAD_BYTES);
    evhttp_set_max_body_size(sandbox->http, MAX_BODY_BYTES);
    evhttp_set_timeout_tv(sandbox->http, &idle);
    evhttp_set_default_content_type(sandbox->http, NULL);
    evhttp_set_allowed_methods(sandbox->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_bevcb(sandbox->http, on_connection, sandbox);
    evhttp_set_gencb(sandbox->http, on_request, sandbox);
    return sandbox;

no_memory:
    snprintf(error, error_len, "The sandbox ran out of memory");
    sandbox_free(sandbox);
    return NULL;
}

void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    if (sandbox->accept_again != NULL)
        event_free(sandbox->accept_again);
    sandbox_calls_free(sandbox);
    if (sandbox->http != NULL)
        evhttp_free(sandbox->http);
    sandbox_attempts_free(sandbox->attempts);
    sandbox_coder_free(sandbox->coder);
    free(sandbox);
}

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns the address's length, or 0 where it is no numeric address. */
static socklen_t address_read(union any_address *out, const char *address, uint16_t port)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, address, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return sizeof(out->v4);
    }
    if (inet_pton(AF_INET6, address, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return sizeof(out->v6);
    }
    return 0;
}

int sandbox_is_loopback(const char *address)
{
    union any_address read;

    if (address_read(&read, address, 0) == 0)
        return -1;
    if (read.any.sa_family == AF_INET)
        return ntohl(read.v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&read.v6.sin6_addr) ? 1 : 0;
}

static uint16_t port_of(evutil_socket_t fd)
{
    union any_address bound = {0};
    socklen_t len = sizeof(bound);

    if (getsockname(fd, &bound.any, &len) != 0)
        return 0;
    return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

int sandbox_listen(struct sandbox *sandbox, const char *address, uint16_t port)
{
    const unsigned flags = LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE;
    const struct timeval again = {0, ACCEPT_AGAIN_MS * 1000};
    const int one = 1;
    union any_address wanted;
    socklen_t len = address_read(&wanted, address, port);
    struct evconnlistener *listener;

    if (len == 0 || sandbox->listeners == SANDBOX_LISTENERS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (sandbox_is_loopback(address) != 1) {
        errno = EPERM;
        return -1;
    }
    listener = evconnlistener_new_bind(sandbox->base, NULL, sandbox, flags, BACKLOG, &wanted.any,
                                       (int)len);
    if (listener == NULL)
        return -1;
    /* Accepted sockets inherit it: the pieces of a drip must not wait for acknowledgements. */
    (void)setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (evhttp_bind_listener(sandbox->http, listener) == NULL) {
        evconnlistener_free(listener);
        errno = ENOMEM;
        return -1;
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    (void)event_add(sandbox->accept_again, &again);
    sandbox->listener[sandbox->listeners++] = listener;
    if (sandbox->port == 0)
        sandbox->port = port_of(evconnlistener_get_fd(listener));
    return 0;
}

uint16_t sandbox_port(const struct sandbox *sandbox)
{
    return sandbox->port;
}

const struct sandbox_counters *sandbox_counters(const struct sandbox *sandbox)
{
    return &sandbox->counters;
}

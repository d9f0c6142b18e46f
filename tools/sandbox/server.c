#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ask.h"
#include "attempts.h"
#include "call.h"
#include "coding.h"
#include "dialect.h"
#include "plan.h"
#include "text.h"

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
#define MAX_BODY_BYTES ((ev_ssize_t)65536)  /* JSON that is posted                              */
#define IDLE_TIMEOUT_S 3600                 /* outlasts every latency and every drip           */
#define ACCEPT_AGAIN_MS 100

static void answer_stats(const struct sandbox *sandbox, struct evhttp_request *req)
{
    char json[1024 + 2];
    int len = sandbox_counters_json(&sandbox->counters, json, sizeof(json) - 1);

    json[len] = '\n';
    json[len + 1] = '\0';
    sandbox_reply_words(req, 200, -1, json);
}

/* The dialect's words for a situation that every dialect has. */
static const struct sandbox_saying *saying_of(const struct sandbox *sandbox, const char *name)
{
    return sandbox_dialect_saying(sandbox->spec.dialect, sandbox_text_of(name));
}

static void answer_saying(struct sandbox *sandbox, struct evhttp_request *req, const char *name)
{
    const struct sandbox_saying *saying = saying_of(sandbox, name);

    sandbox_reply_saying(sandbox, req, saying, -1, sandbox_saying_words(saying));
}

static void answer_full(struct sandbox *sandbox, struct evhttp_request *req)
{
    sandbox->counters.errors++;
    sandbox_reply_words(req, 503, -1, "{\"error\":\"The sandbox is full.\"}\n");
}

static void answer_nowhere(struct sandbox *sandbox, struct evhttp_request *req)
{
    sandbox->counters.bad_requests++;
    sandbox_reply_words(
        req, 404, -1,
        "{\"error\":\"The endpoint is at /, the statistics are at " SANDBOX_STATS_PATH
        ", the spec is changed at " SANDBOX_SPEC_PATH ".\"}\n");
}

static void refuse(struct sandbox *sandbox, struct evhttp_request *req,
                   const struct sandbox_refusal *refusal)
{
    switch (refusal->cause) {
    case SANDBOX_REFUSED_KEY:
        sandbox_reply_saying(sandbox, req, saying_of(sandbox, "bad-key"), -1, refusal->body);
        break;
    case SANDBOX_REFUSED_REQUEST:
        sandbox_reply_saying(sandbox, req, saying_of(sandbox, "bad-request"), -1, refusal->body);
        break;
    case SANDBOX_REFUSED_MEMORY:
        sandbox->counters.errors++;
        sandbox_reply_words(req, 500, -1, refusal->body);
        break;
    }
}

/* The query is a spec on top of the one in force.  Not percent-decoded: no spec but that of a key
 * has a byte that needs it. */
static void change_spec(struct sandbox *sandbox, struct evhttp_request *req, const char *query)
{
    char error[256], json[300];

    if (sandbox_spec_change(&sandbox->spec, query, error, sizeof(error)) == 0) {
        sandbox_reply_words(req, 200, -1, "{\"changed\":true}\n");
        return;
    }
    snprintf(json, sizeof(json), "%s\n", error);
    sandbox_reply_words(req, 400, -1, json);
}

static void answer_throttled(struct sandbox *sandbox, struct evhttp_request *req)
{
    const struct sandbox_spec *spec = &sandbox->spec;
    const struct sandbox_saying *saying;
    struct timeval now;

    if (spec->ban_calls > 0) {
        event_base_gettimeofday_cached(sandbox->base, &now);
        sandbox_ban_count(&sandbox->ban, spec->ban_calls, spec->ban_s * 1000,
                          (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000);
    }
    saying = saying_of(sandbox, "throttled");
    sandbox_reply_saying(sandbox, req, saying, spec->retry_after_s, sandbox_saying_words(saying));
}

/* A call whose key and target are good.  1: *ask was taken, 0: it was not, and the call is
 * answered. */
static int admit(struct sandbox *sandbox, struct evhttp_request *req, struct sandbox_ask *ask)
{
    const struct sandbox_spec *spec = &sandbox->spec;
    struct sandbox_counters *counters = &sandbox->counters;
    struct sandbox_plan plan;
    uint32_t n;

    if (sandbox->ban.banned) {
        answer_saying(sandbox, req, saying_of(sandbox, "banned") != NULL ? "banned" : "bad-key");
        return 0;
    }
    if (spec->credits > 0 && counters->credits + spec->cost > spec->credits) {
        answer_saying(sandbox, req, "no-credits");
        return 0;
    }
    if (spec->limit > 0 && counters->in_flight >= spec->limit) {
        answer_throttled(sandbox, req);
        return 0;
    }
    if (counters->in_flight >= SANDBOX_CALLS_MAX) {
        answer_full(sandbox, req);
        return 0;
    }
    n = sandbox_attempts_next(sandbox->attempts, sandbox_hash(ask->url, strlen(ask->url)));
    counters->targets = sandbox_attempts_targets(sandbox->attempts);
    sandbox_plan_make(&plan, spec, ask->url, n);
    if (sandbox_call_start(sandbox, req, ask, &plan) == 0)
        return 1;
    answer_full(sandbox, req);
    return 0;
}

static void on_call(struct sandbox *sandbox, struct evhttp_request *req, const char *query)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    const struct sandbox_request request = {query, evhttp_request_get_input_headers(req),
                                            (const char *)evbuffer_pullup(in, -1),
                                            evbuffer_get_length(in)};
    struct sandbox_refusal refusal;
    struct sandbox_ask ask;

    if (sandbox_ask_read(&ask, sandbox->spec.dialect, &request, sandbox->spec.key, &refusal) != 0)
        refuse(sandbox, req, &refusal);
    else if (!admit(sandbox, req, &ask))
        sandbox_ask_fini(&ask);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    struct sandbox *sandbox = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);

    if (path == NULL)
        path = "";
    if (strcmp(path, SANDBOX_STATS_PATH) == 0) {
        answer_stats(sandbox, req);
        return;
    }
    if (strcmp(path, SANDBOX_SPEC_PATH) == 0) {
        change_spec(sandbox, req, query);
        return;
    }
    sandbox->counters.calls++;
    if (path[0] != '\0' && strcmp(path, "/") != 0)
        answer_nowhere(sandbox, req);
    else
        on_call(sandbox, req, query);
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
    evhttp_set_allowed_methods(sandbox->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                                  EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
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

const char *sandbox_profile(const struct sandbox *sandbox)
{
    return sandbox->spec.dialect->name;
}

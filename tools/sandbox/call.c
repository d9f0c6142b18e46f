#include "call.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "body.h"
#include "dialect.h"
#include "fields.h"
#include "plan.h"
#include "server.h"

/*
 * A call owns its request until the reply's last byte is handed to evhttp, and evhttp has two
 * habits that shape this file.
 *
 * When a client goes away while its request is ours, evhttp frees the connection and leaves the
 * request behind without one; such a request is freed by "ending" its reply.  So a drip looks
 * for the connection before each step, and nothing here keeps a pointer to it.
 *
 * A connection must not be freed within the callback that brought the request.  The two
 * answers that do free it (drop, cut) therefore always go through the timer, even without
 * latency.
 *
 * A body that drips could also be written whole, with a rate limit on its bufferevent.  That
 * was not done: limits are shared structures that must outlive the connection, and a body that is
 * cut off needs a last step after its last byte in any case.
 */

#define DRIP_MS 50       /* between two pieces of a slow body                               */
#define DRAIN_MS 5       /* between two looks whether a cut body has left                   */
#define CHUNK_BYTES 4000 /* of a chunked body; no power of two, so chunks and reads differ  */

struct sandbox_call {
    struct sandbox_call *next, **link; /* link: what points here; NULL: not listed yet */
    struct sandbox *sandbox;
    struct evhttp_request *req;
    struct event *timer;
    struct sandbox_ask ask;
    struct sandbox_plan plan;
    uint64_t id;
    int dripping; /* the head is sent; the rest concerns the body */
    struct sandbox_body body;
    size_t sent, end, piece; /* bytes: handed over, to be handed over, at a time */
};

static uint64_t *kind_counter(struct sandbox_counters *counters, enum sandbox_kind kind)
{
    switch (kind) {
    case SANDBOX_KIND_THROTTLED:
        return &counters->throttled;
    case SANDBOX_KIND_ACCOUNT:
        return &counters->unauthorized;
    case SANDBOX_KIND_REFUSED:
        return &counters->bad_requests;
    case SANDBOX_KIND_NOT_FOUND:
        return &counters->not_found;
    case SANDBOX_KIND_FAILED:
        break;
    }
    return &counters->errors;
}

static uint64_t *outcome_of(struct sandbox_counters *counters, const struct sandbox_plan *plan)
{
    switch (plan->answer) {
    case SANDBOX_ANSWER_OK:
        return &counters->ok;
    case SANDBOX_ANSWER_EMPTY:
        return &counters->empty;
    case SANDBOX_ANSWER_CAPTCHA:
        return &counters->captcha;
    case SANDBOX_ANSWER_CUT:
        return &counters->cut;
    case SANDBOX_ANSWER_DROP:
        return &counters->dropped;
    case SANDBOX_ANSWER_NOT_FOUND:
        return &counters->not_found;
    case SANDBOX_ANSWER_ERROR:
    case SANDBOX_ANSWER_TARGET:
        return &counters->errors;
    case SANDBOX_ANSWER_SAYING:
        return kind_counter(counters, plan->saying->kind);
    case SANDBOX_ANSWER_STATUS:
        break;
    }
    if (plan->status < 300)
        return &counters->ok;
    if (plan->status == 401)
        return &counters->unauthorized;
    if (plan->status == 404)
        return &counters->not_found;
    return plan->status == 429 ? &counters->throttled : &counters->errors;
}

/* Ends a call, ahead of its last byte: a client that reacts to that finds its place free. */
static void release(struct sandbox_call *call)
{
    struct sandbox_counters *counters = &call->sandbox->counters;

    counters->in_flight--;
    counters->slow += call->plan.slow_ms > 0 && call->dripping;
    ++*outcome_of(counters, &call->plan);
}

static void call_free(struct sandbox_call *call)
{
    if (call->link != NULL)
        *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    if (call->timer != NULL)
        event_free(call->timer);
    sandbox_ask_fini(&call->ask);
    free(call->body.bytes);
    free(call);
}

static int arm(struct sandbox_call *call, unsigned ms)
{
    struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    return event_add(call->timer, &delay);
}

static void add_number(struct evkeyvalq *headers, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    evhttp_add_header(headers, name, text);
}

/* RFC 9112 section 6.3: these replies never have a body. */
static int has_body(const struct sandbox_call *call)
{
    return call->plan.status != 204 && call->plan.status != 304 &&
           evhttp_request_get_command(call->req) != EVHTTP_REQ_HEAD;
}

static int is_chunked(const struct sandbox_call *call)
{
    return call->plan.chunked && call->req->major == 1 && call->req->minor >= 1;
}

/* The head is on its way by now, so this ends the connection without having announced it. */
static void on_complete(struct evhttp_request *req, void *arg)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

    (void)arg;
    evhttp_remove_header(headers, "Connection");
    evhttp_add_header(headers, "Connection", "close");
}

static struct sandbox_facts facts_of(const struct sandbox *sandbox, uint64_t id)
{
    const struct sandbox_counters *counters = &sandbox->counters;
    const struct sandbox_spec *spec = &sandbox->spec;
    struct sandbox_facts facts = {NULL, -1, -1, -1, -1, -1, -1, -1, (int64_t)id};

    facts.spent = (int64_t)counters->credits;
    facts.in_use = (int64_t)counters->in_flight;
    if (spec->credits > 0)
        facts.left =
            spec->credits > counters->credits ? (int64_t)(spec->credits - counters->credits) : 0;
    if (spec->limit > 0) {
        facts.limit = (int64_t)spec->limit;
        facts.free = facts.limit > facts.in_use ? facts.limit - facts.in_use : 0;
    }
    return facts;
}

/* What the provider tells in header fields. */
static void add_dialect(const struct sandbox_call *call, struct evkeyvalq *headers)
{
    const struct sandbox_plan *plan = &call->plan;
    const struct sandbox_dialect *dialect = plan->dialect;
    struct sandbox_facts facts = facts_of(call->sandbox, call->id);

    sandbox_fields_add(headers, dialect->always, &facts);
    if (plan->target != 0) {
        facts.target = plan->target;
        facts.url = call->ask.url;
        facts.cost = (int64_t)sandbox_plan_cost(plan, &call->sandbox->spec);
        sandbox_fields_add(headers, dialect->reached, &facts);
        if (plan->answer == SANDBOX_ANSWER_CAPTCHA && dialect->captcha != NULL)
            sandbox_fields_add(headers, dialect->captcha, &facts);
        else if (plan->target < 400)
            sandbox_fields_add(headers, dialect->served, &facts);
    }
    if (plan->saying != NULL)
        sandbox_fields_add(headers, plan->saying->fields, &facts);
}

static void add_headers(struct sandbox_call *call)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(call->req);

    add_dialect(call, headers);
    if (call->body.len > 0)
        evhttp_add_header(headers, "Content-Type", call->body.type);
    if (call->body.coding != NULL)
        evhttp_add_header(headers, "Content-Encoding", call->body.coding);
    if (call->plan.retry_after_s >= 0)
        add_number(headers, "Retry-After", (uint64_t)call->plan.retry_after_s);
    if (call->plan.close)
        evhttp_add_header(headers, "Connection", "close");
    if (call->plan.hangup)
        evhttp_request_set_on_complete_cb(call->req, on_complete, NULL);
    if (call->plan.status != 204 && call->plan.status != 304 && !is_chunked(call))
        add_number(headers, "Content-Length", call->body.len);
}

static void free_bytes(const void *bytes, size_t len, void *arg)
{
    (void)bytes;
    (void)len;
    free(arg);
}

static void send_chunks(struct sandbox_call *call, struct evbuffer *out)
{
    evhttp_send_reply_start(call->req, call->plan.status, NULL);
    for (size_t at = 0; at < call->body.len; at += CHUNK_BYTES) {
        size_t left = call->body.len - at;

        evbuffer_add(out, call->body.bytes + at, left < CHUNK_BYTES ? left : CHUNK_BYTES);
        evhttp_send_reply_chunk(call->req, out);
        evbuffer_drain(out, evbuffer_get_length(out));
    }
    evhttp_send_reply_end(call->req);
}

static void send_whole(struct sandbox_call *call)
{
    struct evbuffer *out = has_body(call) ? evbuffer_new() : NULL;

    release(call);
    add_headers(call);
    if (out == NULL) {
        evhttp_send_reply(call->req, call->plan.status, NULL, NULL);
    } else if (is_chunked(call)) {
        send_chunks(call, out);
    } else {
        if (call->body.len > 0 && evbuffer_add_reference(out, call->body.bytes, call->body.len,
                                                         free_bytes, call->body.bytes) == 0)
            call->body.bytes = NULL;
        evhttp_send_reply(call->req, call->plan.status, NULL, out);
    }
    if (out != NULL)
        evbuffer_free(out);
    call_free(call);
}

/* Closes without another byte.  Never within evhttp's own callback, see above. */
static void hang_up(struct sandbox_call *call)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(call->req);

    release(call);
    if (connection != NULL)
        evhttp_connection_free(connection); /* and with it the request */
    else
        evhttp_request_free(call->req);
    call_free(call);
}

static void send_piece(struct sandbox_call *call)
{
    size_t left = call->end - call->sent;
    size_t len = left < call->piece ? left : call->piece;
    struct evbuffer *out = evbuffer_new();

    if (out == NULL || evbuffer_add(out, call->body.bytes + call->sent, len) != 0) {
        if (out != NULL)
            evbuffer_free(out);
        hang_up(call);
        return;
    }
    call->sent += len;
    if (call->sent < call->end || call->plan.answer == SANDBOX_ANSWER_CUT) {
        evhttp_send_reply_chunk(call->req, out);
        arm(call, call->plan.slow_ms > 0 ? DRIP_MS : DRAIN_MS);
    } else {
        release(call);
        evhttp_send_reply_chunk(call->req, out);
        evhttp_send_reply_end(call->req);
        call_free(call);
    }
    evbuffer_free(out);
}

static void drip(struct sandbox_call *call)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(call->req);
    struct bufferevent *bev =
        connection != NULL ? evhttp_connection_get_bufferevent(connection) : NULL;

    if (bev != NULL && call->sent < call->end)
        send_piece(call);
    else if (bev != NULL && evbuffer_get_length(bufferevent_get_output(bev)) > 0)
        arm(call, DRAIN_MS);
    else
        hang_up(call);
}

static void start_drip(struct sandbox_call *call)
{
    const unsigned pieces = call->plan.slow_ms / DRIP_MS + 1;

    call->dripping = 1;
    call->end = call->plan.answer == SANDBOX_ANSWER_CUT ? call->body.len / 2 : call->body.len;
    call->piece = call->end / pieces + 1;
    add_headers(call);
    evhttp_send_reply_start(call->req, call->plan.status, NULL);
    arm(call, 0);
}

static void reply(struct sandbox_call *call)
{
    struct sandbox *sandbox = call->sandbox;

    if (call->plan.answer == SANDBOX_ANSWER_DROP) {
        hang_up(call);
        return;
    }
    if (sandbox_body_make(&call->body, &call->plan, &call->ask,
                          evhttp_request_get_input_headers(call->req), sandbox->coder) != 0) {
        call->plan.answer = SANDBOX_ANSWER_ERROR;
        call->plan.saying = NULL;
        call->plan.target = 0;
        call->plan.status = 500;
    }
    if (has_body(call) && call->body.len > 0 &&
        (call->plan.slow_ms > 0 || call->plan.answer == SANDBOX_ANSWER_CUT))
        start_drip(call);
    else
        send_whole(call);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct sandbox_call *call = arg;

    (void)fd;
    (void)what;
    if (call->dripping)
        drip(call);
    else
        reply(call);
}

int sandbox_call_start(struct sandbox *sandbox, struct evhttp_request *req, struct sandbox_ask *ask,
                       const struct sandbox_plan *plan)
{
    struct sandbox_call *call = calloc(1, sizeof(*call));
    struct sandbox_counters *counters = &sandbox->counters;
    const int at_once = plan->latency_ms == 0 && plan->answer != SANDBOX_ANSWER_DROP;

    if (call == NULL)
        return -1;
    call->sandbox = sandbox;
    call->plan = *plan;
    call->timer = evtimer_new(sandbox->base, on_timer, call);
    if (call->timer == NULL || (!at_once && arm(call, plan->latency_ms) != 0)) {
        call_free(call);
        return -1;
    }
    call->req = req;
    call->ask = *ask;
    call->id = counters->calls;
    counters->credits += sandbox_plan_cost(plan, &sandbox->spec);
    call->next = sandbox->calls;
    if (call->next != NULL)
        call->next->link = &call->next;
    call->link = &sandbox->calls;
    sandbox->calls = call;
    if (++counters->in_flight > counters->max_in_flight)
        counters->max_in_flight = counters->in_flight;
    if (at_once)
        reply(call);
    return 0;
}

void sandbox_calls_free(struct sandbox *sandbox)
{
    while (sandbox->calls != NULL) {
        struct sandbox_call *call = sandbox->calls;

        if (evhttp_request_get_connection(call->req) == NULL)
            evhttp_request_free(call->req);
        call_free(call);
    }
}

void sandbox_reply_saying(struct sandbox *sandbox, struct evhttp_request *req,
                          const struct sandbox_saying *saying, int64_t retry_after_s,
                          const char *otherwise)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    const struct sandbox_facts facts = facts_of(sandbox, sandbox->counters.calls);

    ++*kind_counter(&sandbox->counters, saying->kind);
    sandbox_fields_add(headers, sandbox->spec.dialect->always, &facts);
    sandbox_fields_add(headers, saying->fields, &facts);
    sandbox_reply_words(req, saying->status, retry_after_s,
                        saying->body != NULL ? saying->body : otherwise);
}

void sandbox_reply_words(struct evhttp_request *req, int status, int64_t retry_after_s,
                         const char *words)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    struct evbuffer *out = evbuffer_new();

    evhttp_add_header(headers, "Content-Type", sandbox_words_type(words));
    if (retry_after_s >= 0)
        add_number(headers, "Retry-After", (uint64_t)retry_after_s);
    add_number(headers, "Content-Length", out != NULL ? strlen(words) : 0);
    if (out != NULL && evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
        evbuffer_add(out, words, strlen(words));
    evhttp_send_reply(req, status, NULL, out);
    if (out != NULL)
        evbuffer_free(out);
}

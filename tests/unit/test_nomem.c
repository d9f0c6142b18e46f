/*
 * Every allocation of the library fails in turn: allocation 1 of a run, then 2, and so on until a
 * run asks for fewer.  Whatever happens then, each target that was taken comes back exactly once,
 * the gather says once that it is done, and nothing is left (the leak checkers see to that).
 *
 * The linker sends the library's own calls of malloc() and its kin here (--wrap); libevent,
 * OpenSSL and the server are not touched.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "pfetch/fetch.h"

#define TARGETS 6u

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static bool armed;         /* the library is at work */
static unsigned countdown; /* allocations until the one that fails; 0: it has failed */

static bool fails(void)
{
    if (!armed || countdown == 0)
        return false;
    return --countdown == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

/* ------------------------------------------------------------ the run -- */

struct run {
    struct event_base *base;
    struct fetch_client *client;
    struct fetch_gather *gather;
    unsigned asked, came, done, answered;
    bool seen[TARGETS];
};

/* A page, then a redirect to a page, then an error that passes, then a gzip body that is none. */
static void on_request(struct evhttp_request *request, void *arg)
{
    struct run *run = arg;
    struct evbuffer *body = evbuffer_new();
    unsigned n = run->answered++;
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);

    armed = false;
    evbuffer_add_printf(body, "page %u", n);
    if (n % 4 == 1) {
        evhttp_add_header(out, "Location", "/elsewhere");
        evhttp_send_reply(request, 302, "Found", body);
    } else if (n % 4 == 3) {
        evhttp_add_header(out, "Content-Encoding", "gzip");
        evhttp_send_reply(request, 500, "Error", body);
    } else {
        evhttp_send_reply(request, 200, "OK", body);
    }
    evbuffer_free(body);
    armed = true;
}

static enum fetch_pull next(struct fetch_target *target, void *arg)
{
    static const char *const urls[TARGETS] = {
        "https://example.com/0", "https://example.com/1", "no url",
        "https://example.com/3", "https://example.com/4", "https://example.com/5"};
    static const struct fetch_pair header = {"x-test", "yes"};
    struct run *run = arg;

    if (run->asked == TARGETS)
        return FETCH_PULL_END;
    target->url = urls[run->asked];
    target->headers = &header;
    target->header_count = run->asked % 2;
    run->asked++;
    return FETCH_PULL_TARGET;
}

static void on_page(struct fetch_gather *gather, struct fetch_page *page, void *arg)
{
    struct run *run = arg;

    (void)gather;
    ck_assert_uint_lt(page->index, TARGETS);
    ck_assert(!run->seen[page->index]);
    ck_assert_ptr_nonnull(page->body);
    ck_assert((page->outcome == FETCH_OUTCOME_OK) == (page->message == NULL));
    run->seen[page->index] = true;
    run->came++;
    fetch_page_free(page);
}

static void on_done(struct fetch_gather *gather, enum fetch_error error, void *arg)
{
    struct run *run = arg;

    ck_assert_int_eq(run->done++, 0);
    ck_assert_uint_le(run->came, run->asked);
    if (error == FETCH_OK)
        ck_assert_uint_eq(run->came, TARGETS);
    fetch_gather_free(gather);
    event_base_loopbreak(run->base);
}

static void fetch(struct run *run, unsigned port, enum fetch_order order)
{
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_gather_options how = FETCH_GATHER_OPTIONS_INIT;
    struct fetch_failure failure;
    char endpoint[64];
    enum fetch_error e;

    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u/", port);
    options.endpoint = endpoint;
    options.key = "demo";
    options.concurrency = 3;
    options.retries = 1;
    e = fetch_client_new(&run->client, run->base, &options, &failure);
    if (e != FETCH_OK) {
        ck_assert_int_eq(e, failure.error);
        ck_assert_ptr_null(run->client);
        return;
    }
    how.source = next;
    how.on_page = on_page;
    how.on_done = on_done;
    how.order = order;
    how.arg = run;
    if (fetch_gather_new(&run->gather, run->client, &how) == FETCH_OK) {
        ck_assert_int_eq(event_base_dispatch(run->base), 0);
        ck_assert_uint_eq(run->done, 1);
    }
    fetch_client_free(run->client);
}

/* One run with allocation `n` failing.  False: it asked for fewer. */
static bool one(unsigned n, enum fetch_order order)
{
    struct run run = {.base = event_base_new()};
    struct evhttp *server = evhttp_new(run.base);
    struct evhttp_bound_socket *bound;
    ev_uint16_t port = 0;
    bool failed;

    bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", 0);
    ck_assert_ptr_nonnull(bound);
    {
        struct sockaddr_storage at;
        socklen_t len = sizeof at;
        const unsigned char *bytes = (const unsigned char *)&at;

        ck_assert_int_eq(getsockname(evhttp_bound_socket_get_fd(bound), (void *)&at, &len), 0);
        port = (ev_uint16_t)(bytes[2] << 8 | bytes[3]); /* sin_port, in network order */
    }
    evhttp_set_gencb(server, on_request, &run);
    countdown = n;
    armed = true;
    fetch(&run, port, order);
    armed = false;
    failed = countdown == 0;
    if (!failed)
        ck_assert_uint_eq(run.came, TARGETS);
    evhttp_free(server);
    event_base_free(run.base);
    return failed;
}

START_TEST(each_allocation_fails_once)
{
    unsigned n = 1;

    while (one(n, _i ? FETCH_ORDER_INPUT : FETCH_ORDER_FINISHED))
        n++;
    ck_assert_uint_gt(n, 50); /* a run asks for more than that, or nothing was tested */
}
END_TEST

START_TEST(fetch_all_without_memory)
{
    static const char *const urls[] = {"no url", NULL};

    setenv("PFETCH_KEY", "demo", 1);
    for (unsigned n = 1;; n++) {
        struct fetch_pages *pages;

        countdown = n;
        armed = true;
        pages = fetch_all(urls);
        armed = false;
        ck_assert_ptr_nonnull(pages);
        if (pages->error == FETCH_OK) {
            ck_assert_uint_eq(pages->count, 1);
            ck_assert_int_ne(pages->page[0].outcome, FETCH_OUTCOME_OK);
            ck_assert_ptr_nonnull(pages->page[0].message);
        } else {
            ck_assert_uint_eq(pages->count, 0);
            ck_assert_ptr_nonnull(pages->message);
        }
        fetch_pages_free(pages);
        if (countdown != 0)
            break;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nomem");
    TCase *tc = unit_case(suite, "allocations");

    tcase_add_loop_test(tc, each_allocation_fails_once, 0, 2);
    tcase_add_test(tc, fetch_all_without_memory);
    return unit_run(suite);
}

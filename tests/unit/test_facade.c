/*
 * fetch_all(): a list in, all pages out.  It has a loop of its own, so here the peer runs in a
 * thread of its own; what it has seen is looked at when that has ended.
 */
#include "unit/rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <event2/event.h>

#include "unit/unit.h"

struct server {
    struct event_base *base;
    struct peer peer;
    struct event *stop;
    int pipe[2];
    pthread_t thread;
    bool running;
};

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;

    (void)fd;
    (void)what;
    (void)event_base_loopbreak(s->base);
}

/* The environment says nothing, and SIGPIPE does what it always did. */
static void server_init(struct server *s)
{
    (void)unsetenv("PROXIESAPI_KEY");
    (void)unsetenv("PFETCH_KEY");
    (void)unsetenv("PFETCH_ENDPOINT");
    (void)signal(SIGPIPE, SIG_DFL);
    memset(s, 0, sizeof *s);
    s->base = event_base_new();
    ck_assert_ptr_nonnull(s->base);
    peer_init(&s->peer, s->base);
    ck_assert_int_eq(pipe(s->pipe), 0);
    s->stop = event_new(s->base, s->pipe[0], EV_READ, on_stop, s);
    ck_assert_ptr_nonnull(s->stop);
    event_add(s->stop, NULL);
}

static void *serve(void *arg)
{
    struct server *s = arg;

    (void)event_base_dispatch(s->base);
    return NULL;
}

static void block_sigpipe(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    ck_assert_int_eq(pthread_sigmask(how, &set, NULL), 0);
}

static void server_start(struct server *s)
{
    block_sigpipe(SIG_BLOCK); /* for the new thread */
    ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
    block_sigpipe(SIG_UNBLOCK);
    s->running = true;
}

/* From here on the peer can be looked at. */
static void server_stop(struct server *s)
{
    ck_assert_int_eq(write(s->pipe[1], "x", 1), 1);
    ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
    s->running = false;
}

static void server_fini(struct server *s)
{
    if (s->running)
        server_stop(s);
    peer_fini(&s->peer);
    event_free(s->stop);
    close(s->pipe[0]);
    close(s->pipe[1]);
    event_base_free(s->base);
}

static const struct peer_step *by_target(struct peer *peer, const struct peer_request *request)
{
    (void)peer;
    return strstr(request->head, "missing") ? peer_404 : peer_ok;
}

/* ---------------------------------------------------------------- pages -- */

START_TEST(pages_are_in_input_order)
{
    enum { COUNT = 300 };
    struct fetch_options options = FETCH_OPTIONS_INIT;
    char text[COUNT][60];
    const char *url[COUNT];
    struct fetch_pages *pages;
    struct server s;

    server_init(&s);
    s.peer.choose = by_target;
    server_start(&s);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(text[i], sizeof text[i], "http://example.com/%s%u",
                       i % 7 == 3 ? "missing/" : "", i);
        url[i] = i % 50 == 10 ? "no url" : i % 50 == 20 ? NULL : i % 50 == 30 ? "" : text[i];
    }
    options.endpoint = s.peer.url;
    options.key = RIG_KEY;
    options.concurrency = 20;
    pages = fetch_all_with(url, COUNT, &options);
    ck_assert_int_eq(pages->error, FETCH_OK);
    ck_assert_ptr_null(pages->message);
    ck_assert_uint_eq(pages->count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        const struct fetch_page *page = &pages->page[i];

        ck_assert_uint_eq(page->index, i);
        if (url[i])
            ck_assert_str_eq(page->url, url[i]);
        if (url[i] != text[i]) {
            ck_assert_int_eq(page->error, FETCH_E_BAD_URL);
            ck_assert_int_eq(page->outcome, FETCH_OUTCOME_BAD_URL);
            ck_assert_uint_gt(strlen(page->message), 10);
        } else if (i % 7 == 3) {
            rig_check_failed(page, FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS);
            ck_assert_int_eq(page->status, 404);
        } else {
            rig_check_hello(page);
            ck_assert_str_eq(fetch_page_header(page, "Content-Length"), "5");
        }
    }
    fetch_pages_free(pages);
    server_stop(&s);
    ck_assert_uint_eq(s.peer.request_count, COUNT - 18);
    server_fini(&s);
}
END_TEST

START_TEST(the_environment_is_enough)
{
    static const char *const url[] = {"http://example.com/", "http://example.org/missing", NULL};
    struct fetch_pages *pages;
    struct server s;

    server_init(&s);
    s.peer.choose = by_target;
    server_start(&s);
    ck_assert_int_eq(setenv("PROXIESAPI_KEY", RIG_KEY, 1), 0);
    ck_assert_int_eq(setenv("PFETCH_ENDPOINT", s.peer.url, 1), 0);
    pages = fetch_all(url);
    ck_assert_int_eq(pages->error, FETCH_OK);
    ck_assert_uint_eq(pages->count, 2);
    rig_check_hello(&pages->page[0]);
    rig_check_failed(&pages->page[1], FETCH_OUTCOME_TARGET_ERROR, FETCH_E_STATUS);
    fetch_pages_free(pages);
    server_fini(&s);
}
END_TEST

START_TEST(an_empty_list)
{
    static const char *const none[] = {NULL};
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_pages *pages;
    struct server s;

    server_init(&s);
    options.key = RIG_KEY;
    options.endpoint = s.peer.url;
    ck_assert_int_eq(setenv("PROXIESAPI_KEY", RIG_KEY, 1), 0);
    pages = _i == 0 ? fetch_all(none) : fetch_all_with(_i == 1 ? none : NULL, 0, &options);
    ck_assert_int_eq(pages->error, FETCH_OK);
    ck_assert_ptr_null(pages->message);
    ck_assert_uint_eq(pages->count, 0);
    fetch_pages_free(pages);
    fetch_pages_free(NULL);
    server_fini(&s);
}
END_TEST

static const struct {
    struct fetch_options options;
    enum fetch_error error;
    const char *says;
} whole[] = {
    {{.key = NULL}, FETCH_E_NO_KEY, "PROXIESAPI_KEY"},
    {{.key = RIG_KEY, .retries = 1000}, FETCH_E_INVALID, "retries"},
    {{.key = RIG_KEY, .profile = "nobody"}, FETCH_E_INVALID, "nobody"},
    {{.key = RIG_KEY, .country = "DE"}, FETCH_E_UNSUPPORTED, "country"},
    {{.key = RIG_KEY, .ca_file = "/nonexistent/ca.pem"}, FETCH_E_CERTIFICATE, "ca.pem"},
};

START_TEST(the_whole_call_fails_before_anything_is_sent)
{
    static const char *const url[] = {"http://example.com/", "http://example.org/"};
    struct fetch_options options = whole[_i].options;
    struct fetch_pages *pages;
    struct server s;

    server_init(&s);
    server_start(&s);
    options.size = sizeof options;
    options.endpoint = s.peer.url;
    pages = fetch_all_with(url, 2, &options);
    ck_assert_int_eq(pages->error, whole[_i].error);
    ck_assert_uint_eq(pages->count, 0);
    ck_assert_ptr_nonnull(strstr(pages->message, whole[_i].says));
    ck_assert_ptr_null(strstr(pages->message, RIG_KEY));
    fetch_pages_free(pages);
    server_stop(&s);
    ck_assert_uint_eq(s.peer.accepted, 0);
    server_fini(&s);
}
END_TEST

START_TEST(nobody_answers)
{
    static const char *const url[] = {"http://example.com/", "http://example.org/"};
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_pages *pages;
    struct server s;

    server_init(&s);
    peer_then(&s.peer, peer_close);
    server_start(&s);
    options.endpoint = s.peer.url;
    options.key = RIG_KEY;
    options.retries = 0;
    pages = fetch_all_with(url, 2, &options);
    ck_assert_int_eq(pages->error, FETCH_OK); /* it is the pages that failed */
    ck_assert_uint_eq(pages->count, 2);
    for (int i = 0; i < 2; i++)
        rig_check_failed(&pages->page[i], FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    fetch_pages_free(pages);
    server_fini(&s);
}
END_TEST

/* -------------------------------------------------------------- SIGPIPE -- */

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static bool is_pending(void)
{
    sigset_t set;

    ck_assert_int_eq(sigpending(&set), 0);
    return sigismember(&set, SIGPIPE) == 1;
}

static bool is_blocked(void)
{
    sigset_t set;

    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
    return sigismember(&set, SIGPIPE) == 1;
}

/* A write to a pipe that nobody reads, as bufferevents do it to sockets. */
static void break_pipe(enum fetch_log_level level, const char *message, void *arg)
{
    int fd[2];

    (void)message;
    ck_assert_int_eq(level, FETCH_LOG_WARNING);
    ck_assert_int_eq(pipe(fd), 0);
    close(fd[0]);
    ck_assert_int_eq(write(fd[1], "x", 1), -1); /* deadly where SIGPIPE comes through */
    close(fd[1]);
    *(bool *)arg = true;
}

/* A log line is what can be caught within fetch_all(): here that of a key in the clear. */
static void break_pipe_within(void)
{
    struct fetch_options options = FETCH_OPTIONS_INIT;
    struct fetch_pages *pages;
    bool broken = false;

    options.endpoint = "http://endpoint.test/";
    options.key = RIG_KEY;
    options.on_log = break_pipe;
    options.log_arg = &broken;
    pages = fetch_all_with(NULL, 0, &options);
    ck_assert_int_eq(pages->error, FETCH_OK);
    ck_assert(broken);
    fetch_pages_free(pages);
}

START_TEST(sigpipe_is_kept_from_the_program)
{
    (void)signal(SIGPIPE, SIG_DFL);
    break_pipe_within();
    ck_assert(!is_pending());
    ck_assert(!is_blocked());

    (void)signal(SIGPIPE, count_signal);
    signals = 0;
    break_pipe_within();
    ck_assert_int_eq(signals, 0);
    ck_assert_int_eq(raise(SIGPIPE), 0);
    ck_assert_int_eq(signals, 1); /* the program's own handling is as it was */
}
END_TEST

START_TEST(a_blocked_or_pending_sigpipe_stays_so)
{
    (void)signal(SIGPIPE, count_signal);
    signals = 0;
    block_sigpipe(SIG_BLOCK);
    break_pipe_within();
    ck_assert(is_blocked());
    ck_assert(!is_pending());
    ck_assert_int_eq(raise(SIGPIPE), 0); /* the program's own */
    break_pipe_within();
    ck_assert(is_pending());
    ck_assert_int_eq(signals, 0);
    block_sigpipe(SIG_UNBLOCK);
    ck_assert_int_eq(signals, 1);
}
END_TEST

/* The peer goes away while requests of 200 KB are being written. */
START_TEST(a_peer_that_breaks_the_pipe)
{
    enum { COUNT = 8, LEN = 65536 };
    struct fetch_options options = FETCH_OPTIONS_INIT;
    const char *url[COUNT];
    struct fetch_pages *pages;
    char *text = malloc(LEN + 1);
    struct server s;

    ck_assert_ptr_nonnull(text);
    memset(text, '/', LEN);
    memcpy(text, "http://example.com", 18);
    text[LEN] = '\0';
    for (int i = 0; i < COUNT; i++)
        url[i] = text;
    server_init(&s);
    peer_narrow(&s.peer);
    s.peer.hasty = true;
    peer_then(&s.peer, _i == 0 ? peer_close : peer_reset);
    server_start(&s);
    options.endpoint = s.peer.url;
    options.key = RIG_KEY;
    options.retries = 2;
    pages = fetch_all_with(url, COUNT, &options);
    ck_assert_uint_eq(pages->count, COUNT);
    for (int i = 0; i < COUNT; i++)
        rig_check_failed(&pages->page[i], FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    fetch_pages_free(pages);
    server_fini(&s);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("facade");
    TCase *tc = unit_case(suite, "pages");

    tcase_add_test(tc, pages_are_in_input_order);
    tcase_add_test(tc, the_environment_is_enough);
    tcase_add_loop_test(tc, an_empty_list, 0, 3);
    tcase_add_loop_test(tc, the_whole_call_fails_before_anything_is_sent, 0,
                        (int)(sizeof whole / sizeof *whole));
    tcase_add_test(tc, nobody_answers);
    tc = unit_case(suite, "sigpipe");
    tcase_add_test(tc, sigpipe_is_kept_from_the_program);
    tcase_add_test(tc, a_blocked_or_pending_sigpipe_stays_so);
    tcase_add_loop_test(tc, a_peer_that_breaks_the_pipe, 0, 2);
    return unit_run(suite);
}

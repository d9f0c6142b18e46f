/* HTTP/2 over sockets: connections and streams, what a peer's whims cost a target, ALPN, silence. */
#include <stdio.h>
#include <time.h>

#include <event2/event.h>

#include "base/limits.h"
#include "engine/client.h"
#include "unit/certs.h"
#include "unit/peer_h2.h"
#include "unit/play.h"
#include "unit/rig.h"
#include "unit/unit.h"

#define TARGET "http://example.com/"

/* The clock that the library looks at; a test moves it on (see tests.am). */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

static time_t ahead_s;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = __real_clock_gettime(clock, now);

    now->tv_sec += ahead_s;
    return rc;
}

/* A client whose endpoint is an HTTP/2 peer, by prior knowledge. */
struct scene {
    struct rig r;
    struct peer_h2 peer;
    struct certs certs; /* with scene_use_tls() */
    SSL_CTX *server;
};

static void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    rig_init(&s->r);
    peer_h2_init(&s->peer, s->r.base);
    s->r.options.endpoint = s->peer.url;
    s->r.options.http = FETCH_HTTP_2;
    s->r.options.retries = 0;
    s->r.options.timeout_ms = 600000;
}

static void scene_use_tls(struct scene *s)
{
    certs_init(&s->certs);
    s->server = certs_server(&s->certs, "IP:127.0.0.1", 30);
    peer_h2_use_tls(&s->peer, s->server);
    s->r.options.ca_file = s->certs.file;
    s->r.options.http = FETCH_HTTP_ANY;
}

static void scene_fini(struct scene *s)
{
    rig_free_client(&s->r);
    peer_h2_fini(&s->peer); /* before its loop */
    rig_fini(&s->r);
    if (s->server) {
        SSL_CTX_free(s->server);
        certs_fini(&s->certs);
    }
}

static enum peer_h2_act hold(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)peer;
    (void)request;
    return PEER_H2_HOLD;
}

/* Every page is "hello" by HTTP/2, at the first attempt. */
static void on_page(struct play *p, const struct fetch_page *page)
{
    (void)p;
    rig_check_hello(page);
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_str_eq(page->protocol, "h2");
}

/* `targets` of them with that many calls at a time. */
static void play_begin(struct play *p, struct scene *s, unsigned targets, unsigned concurrency)
{
    s->r.options.concurrency = concurrency;
    rig_start(&s->r);
    play_init(p, &s->r);
    p->options.window = targets;
    p->targets = targets;
    p->on_page = on_page;
    play_start(p);
}

/* Each target's number ends its path: none was asked twice, none is missing. */
static void check_each_once(const struct peer_h2 *peer, unsigned targets)
{
    bool *seen = calloc(targets, sizeof *seen);

    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(peer->request_count, targets);
    for (unsigned i = 0; i < targets; i++) {
        const char *number = strstr(peer->request[i].path, "example.com%2F");
        unsigned long n;

        ck_assert_ptr_nonnull(number);
        n = strtoul(number + 14, NULL, 10);
        ck_assert_uint_lt(n, targets);
        ck_assert_msg(!seen[n], "target %lu was asked twice", n);
        seen[n] = true;
    }
    free(seen);
}

/* -------------------------------------------------- connections, streams -- */

START_TEST(a_page_says_h2)
{
    const struct fetch_page *page;
    struct scene s;

    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    rig_check_hello(page);
    ck_assert_str_eq(page->protocol, "h2");
    for (int i = 0; i < 200; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    ck_assert_uint_eq(s.peer.accepted, 1);
    ck_assert_uint_eq(s.peer.request_count, 201);
    scene_fini(&s);
}
END_TEST

/* A thousand targets wait for the first connection's word, and then open as many as it takes. */
START_TEST(the_first_connection_tells_how_many)
{
    struct scene s;
    struct play p;

    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    s.peer.holds_settings = true;
    s.peer.max_streams = 250;
    s.peer.act = hold;
    play_begin(&p, &s, 1000, 1000);
    rig_until(&s.r, s.peer.held == 100);
    rig_quiet(&s.r);
    ck_assert_uint_eq(s.peer.accepted, 1);
    ck_assert_uint_eq(s.peer.held, 100);
    peer_h2_speak(&s.peer);
    rig_until(&s.r, s.peer.held == 1000);
    ck_assert_uint_eq(s.peer.accepted, 4);
    ck_assert_uint_eq(rig_stats(&s.r).in_flight, 1000);
    peer_h2_release(&s.peer);
    play_run(&p);
    check_each_once(&s.peer, 1000);
    ck_assert_uint_eq(rig_stats(&s.r).connections, 4);
    ck_assert_uint_eq(rig_stats(&s.r).resent, 0);
    play_fini(&p);
    scene_fini(&s);
}
END_TEST

START_TEST(the_limits_hold)
{
    struct scene s;
    struct play p;

    scene_init(&s);
    s.r.options.connections = 3;
    s.peer.max_streams = (uint32_t)_i; /* 1: a stream at a time */
    play_begin(&p, &s, 500, 200);
    play_run(&p);
    check_each_once(&s.peer, 500);
    ck_assert_uint_le(s.peer.most_open, 3);
    /* Those that were on their way before the first SETTINGS came wait in line. */
    ck_assert_uint_le(s.peer.most_progress, (unsigned)_i * 3 + 100);
    ck_assert_uint_eq(rig_stats(&s.r).connections, s.peer.accepted);
    play_fini(&p);
    scene_fini(&s);
}
END_TEST

/* Which connection a target was asked over. */
static unsigned conn_of(const struct peer_h2 *peer, const char *number)
{
    for (unsigned i = 0; i < peer->request_count; i++)
        if (strcmp(peer->request[i].path + strlen(peer->request[i].path) - strlen(number),
                   number) == 0)
            return peer->request[i].conn;
    ck_abort_msg("%s was not asked", number);
    return 0;
}

/* Two connections of which one has lost most of its load: what comes next goes there, until both
 * carry as much. */
START_TEST(the_least_loaded_connection_is_next)
{
    enum { EACH = 10 };
    unsigned on[2] = {0}, less;
    char url[40];
    struct scene s;

    scene_init(&s);
    s.peer.max_streams = EACH;
    s.peer.act = hold;
    s.r.options.concurrency = 2 * EACH;
    rig_start(&s.r);
    for (unsigned i = 0; i < 2 * EACH; i++) {
        (void)snprintf(url, sizeof url, TARGET "%02u", i);
        rig_submit(&s.r, url);
    }
    rig_until(&s.r, s.peer.held == 2 * EACH);
    ck_assert_uint_eq(s.peer.accepted, 2);
    less = (unsigned)_i;
    for (unsigned i = 0; i < 2 * EACH; i++) { /* leaves 2 on one and 8 on the other */
        char number[3];
        unsigned conn;

        (void)snprintf(number, sizeof number, "%02u", i);
        conn = conn_of(&s.peer, number);
        ck_assert_uint_lt(conn, 2);
        if (on[conn]++ < (conn == less ? 8u : 2u))
            fetch_call_cancel(s.r.target[i].call);
    }
    rig_until(&s.r, s.peer.resets == EACH);
    for (unsigned i = 0; i < 6; i++)
        rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == EACH + 6);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(s.peer.request[2 * EACH + i].conn, less);
    for (unsigned i = 0; i < 4; i++)
        rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 2 * EACH);
    on[0] = on[1] = 0;
    for (unsigned i = 0; i < 4; i++)
        on[s.peer.request[2 * EACH + 6 + i].conn]++;
    ck_assert_uint_eq(on[0], 2);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    scene_fini(&s);
}
END_TEST

/* 0 is no reason to fail or to ask again and again: it may be raised, and is. */
START_TEST(no_streams_for_a_while)
{
    struct scene s;

    scene_init(&s);
    s.r.options.concurrency = 50;
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    peer_h2_tell(&s.peer, 0);
    rig_quiet(&s.r);
    s.r.options.connections = 1;
    for (int i = 0; i < 20; i++)
        rig_submit(&s.r, TARGET);
    rig_quiet(&s.r);
    ck_assert_uint_eq(s.peer.request_count, 1);
    ck_assert_uint_le(s.peer.accepted, 2);
    peer_h2_tell(&s.peer, 7);
    rig_run(&s.r);
    for (unsigned i = 0; i < s.r.submitted; i++)
        rig_check_hello(s.r.target[i].page);
    scene_fini(&s);
}
END_TEST

/* ------------------------------------------------------------ going away -- */

START_TEST(goaway_loses_no_page_and_repeats_none)
{
    struct scene s;
    struct play p;

    scene_init(&s);
    if (_i % 2 == 1)
        scene_use_tls(&s);
    s.peer.goaway_every = 10;
    s.r.options.connections = _i < 2 ? 1 : 8;
    play_begin(&p, &s, 500, 25);
    play_run(&p);
    check_each_once(&s.peer, 500);
    ck_assert_uint_ge(s.peer.accepted, 50);
    ck_assert_uint_gt(rig_stats(&s.r).resent, 0);
    ck_assert_uint_eq(rig_stats(&s.r).attempts, 500);
    ck_assert_uint_eq(rig_stats(&s.r).retries, 0);
    play_fini(&p);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act hold_first(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)request;
    return peer->request_count == 1 ? PEER_H2_HOLD : PEER_H2_ANSWER;
}

/* The peer goes away in the very turn in which a request was begun: it goes elsewhere at once, and
 * not when the last answer on the old connection is there. */
START_TEST(what_was_about_to_be_sent_goes_elsewhere)
{
    struct rig_target *first, *second;
    struct scene s;

    scene_init(&s);
    s.peer.act = hold_first;
    rig_start(&s.r);
    first = rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    rig_quiet(&s.r);
    second = rig_submit(&s.r, TARGET);
    peer_h2_go_away(&s.peer, _i == 1);
    rig_until(&s.r, second->page);
    rig_check_hello(second->page);
    ck_assert_uint_eq(second->page->attempts, 1);
    ck_assert_uint_eq(s.peer.pings, 0); /* a probe's answer would have moved it as well */
    ck_assert_ptr_null(first->page);
    ck_assert_uint_eq(s.peer.held, 1);
    ck_assert_uint_eq(s.peer.accepted, 2);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    rig_check_hello(first->page);
    ck_assert_uint_eq(first->page->attempts, 1);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act refuse_some(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)request;
    return peer->request_count % 3 == 0 ? PEER_H2_REFUSE : PEER_H2_ANSWER;
}

START_TEST(refused_streams_are_repeated_uncounted)
{
    struct scene s;
    struct play p;

    scene_init(&s);
    s.peer.act = refuse_some;
    play_begin(&p, &s, 300, 50);
    play_run(&p);
    ck_assert_uint_gt(rig_stats(&s.r).resent, 50);
    ck_assert_uint_eq(rig_stats(&s.r).attempts, 300);
    play_fini(&p);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act refuse(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)peer;
    (void)request;
    return PEER_H2_REFUSE;
}

START_TEST(not_without_end)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = refuse;
    rig_start(&s.r);
    rig_check_failed(rig_fetch(&s.r, TARGET), FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    ck_assert_uint_eq(s.peer.request_count, PF_MAX_RESENDS + 1);
    scene_fini(&s);
}
END_TEST

/* The tenth request takes all that are under way with it; each is asked once more, and counted. */
static enum peer_h2_act cut_tenth(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    if (peer->request_count == 10)
        return PEER_H2_CUT;
    return request->conn > 0 ? PEER_H2_ANSWER : request->of_conn < 5 ? PEER_H2_HALF : PEER_H2_HOLD;
}

START_TEST(a_connection_that_breaks_is_replaced)
{
    struct scene s;

    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    s.peer.act = cut_tenth;
    s.r.options.retries = _i == 2 ? 0 : 1;
    s.r.options.concurrency = 10;
    rig_start(&s.r);
    for (int i = 0; i < 10; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (unsigned i = 0; i < 10; i++) {
        const struct fetch_page *page = s.r.target[i].page;

        if (_i == 2) {
            rig_check_failed(page, FETCH_OUTCOME_NETWORK, page->error);
            ck_assert(page->error == FETCH_E_LOST || page->error == FETCH_E_TRUNCATED);
        } else {
            rig_check_hello(page);
            ck_assert_uint_eq(page->attempts, 2);
        }
    }
    ck_assert_uint_eq(s.peer.accepted, _i == 2 ? 1 : 2);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act flood_tenth(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)request;
    return peer->request_count < 10    ? PEER_H2_HOLD
           : peer->request_count == 10 ? PEER_H2_FLOOD
                                       : PEER_H2_ANSWER;
}

/* It ends the connection, and all that were on it go elsewhere. */
START_TEST(a_flood_costs_its_connection)
{
    struct scene s;

    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    s.peer.act = flood_tenth;
    s.r.options.retries = 1;
    s.r.options.concurrency = 10;
    rig_start(&s.r);
    for (int i = 0; i < 10; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (unsigned i = 0; i < 10; i++) {
        rig_check_hello(s.r.target[i].page);
        ck_assert_uint_eq(s.r.target[i].page->attempts, 2);
    }
    ck_assert_uint_eq(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act calm_first(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)request;
    return peer->request_count == 1 ? PEER_H2_CALM : PEER_H2_ANSWER;
}

START_TEST(calm_is_throttling)
{
    const struct fetch_page *page;
    struct scene s;

    scene_init(&s);
    s.peer.act = calm_first;
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    rig_check_hello(page);
    ck_assert_uint_eq(rig_stats(&s.r).throttled, 1);
    ck_assert_uint_eq(s.peer.accepted, 1);
    ck_assert_ptr_nonnull(strstr(s.r.log.data, "ENHANCE_YOUR_CALM"));
    scene_fini(&s);
}
END_TEST

/* --------------------------------------------------------------- cancels -- */

START_TEST(a_cancel_costs_its_stream_alone)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    s.r.options.concurrency = 10;
    rig_start(&s.r);
    for (int i = 0; i < 10; i++)
        rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 10);
    for (unsigned i = 0; i < 10; i += 2)
        fetch_call_cancel(s.r.target[i].call);
    rig_until(&s.r, s.peer.resets == 5);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    for (unsigned i = 0; i < 10; i++) {
        if (i % 2 == 0)
            ck_assert_int_eq(s.r.target[i].page->outcome, FETCH_OUTCOME_CANCELLED);
        else
            rig_check_hello(s.r.target[i].page);
    }
    s.peer.act = NULL;
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
}
END_TEST

START_TEST(an_attempt_s_timeout_costs_its_stream_alone)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    s.r.options.timeout_ms = 200;
    rig_start(&s.r);
    rig_check_failed(rig_fetch(&s.r, TARGET), FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    rig_until(&s.r, s.peer.resets == 1);
    s.peer.act = NULL;
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
}
END_TEST

static void count_cancelled(struct play *p, const struct fetch_page *page)
{
    (void)p;
    ck_assert_int_eq(page->outcome, FETCH_OUTCOME_CANCELLED);
}

START_TEST(a_client_freed_with_a_thousand_streams)
{
    struct scene s;
    struct play p;

    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    s.peer.act = hold;
    s.peer.max_streams = 300;
    play_begin(&p, &s, 1000, 1000);
    p.on_page = count_cancelled;
    rig_until(&s.r, s.peer.held == 1000);
    rig_free_client(&s.r);
    ck_assert_uint_eq(p.handed, 1000);
    rig_until(&s.r, s.peer.open == 0);
    play_fini(&p);
    scene_fini(&s);
}
END_TEST

/* ------------------------------------------------------------ backpressure -- */

/* The peer does not read; the requests, megabytes of them, wait and then arrive. */
START_TEST(a_peer_that_does_not_read_for_a_while)
{
    enum { TARGETS = 200, LENGTH = 40000 };
    char *url = malloc(LENGTH + 1);
    struct scene s;

    ck_assert_ptr_nonnull(url);
    memset(url, 'a', LENGTH);
    memcpy(url, TARGET, sizeof TARGET - 1);
    url[LENGTH] = '\0';
    scene_init(&s);
    if (_i == 1)
        scene_use_tls(&s);
    s.peer.max_streams = 1000;
    s.r.options.concurrency = TARGETS;
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    peer_h2_stop_reading(&s.peer, true);
    for (int i = 0; i < TARGETS; i++)
        rig_submit(&s.r, url);
    rig_quiet(&s.r);
    for (unsigned i = TARGETS; i > TARGETS - 10; i--)
        fetch_call_cancel(s.r.target[i].call);
    rig_quiet(&s.r);
    ck_assert_uint_eq(s.peer.request_count, 1);
    peer_h2_stop_reading(&s.peer, false);
    rig_run(&s.r);
    for (unsigned i = 1; i <= TARGETS - 10; i++)
        rig_check_hello(s.r.target[i].page);
    ck_assert_uint_eq(s.peer.request_count, 1 + TARGETS - 10); /* the others were never sent */
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
    free(url);
}
END_TEST

/* Half a TLS record lies in OpenSSL's buffer: nothing is to be done until the socket says more. */
START_TEST(half_a_record_is_waited_for)
{
    struct scene s;

    scene_init(&s);
    scene_use_tls(&s);
    s.peer.act = hold;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    rig_quiet(&s.r);
    peer_h2_half_a_record(&s.peer);
    rig_quiet(&s.r);
    ck_assert_int_eq(event_base_get_num_events(s.r.base, EVENT_BASE_COUNT_ACTIVE), 0);
    peer_h2_other_half(&s.peer);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    rig_check_hello(s.r.target[0].page);
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
}
END_TEST

/* ------------------------------------------------------------------ ALPN -- */

START_TEST(alpn_settles_on_http_1_1)
{
    struct scene s;

    scene_init(&s);
    scene_use_tls(&s);
    if (_i == 0)
        s.peer.offers_h1_only = true;
    else
        s.r.options.http = FETCH_HTTP_1_1;
    s.r.options.concurrency = 20;
    rig_start(&s.r);
    for (int i = 0; i < 100; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (unsigned i = 0; i < 100; i++) {
        rig_check_hello(s.r.target[i].page);
        ck_assert_str_eq(s.r.target[i].page->protocol, "http/1.1");
    }
    ck_assert_uint_gt(s.peer.accepted, 1);
    ck_assert_uint_le(s.peer.accepted, 20);
    scene_fini(&s);
}
END_TEST

/* Nothing else means nothing else. */
START_TEST(http2_alone_is_never_http_1_1)
{
    const struct fetch_page *page;
    struct scene s;

    scene_init(&s);
    scene_use_tls(&s);
    s.r.options.http = FETCH_HTTP_2;
    s.peer.offers_h1_only = true;
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_TLS);
    ck_assert_ptr_nonnull(strstr(page->message, "HTTP/2"));
    ck_assert_uint_eq(s.peer.request_count, 0);
    scene_fini(&s);
}
END_TEST

static enum peer_h2_act want_h1(struct peer_h2 *peer, const struct peer_h2_request *request)
{
    (void)peer;
    (void)request;
    return PEER_H2_WANT_H1;
}

START_TEST(http_1_1_required)
{
    struct scene s;

    scene_init(&s);
    scene_use_tls(&s);
    s.peer.act = want_h1;
    s.r.options.concurrency = 10;
    rig_start(&s.r);
    for (int i = 0; i < 50; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (unsigned i = 0; i < 50; i++) {
        rig_check_hello(s.r.target[i].page);
        ck_assert_uint_eq(s.r.target[i].page->attempts, 1);
        ck_assert_str_eq(s.r.target[i].page->protocol, "http/1.1");
    }
    ck_assert_uint_eq(rig_stats(&s.r).resent, 10);
    scene_fini(&s);
}
END_TEST

/* Where only HTTP/2 may be spoken that is a failure, and no reason to knock again and again. */
START_TEST(http_1_1_required_of_http2_alone)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = want_h1;
    rig_start(&s.r);
    rig_check_failed(rig_fetch(&s.r, TARGET), FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    ck_assert_uint_eq(s.peer.request_count, 1);
    scene_fini(&s);
}
END_TEST

/* --------------------------------------------------------------- silence -- */

/* Time goes on for the library. */
static void pass(struct scene *s, unsigned ms)
{
    rig_quiet(&s->r); /* what has come was heard before */
    ahead_s += (time_t)(ms / 1000) + 1;
    s->r.give_up_ms += ms + 1000;
    event_active(&s->r.client->loop.wake, EV_TIMEOUT, 0);
    rig_quiet(&s->r);
}

START_TEST(a_silent_peer_that_lives_is_waited_for)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    for (unsigned i = 1; i <= 5; i++) {
        pass(&s, PF_SILENCE_MS);
        rig_until(&s.r, s.peer.pings == i);
        rig_quiet(&s.r);
        pass(&s, PF_PROBE_MS);
    }
    ck_assert_uint_eq(s.r.ended, 0);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    rig_check_hello(s.r.target[0].page);
    ck_assert_uint_eq(s.r.target[0].page->attempts, 1);
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
}
END_TEST

START_TEST(a_silent_peer_is_given_up)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    s.r.options.retries = 1;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    peer_h2_stop_reading(&s.peer, true);
    pass(&s, PF_SILENCE_MS - 2000);
    ck_assert_uint_eq(s.peer.open, 1);
    pass(&s, 2000); /* the PING */
    ck_assert_uint_eq(rig_stats(&s.r).open, 1);
    s.peer.act = NULL;
    pass(&s, PF_PROBE_MS);
    ck_assert_uint_eq(rig_stats(&s.r).retries + rig_stats(&s.r).waiting, 1);
    pass(&s, PF_BACKOFF_CAP_MS);
    rig_run(&s.r);
    rig_check_hello(s.r.target[0].page);
    ck_assert_uint_eq(s.r.target[0].page->attempts, 2);
    ck_assert_uint_eq(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

/* A probe whose streams were given up says nothing of those that come later. */
START_TEST(each_silence_is_probed)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    pass(&s, PF_SILENCE_MS);
    rig_until(&s.r, s.peer.pings == 1);
    fetch_call_cancel(s.r.target[0].call);
    rig_run(&s.r);
    pass(&s, PF_PROBE_MS);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    pass(&s, PF_SILENCE_MS);
    rig_until(&s.r, s.peer.pings == 2);
    rig_quiet(&s.r);
    ck_assert_uint_eq(s.r.ended, 1);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    rig_check_hello(s.r.target[1].page);
    ck_assert_uint_eq(s.peer.accepted, 1);
    scene_fini(&s);
}
END_TEST

START_TEST(an_idle_connection_is_closed_after_a_while)
{
    struct scene s;

    scene_init(&s);
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(rig_stats(&s.r).open, 1);
    pass(&s, PF_IDLE_MS);
    ck_assert_uint_eq(rig_stats(&s.r).open, 0);
    ck_assert_uint_eq(s.peer.pings, 0);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

/* One whose peer takes no streams is as idle, whether somebody waits for it or not; a new one may
 * fare better. */
START_TEST(a_connection_that_takes_none_is_closed_after_a_while)
{
    struct scene s;

    scene_init(&s);
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    peer_h2_tell(&s.peer, 0);
    s.peer.max_streams = 100; /* of those that come */
    rig_quiet(&s.r);
    if (_i == 1) {
        rig_submit(&s.r, TARGET);
        rig_quiet(&s.r);
        ck_assert_uint_eq(s.peer.request_count, 1);
    }
    ck_assert_uint_eq(rig_stats(&s.r).open, 1);
    pass(&s, PF_IDLE_MS);
    rig_until(&s.r, s.peer.open == (unsigned)_i);
    if (_i == 0)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    rig_check_hello(s.r.target[1].page);
    ck_assert_uint_eq(s.r.target[1].page->attempts, 1);
    ck_assert_uint_eq(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

/* ... and as silent as any while it still carries something. */
START_TEST(a_connection_that_takes_no_more_is_probed)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    s.r.options.retries = 1;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    peer_h2_tell(&s.peer, 0);
    s.peer.max_streams = 100; /* of those that come */
    rig_quiet(&s.r);
    pass(&s, PF_SILENCE_MS);
    rig_until(&s.r, s.peer.pings == 1);
    peer_h2_stop_reading(&s.peer, true);
    s.peer.act = NULL;
    for (int i = 0; i < 2; i++)
        pass(&s, PF_SILENCE_MS);
    pass(&s, PF_BACKOFF_CAP_MS);
    rig_run(&s.r);
    rig_check_hello(s.r.target[0].page);
    ck_assert_uint_eq(s.r.target[0].page->attempts, 2);
    ck_assert_uint_eq(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

/* ... and keeps nobody waiting for good: a new one is tried. */
START_TEST(a_connection_that_takes_no_more_is_not_waited_for)
{
    struct scene s;

    scene_init(&s);
    s.peer.act = hold;
    rig_start(&s.r);
    rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.peer.held == 1);
    peer_h2_tell(&s.peer, 0);
    s.peer.max_streams = 5; /* of those that come */
    rig_quiet(&s.r);
    s.peer.act = NULL;
    for (int i = 0; i < 20; i++)
        rig_submit(&s.r, TARGET);
    rig_quiet(&s.r);
    ck_assert_uint_eq(s.peer.accepted, 1);
    pass(&s, PF_IDLE_MS);
    rig_until(&s.r, s.r.ended == 20);
    ck_assert_ptr_null(s.r.target[0].page);
    peer_h2_release(&s.peer);
    rig_run(&s.r);
    for (unsigned i = 0; i < 21; i++) {
        rig_check_hello(s.r.target[i].page);
        ck_assert_uint_eq(s.r.target[i].page->attempts, 1);
    }
    ck_assert_uint_ge(s.peer.accepted, 2);
    scene_fini(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_h2");
    TCase *tc = unit_case(suite, "connections");

    tcase_add_loop_test(tc, a_page_says_h2, 0, 2);
    tcase_add_loop_test(tc, the_first_connection_tells_how_many, 0, 2);
    tcase_add_loop_test(tc, the_limits_hold, 1, 20);
    tcase_add_loop_test(tc, the_least_loaded_connection_is_next, 0, 2);
    tcase_add_test(tc, no_streams_for_a_while);
    tc = unit_case(suite, "going away");
    tcase_add_loop_test(tc, goaway_loses_no_page_and_repeats_none, 0, 4);
    tcase_add_loop_test(tc, what_was_about_to_be_sent_goes_elsewhere, 0, 2);
    tcase_add_test(tc, refused_streams_are_repeated_uncounted);
    tcase_add_test(tc, not_without_end);
    tcase_add_loop_test(tc, a_connection_that_breaks_is_replaced, 0, 3);
    tcase_add_loop_test(tc, a_flood_costs_its_connection, 0, 2);
    tcase_add_test(tc, calm_is_throttling);
    tc = unit_case(suite, "cancels");
    tcase_add_test(tc, a_cancel_costs_its_stream_alone);
    tcase_add_test(tc, an_attempt_s_timeout_costs_its_stream_alone);
    tcase_add_loop_test(tc, a_client_freed_with_a_thousand_streams, 0, 2);
    tc = unit_case(suite, "backpressure");
    tcase_add_loop_test(tc, a_peer_that_does_not_read_for_a_while, 0, 2);
    tcase_add_test(tc, half_a_record_is_waited_for);
    tc = unit_case(suite, "ALPN");
    tcase_add_loop_test(tc, alpn_settles_on_http_1_1, 0, 2);
    tcase_add_test(tc, http2_alone_is_never_http_1_1);
    tcase_add_test(tc, http_1_1_required);
    tcase_add_test(tc, http_1_1_required_of_http2_alone);
    tc = unit_case(suite, "silence");
    tcase_add_test(tc, a_silent_peer_that_lives_is_waited_for);
    tcase_add_test(tc, a_silent_peer_is_given_up);
    tcase_add_test(tc, each_silence_is_probed);
    tcase_add_test(tc, an_idle_connection_is_closed_after_a_while);
    tcase_add_loop_test(tc, a_connection_that_takes_none_is_closed_after_a_while, 0, 2);
    tcase_add_test(tc, a_connection_that_takes_no_more_is_probed);
    tcase_add_test(tc, a_connection_that_takes_no_more_is_not_waited_for);
    return unit_run(suite);
}

/* Connections: kept, counted, replaced when they have gone stale, opened to what answers. */
#include "unit/rig.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "unit/unit.h"

#define TARGET "http://example.com/"

/* ----------------------------------------------------------- keep-alive -- */

START_TEST(one_connection_serves_many_in_turn)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 1;
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < 50; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    ck_assert_uint_eq(r.peer.request_count, 50);
    ck_assert_uint_eq(r.peer.accepted, 1);
    ck_assert_uint_eq(rig_stats(&r).connections, 1);
    ck_assert_uint_eq(rig_stats(&r).open, 1);
    rig_fini(&r);
    ck_assert_uint_eq(r.ended, 50);
}
END_TEST

START_TEST(an_answer_that_ends_its_connection_is_not_followed_by_a_request)
{
    static const struct peer_step last[][3] = {
        {PEER_SENDS("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"),
         PEER_DO(PEER_END)},
        {PEER_SENDS("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello"), PEER_DO(PEER_END)},
        {PEER_SENDS("HTTP/1.1 200 OK\r\n\r\nhello"), PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)},
        {PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK"),
         PEER_DO(PEER_END)}, /* more than was asked for */
    };
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 1;
    peer_then(&r.peer, last[_i]);
    rig_start(&r);
    for (int i = 0; i < 3; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    for (unsigned i = 0; i < 3; i++) {
        rig_check_hello(r.target[i].page);
        ck_assert_uint_eq(r.target[i].page->attempts, 1);
    }
    ck_assert_uint_eq(r.peer.accepted, 3);
    rig_until(&r, r.peer.open == 0);
    ck_assert_uint_eq(rig_stats(&r).open, 0);
    ck_assert_uint_eq(rig_stats(&r).resent, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(connections_limit_what_flies)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 10;
    r.options.connections = 2;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    for (int i = 0; i < 6; i++)
        rig_submit(&r, "http://example.com/");
    for (unsigned done = 2; done <= 6; done += 2) {
        rig_until(&r, r.peer.held == 2);
        rig_quiet(&r);
        peer_release(&r.peer);
        rig_until(&r, r.ended == done);
    }
    ck_assert_uint_eq(r.peer.most_progress, 2);
    ck_assert_uint_eq(r.peer.accepted, 2);
    rig_fini(&r);
}
END_TEST

/* The peer ends a kept connection at the very moment that the next request arrives. */
START_TEST(a_stale_connection_is_replaced_without_counting)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, peer_ok);
    peer_then(&r.peer, _i == 0 ? peer_close : peer_reset);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    page = rig_fetch(&r, TARGET);
    rig_check_hello(page);
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_uint_eq(rig_stats(&r).attempts, 2);
    ck_assert_uint_eq(rig_stats(&r).retries, 0);
    ck_assert_uint_eq(rig_stats(&r).resent, 1);
    ck_assert_uint_eq(r.peer.request_count, 3);
    ck_assert_uint_eq(r.peer.accepted, 2);
    ck_assert_uint_eq(r.peer.request[2].of_conn, 0);
    rig_fini(&r);
}
END_TEST

/* Only once, and only on a kept one: the new connection's failure is the attempt's. */
START_TEST(a_new_connection_that_fails_counts)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, peer_ok);
    peer_then(&r.peer, peer_close);
    peer_then(&r.peer, peer_close);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_uint_eq(rig_stats(&r).resent, 1);
    ck_assert_uint_eq(r.peer.request_count, 3);
    rig_fini(&r);
}
END_TEST

/* An answer that has begun is no stale connection. */
START_TEST(a_kept_connection_that_fails_later_counts)
{
    static const struct peer_step half[] = {PEER_SENDS("H"), PEER_DO(PEER_CLOSE),
                                            PEER_DO(PEER_END)};
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, peer_ok);
    peer_then(&r.peer, half);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    rig_check_failed(rig_fetch(&r, TARGET), FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED);
    ck_assert_uint_eq(rig_stats(&r).resent, 0);
    rig_fini(&r);
}
END_TEST

/* With as many connections as are allowed, all stale. */
START_TEST(a_whole_pool_of_stale_connections_is_replaced)
{
    enum { CONNS = 8 };
    struct rig r;

    rig_init(&r);
    r.options.concurrency = r.options.connections = CONNS;
    r.options.retries = 0;
    for (int i = 0; i < CONNS; i++)
        peer_then(&r.peer, peer_ok_later);
    for (int i = 0; i < CONNS; i++)
        peer_then(&r.peer, peer_close);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < CONNS; i++)
        rig_submit(&r, TARGET);
    rig_until(&r, r.peer.held == CONNS);
    peer_release(&r.peer);
    rig_run(&r);
    ck_assert_uint_eq(r.peer.accepted, CONNS);
    for (int i = 0; i < CONNS; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    for (unsigned i = 0; i < r.submitted; i++)
        rig_check_hello(r.target[i].page);
    ck_assert_uint_eq(rig_stats(&r).resent, CONNS);
    ck_assert_uint_le(rig_stats(&r).open, CONNS);
    rig_fini(&r);
}
END_TEST

START_TEST(idle_connections_that_end_or_speak_are_closed)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    for (int i = 0; i < 3; i++)
        rig_submit(&r, TARGET);
    rig_until(&r, r.peer.held == 3);
    peer_release(&r.peer);
    rig_run(&r);
    ck_assert_uint_eq(rig_stats(&r).open, 3);
    if (_i == 0)
        peer_hang_up(&r.peer);
    else
        peer_say(&r.peer, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison");
    rig_until(&r, rig_stats(&r).open == 0);
    rig_until(&r, r.peer.open == 0);
    rig_submit(&r, TARGET);
    rig_until(&r, r.peer.held == 1);
    peer_release(&r.peer);
    rig_run(&r);
    rig_check_hello(r.target[3].page);
    ck_assert_uint_eq(rig_stats(&r).resent, 0);
    rig_fini(&r);
}
END_TEST

/* -------------------------------------------------------------- opening -- */

/* A port that is taken and on which nobody listens. */
static int closed_port(char *url, size_t cap)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    ck_assert_int_gt(snprintf(url, cap, "http://127.0.0.1:%u/", ntohs(sa.sin_port)), 0);
    return fd;
}

START_TEST(nobody_listens)
{
    struct rig r;
    char url[40];
    int fd = closed_port(url, sizeof url);

    rig_init(&r);
    r.options.endpoint = url;
    r.options.retries = 1;
    rig_start(&r);
    for (int i = 0; i < 20; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    for (unsigned i = 0; i < r.submitted; i++) {
        const struct fetch_page *page = r.target[i].page;

        rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_CONNECT);
        ck_assert_int_eq(page->phase, FETCH_PHASE_CONNECT);
        ck_assert_uint_eq(page->attempts, 2);
        ck_assert_ptr_nonnull(strstr(page->message, "127.0.0.1:"));
        ck_assert_ptr_nonnull(strstr(page->message, "refused"));
    }
    ck_assert_uint_eq(rig_stats(&r).connections, 0);
    close(fd);
    rig_fini(&r);
}
END_TEST

START_TEST(nobody_accepts)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    r.options.connect_timeout_ms = 200;
    peer_deafen(&r.peer);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_CONNECT);
    ck_assert_int_eq(page->phase, FETCH_PHASE_CONNECT);
    ck_assert_uint_ge(page->elapsed_ms, 199);
    ck_assert_uint_lt(page->elapsed_ms, 20000);
    rig_fini(&r);
}
END_TEST

START_TEST(the_attempt_s_timeout_holds_for_connecting_too)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    r.options.timeout_ms = 200;
    peer_deafen(&r.peer);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    ck_assert_int_eq(page->phase, FETCH_PHASE_CONNECT);
    rig_fini(&r);
}
END_TEST

/* Three addresses of one name: .2 refuses, .1 and .3 answer. */
START_TEST(connections_spread_over_what_answers)
{
    enum { CALLS = 20 };
    char entry[3][60];
    const char *const resolve[] = {entry[0], entry[1], entry[2]};
    struct peer third;
    char url[60];
    struct rig r;

    rig_init(&r);
    peer_init_at(&third, r.base, "127.0.0.3", r.peer.port);
    for (unsigned i = 0; i < 3; i++)
        (void)snprintf(entry[i], sizeof entry[i], "endpoint.test:%u:127.0.0.%u", r.peer.port,
                       (const unsigned[]){2, 1, 3}[i]);
    (void)snprintf(url, sizeof url, "http://ENDPOINT.test:%u/", r.peer.port);
    r.options.endpoint = url;
    r.options.resolve = resolve;
    r.options.resolve_count = 3;
    r.options.concurrency = CALLS;
    r.options.retries = 0;
    peer_then(&r.peer, peer_ok_later);
    peer_then(&third, peer_ok_later);
    rig_start(&r);
    for (int i = 0; i < CALLS; i++)
        rig_submit(&r, TARGET);
    rig_until(&r, r.peer.held + third.held == CALLS);
    ck_assert_uint_ge(r.peer.held, CALLS / 4);
    ck_assert_uint_ge(third.held, CALLS / 4);
    peer_release(&r.peer);
    peer_release(&third);
    rig_run(&r);
    for (unsigned i = 0; i < CALLS; i++)
        rig_check_hello(r.target[i].page);
    rig_free_client(&r);
    peer_fini(&third);
    rig_fini(&r);
}
END_TEST

/* The first address takes no connection; there is time left for the second. */
START_TEST(a_dead_address_is_passed_over)
{
    char entry[2][60];
    const char *const resolve[] = {entry[0], entry[1]};
    struct peer good;
    char url[60];
    struct rig r;

    rig_init(&r);
    peer_init_at(&good, r.base, "127.0.0.4", r.peer.port);
    peer_then(&good, peer_ok);
    peer_deafen(&r.peer);
    (void)snprintf(entry[0], sizeof entry[0], "endpoint.test:%u:127.0.0.1", r.peer.port);
    (void)snprintf(entry[1], sizeof entry[1], "endpoint.test:%u:127.0.0.4", r.peer.port);
    (void)snprintf(url, sizeof url, "http://endpoint.test:%u/", r.peer.port);
    r.options.endpoint = url;
    r.options.resolve = resolve;
    r.options.resolve_count = 2;
    r.options.concurrency = 1;
    r.options.retries = 0;
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    for (int i = 0; i < 3; i++) { /* the dead one rests now */
        peer_hang_up(&good);
        rig_until(&r, rig_stats(&r).open == 0);
        rig_check_hello(rig_fetch(&r, TARGET));
        ck_assert_uint_lt(r.target[r.submitted - 1].page->elapsed_ms, 2900);
    }
    rig_free_client(&r);
    peer_fini(&good);
    rig_fini(&r);
}
END_TEST

START_TEST(speaks_v6)
{
    struct peer six;
    struct rig r;

    rig_init(&r);
    peer_init_at(&six, r.base, "::1", 0);
    peer_then(&six, peer_ok);
    r.options.endpoint = six.url;
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    ck_assert_ptr_nonnull(strstr(six.request[0].head, "host: [::1]:"));
    rig_free_client(&r);
    peer_fini(&six);
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tc = unit_case(suite, "kept");

    tcase_add_test(tc, one_connection_serves_many_in_turn);
    tcase_add_loop_test(tc, an_answer_that_ends_its_connection_is_not_followed_by_a_request, 0, 4);
    tcase_add_test(tc, connections_limit_what_flies);
    tcase_add_loop_test(tc, a_stale_connection_is_replaced_without_counting, 0, 2);
    tcase_add_test(tc, a_new_connection_that_fails_counts);
    tcase_add_test(tc, a_kept_connection_that_fails_later_counts);
    tcase_add_test(tc, a_whole_pool_of_stale_connections_is_replaced);
    tcase_add_loop_test(tc, idle_connections_that_end_or_speak_are_closed, 0, 2);
    tc = unit_case(suite, "opened");
    tcase_add_test(tc, nobody_listens);
    tcase_add_test(tc, nobody_accepts);
    tcase_add_test(tc, the_attempt_s_timeout_holds_for_connecting_too);
    tcase_add_test(tc, connections_spread_over_what_answers);
    tcase_add_test(tc, a_dead_address_is_passed_over);
    tcase_add_test(tc, speaks_v6);
    return unit_run(suite);
}

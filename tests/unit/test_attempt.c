/* What follows from an answer or a failure: a page, another attempt, a pause for all. */
#include "unit/rig.h"

#include <stdio.h>

#include <event2/event.h>

#include "unit/unit.h"

#define TARGET "http://example.com/"

/* -------------------------------------------------------------- retries -- */

static const struct peer_step cut_body[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"), PEER_DO(PEER_CLOSE),
    PEER_DO(PEER_END)};
static const struct peer_step cut_head[] = {PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-le"),
                                            PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)};
static const struct peer_step cut_chunk[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)};
static const struct peer_step reset_body[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"), PEER_DO(PEER_RESET),
    PEER_DO(PEER_END)};
static const struct peer_step reset_open_end[] = {PEER_SENDS("HTTP/1.1 200 OK\r\n\r\nhel"),
                                                  PEER_DO(PEER_RESET), PEER_DO(PEER_END)};
static const struct peer_step no_http[] = {PEER_SENDS("220 mail.example.com\r\n"),
                                           PEER_DO(PEER_END)};
static const struct peer_step no_gzip[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello"),
    PEER_DO(PEER_END)};
static const struct peer_step empty[] = {PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
                                         PEER_DO(PEER_END)};
static const struct peer_step busy_408[] = {
    PEER_SENDS("HTTP/1.1 408 Slow\r\ncontent-length: 0\r\n\r\n"), PEER_DO(PEER_END)};

/* What is worth another attempt, and how it ends where that fails alike. */
static const struct {
    const struct peer_step *script;
    enum fetch_outcome outcome;
    enum fetch_error error;
    enum fetch_phase phase;
    int api_status;
} passing[] = {
    {peer_500, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, FETCH_PHASE_VERDICT, 500},
    {busy_408, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS, FETCH_PHASE_VERDICT, 408},
    {empty, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_EMPTY, FETCH_PHASE_VERDICT, 200},
    {peer_close, FETCH_OUTCOME_NETWORK, FETCH_E_LOST, FETCH_PHASE_REQUEST, 0},
    {peer_reset, FETCH_OUTCOME_NETWORK, FETCH_E_LOST, FETCH_PHASE_REQUEST, 0},
    {cut_head, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED, FETCH_PHASE_HEAD, 0},
    {cut_body, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED, FETCH_PHASE_BODY, 200},
    {cut_chunk, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED, FETCH_PHASE_BODY, 200},
    {reset_body, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED, FETCH_PHASE_BODY, 200},
    {reset_open_end, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED, FETCH_PHASE_BODY, 200},
    {no_http, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_PROTOCOL, FETCH_PHASE_HEAD, 0},
    {no_gzip, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_ENCODING, FETCH_PHASE_BODY, 200},
};
#define PASSING ((int)(sizeof passing / sizeof *passing))

START_TEST(the_last_attempt_s_failure_is_the_page_s)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 1;
    peer_then(&r.peer, passing[_i].script);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, passing[_i].outcome, passing[_i].error);
    ck_assert_str_eq(fetch_phase_name(page->phase), fetch_phase_name(passing[_i].phase));
    ck_assert_int_eq(page->api_status, passing[_i].api_status);
    ck_assert_int_eq(page->status, 0); /* of the target nothing is known */
    ck_assert_uint_eq(page->attempts, 2);
    ck_assert_uint_eq(r.peer.request_count, 2);
    ck_assert_uint_eq(rig_stats(&r).retries, 1);
    ck_assert_uint_eq(rig_stats(&r).resent, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(a_later_attempt_is_good)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 1;
    peer_then(&r.peer, passing[_i].script);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_hello(page);
    ck_assert_uint_eq(page->attempts, 2);
    ck_assert_str_eq(r.peer.request[0].head, r.peer.request[1].head);
    rig_fini(&r);
}
END_TEST

START_TEST(retries_are_counted)
{
    static const int retries[] = {0, 2, FETCH_RETRIES_DEFAULT};
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = retries[_i];
    peer_then(&r.peer, peer_500);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS);
    ck_assert_uint_eq(page->attempts, retries[_i] < 0 ? 4 : (unsigned)retries[_i] + 1);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.request_count, page->attempts);
    rig_fini(&r);
}
END_TEST

static const struct peer_step forbidden[] = {
    PEER_SENDS("HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno"), PEER_DO(PEER_END)};
static const struct peer_step no_credits[] = {
    PEER_SENDS("HTTP/1.1 402 Pay\r\ncontent-length: 2\r\n\r\nno"), PEER_DO(PEER_END)};
static const struct peer_step bad_request[] = {
    PEER_SENDS("HTTP/1.1 400 What\r\ncontent-length: 2\r\n\r\nno"), PEER_DO(PEER_END)};

static const struct {
    const struct peer_step *script;
    enum fetch_outcome outcome;
    int status, api_status;
} final[] = {
    {peer_404, FETCH_OUTCOME_TARGET_ERROR, 404, 404},
    {forbidden, FETCH_OUTCOME_TARGET_ERROR, 403, 403},
    {peer_401, FETCH_OUTCOME_ACCOUNT, 0, 401},
    {no_credits, FETCH_OUTCOME_ACCOUNT, 0, 402},
    {bad_request, FETCH_OUTCOME_PROVIDER_ERROR, 0, 400},
};

START_TEST(a_final_answer_is_not_asked_for_again)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    if (final[_i].outcome == FETCH_OUTCOME_ACCOUNT)
        r.options.retries = 0; /* it would be asked about once more */
    peer_then(&r.peer, final[_i].script);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, final[_i].outcome, FETCH_E_STATUS);
    ck_assert_int_eq(page->phase, FETCH_PHASE_VERDICT);
    ck_assert_int_eq(page->status, final[_i].status);
    ck_assert_int_eq(page->api_status, final[_i].api_status);
    ck_assert_str_eq(page->body, "no"); /* a page that failed keeps whatever came */
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_uint_eq(r.peer.request_count, 1);
    rig_fini(&r);
}
END_TEST

/* -------------------------------------------------------------- account -- */

START_TEST(a_refused_key_is_asked_about_once_more)
{
    struct rig r;
    unsigned unsent = 0;

    rig_init(&r);
    r.options.concurrency = 1;
    peer_then(&r.peer, peer_401);
    peer_then(&r.peer, peer_401);
    rig_start(&r);
    for (int i = 0; i < 5; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    ck_assert_uint_eq(r.peer.request_count, 2);
    ck_assert_uint_ge(r.peer.request[1].since_ms - r.peer.request[0].since_ms, 1900);
    for (unsigned i = 0; i < 5; i++) {
        const struct fetch_page *page = r.target[i].page;

        rig_check_failed(page, FETCH_OUTCOME_ACCOUNT, page->error);
        unsent += page->error == FETCH_E_ACCOUNT;
    }
    ck_assert_uint_eq(unsent, 4); /* one says what the endpoint said */
    rig_submit(&r, TARGET);       /* and nothing is sent any more */
    rig_run(&r);
    rig_check_failed(r.target[5].page, FETCH_OUTCOME_ACCOUNT, FETCH_E_ACCOUNT);
    ck_assert_uint_eq(r.target[5].page->attempts, 0);
    ck_assert_uint_eq(r.peer.request_count, 2);
    rig_fini(&r);
}
END_TEST

START_TEST(a_key_that_was_refused_for_a_moment_goes_on)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 1;
    peer_then(&r.peer, peer_401);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < 5; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    for (unsigned i = 0; i < 5; i++)
        rig_check_hello(r.target[i].page);
    ck_assert_uint_eq(r.peer.request_count, 6);
    rig_fini(&r);
}
END_TEST

/* ------------------------------------------------------- live changes -- */

START_TEST(a_pause_holds_what_is_not_under_way)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    fetch_client_pause(r.client, 1);
    rig_submit(&r, TARGET);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.request_count, 0);
    fetch_client_pause(r.client, 0);
    rig_run(&r);
    rig_check_hello(r.target[0].page);
    ck_assert_int_eq(fetch_client_set_rate(r.client, -1), FETCH_E_INVALID);
    ck_assert_int_eq(fetch_client_set_rate(r.client, 1000001), FETCH_E_INVALID);
    ck_assert_int_eq(fetch_client_set_rate(r.client, 0), FETCH_OK);
    rig_fini(&r);
}
END_TEST

START_TEST(starts_keep_to_the_rate)
{
    struct rig r;
    uint64_t took;

    rig_init(&r);
    r.options.rate = 50;
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < 26; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    took = r.peer.request[25].since_ms - r.peer.request[0].since_ms;
    ck_assert_uint_ge(took, 400); /* 25 starts at 50 a second, less what may come at once */
    rig_fini(&r);
}
END_TEST

START_TEST(a_host_has_no_more_in_flight_than_it_may)
{
    struct rig r;
    unsigned com = 0, org = 0;

    rig_init(&r);
    r.options.per_domain = 2;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    for (int i = 0; i < 8; i++)
        rig_submit(&r, "http://example.com/");
    rig_submit(&r, "http://Example.ORG:8080/");
    rig_until(&r, r.peer.held == 3);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.held, 3);
    for (unsigned i = 0; i < 3; i++) {
        com += peer_asked_for(&r.peer, i, "http://example.com/");
        org += peer_asked_for(&r.peer, i, "http://Example.ORG:8080/");
    }
    ck_assert_uint_eq(com, 2);
    ck_assert_uint_eq(org, 1);
    fetch_client_set_per_domain(r.client, 0);
    rig_until(&r, r.peer.held == 5);
    while (r.ended < r.submitted) {
        peer_release(&r.peer);
        rig_turn(&r);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(nothing_is_sent_over_the_budget)
{
    struct rig r;
    unsigned ok = 0, unsent = 0;

    rig_init(&r);
    r.options.max_cost_micro = 3000000;
    r.options.cost_per_call_micro = 1000000;
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < 10; i++)
        rig_submit(&r, TARGET);
    rig_run(&r);
    for (unsigned i = 0; i < 10; i++) {
        if (r.target[i].page->outcome == FETCH_OUTCOME_OK) {
            ck_assert_int_eq(r.target[i].page->cost_micro, 1000000);
            ok++;
        }
        unsent += r.target[i].page->error == FETCH_E_BUDGET;
        if (r.target[i].page->error == FETCH_E_BUDGET)
            rig_check_failed(r.target[i].page, FETCH_OUTCOME_BUDGET, FETCH_E_BUDGET);
    }
    ck_assert_uint_eq(ok, 3);
    ck_assert_uint_eq(unsent, 7);
    ck_assert_int_eq(rig_stats(&r).cost_micro, 3000000);
    ck_assert_int_ne(rig_stats(&r).cost_hourly_micro, 0); /* none yet, or some */
    ck_assert_uint_eq(r.peer.request_count, 3);
    rig_fini(&r);
}
END_TEST

START_TEST(statuses_without_a_body_are_pages)
{
    static const struct peer_step no_content[] = {PEER_SENDS("HTTP/1.1 204 None\r\n\r\n"),
                                                  PEER_DO(PEER_END)};
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, no_content);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    ck_assert_int_eq(page->outcome, FETCH_OUTCOME_OK);
    ck_assert_int_eq(page->status, 204);
    ck_assert_uint_eq(page->body_len, 0);
    rig_fini(&r);
}
END_TEST

static const struct peer_step unavailable[] = {
    PEER_SENDS("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};

START_TEST(a_retry_comes_no_sooner_than_asked)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, unavailable);
    peer_then(&r.peer, peer_ok);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_submit(&r, TARGET);
    rig_until(&r, rig_stats(&r).waiting == 1);
    ck_assert_uint_eq(rig_stats(&r).in_flight, 0);
    ck_assert_uint_eq(rig_stats(&r).brake_ms, 0); /* only one target was told */
    rig_submit(&r, TARGET);
    rig_until(&r, r.ended == 1);
    rig_run(&r);
    rig_check_hello(r.target[0].page);
    rig_check_hello(r.target[1].page);
    ck_assert_uint_eq(r.target[1].order, 0); /* the other did not wait */
    ck_assert_uint_ge(r.peer.request[2].since_ms - r.peer.request[0].since_ms, 990);
    rig_fini(&r);
}
END_TEST

/* ----------------------------------------------------------- throttling -- */

static const struct peer_step throttle[] = {
    PEER_SENDS("HTTP/1.1 429 Slow\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
    PEER_DO(PEER_END)};

START_TEST(a_throttling_answer_stops_the_whole_client)
{
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, throttle);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_submit(&r, TARGET);
    rig_until(&r, rig_stats(&r).throttled == 1);
    for (int i = 0; i < 10; i++)
        rig_submit(&r, "http://example.org/");
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.request_count, 1);
    ck_assert_uint_gt(rig_stats(&r).brake_ms, 0);
    ck_assert_uint_le(rig_stats(&r).brake_ms, 1250); /* spread, so that not all come back at once */
    ck_assert_ptr_nonnull(strstr(r.log.data, "429"));
    rig_run(&r);
    for (unsigned i = 0; i < r.submitted; i++) {
        rig_check_hello(r.target[i].page); /* though there are no retries */
        ck_assert_uint_eq(r.target[i].page->attempts, i == 0 ? 2 : 1);
    }
    for (unsigned i = 1; i < r.peer.request_count; i++)
        ck_assert_uint_ge(r.peer.request[i].since_ms - r.peer.request[0].since_ms, 990);
    ck_assert_uint_eq(rig_stats(&r).brake_ms, 0);
    ck_assert_uint_eq(rig_stats(&r).throttled, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(throttling_does_not_count_as_a_retry)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 1;
    peer_then(&r.peer, throttle);
    peer_then(&r.peer, peer_500);
    peer_then(&r.peer, peer_500);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_STATUS);
    ck_assert_uint_eq(page->attempts, 3);
    rig_fini(&r);
}
END_TEST

START_TEST(freed_while_the_brake_is_on)
{
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_429);
    rig_start(&r);
    rig_submit(&r, TARGET);
    rig_until(&r, rig_stats(&r).throttled == 1);
    rig_submit(&r, TARGET);
    rig_free_client(&r);
    ck_assert_uint_eq(r.ended, 2);
    for (unsigned i = 0; i < 2; i++)
        rig_check_failed(r.target[i].page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    rig_fini(&r);
}
END_TEST

/* ------------------------------------------------------------- timeouts -- */

static const struct peer_step endless[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhel"), PEER_DO(PEER_HOLD),
    PEER_DO(PEER_END)};

static const struct {
    const struct peer_step *script;
    enum fetch_phase phase;
} slow[] = {{peer_silent, FETCH_PHASE_REQUEST}, {endless, FETCH_PHASE_BODY}};

START_TEST(an_attempt_times_out)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 1;
    r.options.timeout_ms = 500;
    peer_then(&r.peer, slow[_i].script);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    ck_assert_str_eq(fetch_phase_name(page->phase), fetch_phase_name(slow[_i].phase));
    ck_assert_uint_eq(page->attempts, 2);
    ck_assert_uint_ge(page->elapsed_ms, 998);
    ck_assert_ptr_nonnull(strstr(page->message, "0.5 s"));
    rig_until(&r, r.peer.open == 0); /* what timed out keeps no connection */
    rig_fini(&r);
}
END_TEST

START_TEST(waiting_in_the_queue_is_no_timeout)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 1;
    r.options.retries = 0;
    r.options.timeout_ms = 1000;
    r.options.deadline_ms = 1000;
    peer_then(&r.peer, peer_silent);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_submit(&r, TARGET);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(r.target[0].page, FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    rig_check_hello(page);
    ck_assert_uint_ge(page->queued_ms, 990);
    rig_fini(&r);
}
END_TEST

START_TEST(the_deadline_is_for_all_attempts)
{
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    r.options.retries = 100;
    r.options.timeout_ms = 20000;
    r.options.deadline_ms = 300;
    peer_then(&r.peer, _i == 0 ? peer_silent : unavailable);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_uint_ge(page->elapsed_ms, 299);
    ck_assert_ptr_nonnull(strstr(page->message, "deadline"));
    rig_quiet(&r);
    ck_assert_uint_eq(rig_stats(&r).in_flight + rig_stats(&r).waiting + rig_stats(&r).queued, 0);
    rig_fini(&r);
}
END_TEST

/* The first page is long there when its deadline would pass, the second's is waited for. */
START_TEST(a_deadline_ends_with_its_target)
{
    struct rig r;

    rig_init(&r);
    r.options.deadline_ms = 300;
    peer_then(&r.peer, peer_ok);
    peer_then(&r.peer, peer_silent);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    rig_check_failed(rig_fetch(&r, TARGET), FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
    ck_assert_uint_eq(rig_stats(&r).ended, 2);
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attempt");
    TCase *tc = unit_case(suite, "retries");

    tcase_add_loop_test(tc, the_last_attempt_s_failure_is_the_page_s, 0, PASSING);
    tcase_add_loop_test(tc, a_later_attempt_is_good, 0, PASSING);
    tcase_add_loop_test(tc, retries_are_counted, 0, 3);
    tcase_add_loop_test(tc, a_final_answer_is_not_asked_for_again, 0,
                        (int)(sizeof final / sizeof *final));
    tcase_add_test(tc, statuses_without_a_body_are_pages);
    tcase_add_test(tc, a_retry_comes_no_sooner_than_asked);
    tc = unit_case(suite, "account");
    tcase_add_test(tc, a_refused_key_is_asked_about_once_more);
    tcase_add_test(tc, a_key_that_was_refused_for_a_moment_goes_on);
    tc = unit_case(suite, "limits");
    tcase_add_test(tc, a_pause_holds_what_is_not_under_way);
    tcase_add_test(tc, starts_keep_to_the_rate);
    tcase_add_test(tc, a_host_has_no_more_in_flight_than_it_may);
    tcase_add_test(tc, nothing_is_sent_over_the_budget);
    tc = unit_case(suite, "throttling");
    tcase_add_test(tc, a_throttling_answer_stops_the_whole_client);
    tcase_add_test(tc, throttling_does_not_count_as_a_retry);
    tcase_add_test(tc, freed_while_the_brake_is_on);
    tc = unit_case(suite, "timeouts");
    tcase_add_loop_test(tc, an_attempt_times_out, 0, (int)(sizeof slow / sizeof *slow));
    tcase_add_test(tc, waiting_in_the_queue_is_no_timeout);
    tcase_add_loop_test(tc, the_deadline_is_for_all_attempts, 0, 2);
    tcase_add_test(tc, a_deadline_ends_with_its_target);
    return unit_run(suite);
}

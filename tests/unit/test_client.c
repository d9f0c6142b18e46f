/* The client's contract: what a submission promises, limits, figures, options. */
#include "unit/rig.h"

#include <stdio.h>
#include <time.h>

#include <event2/event.h>

#include "unit/unit.h"

START_TEST(a_target_becomes_a_page)
{
    static const struct peer_step answer[] = {
        PEER_SENDS("HTTP/1.1 201 Made\r\nContent-Length: 3\r\nX-Two:  two words \r\n\r\na\0b"),
        PEER_DO(PEER_END)};
    struct fetch_target target = FETCH_TARGET_INIT;
    const struct fetch_page *page;
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, answer);
    rig_start(&r);
    target.url = "http://example.com/a?b=c#d";
    target.id = "row 7";
    target.user = &r;
    t = rig_submit_target(&r, &target);
    rig_run(&r);
    page = t->page;
    ck_assert_int_eq(page->outcome, FETCH_OUTCOME_OK);
    ck_assert_uint_eq(page->index, 0);
    ck_assert_str_eq(page->url, target.url);
    ck_assert_str_eq(page->id, target.id);
    ck_assert_ptr_eq(page->user, &r);
    ck_assert_int_eq(page->status, 201);
    ck_assert_int_eq(page->api_status, 201);
    ck_assert_uint_eq(page->header_count, 2);
    ck_assert_str_eq(page->headers[1].name, "X-Two");
    ck_assert_str_eq(fetch_page_header(page, "x-two"), "two words");
    ck_assert_ptr_null(fetch_page_header(page, "x-tw"));
    ck_assert_uint_eq(page->body_len, 3);
    ck_assert_mem_eq(page->body, "a\0b", 4);
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_int_eq(page->cost_micro, -1);
    ck_assert_int_ge(page->fetched_at_ms, now_ms);
    ck_assert_str_eq(page->protocol, "http/1.1");
    ck_assert(peer_asked_for(&r.peer, 0, target.url));
    rig_fini(&r);
}
END_TEST

START_TEST(everything_given_is_copied)
{
    char url[] = "http://example.com/", id[] = "first", name[] = "n", value[] = "v";
    char header[] = "x-own", content[] = "yes", endpoint[80];
    struct fetch_pair param = {name, value}, field = {header, content};
    struct fetch_target target = FETCH_TARGET_INIT;
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    r.options.endpoint = strcpy(endpoint, r.peer.url);
    rig_start(&r);
    memset(endpoint, 'x', strlen(endpoint));
    target.url = url;
    target.id = id;
    target.params = &param;
    target.headers = &field;
    target.param_count = target.header_count = 1;
    t = rig_submit_target(&r, &target);
    url[7] = id[0] = name[0] = value[0] = header[0] = content[0] = 'X';
    rig_run(&r);
    rig_check_hello(t->page);
    ck_assert_str_eq(t->page->url, "http://example.com/");
    ck_assert_str_eq(t->page->id, "first");
    ck_assert_ptr_nonnull(strstr(r.peer.request[0].head, "&n=v&"));
    ck_assert_ptr_nonnull(strstr(r.peer.request[0].head, "\r\nx-own: yes\r\n"));
    rig_fini(&r);
}
END_TEST

START_TEST(what_cannot_be_sent_ends_from_the_loop)
{
    static const char *const bad[] = {"",
                                      "example.com",
                                      "ftp://example.com/",
                                      "http://",
                                      "http:///path",
                                      "http://example.com/a b",
                                      "http://example.com/\r\nx: y",
                                      " http://example.com/",
                                      "javascript:alert(1)"};
    struct rig_target *good;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        rig_submit(&r, bad[i]);
    good = rig_submit(&r, "http://example.com/");
    ck_assert_uint_eq(r.ended, 0);
    rig_run(&r);
    rig_check_hello(good->page);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig_check_failed(r.target[i].page, FETCH_OUTCOME_BAD_URL, FETCH_E_BAD_URL);
        ck_assert_uint_eq(r.target[i].page->attempts, 0);
        ck_assert_int_eq(r.target[i].page->phase, FETCH_PHASE_QUEUE);
        ck_assert_int_eq(r.target[i].page->api_status, 0);
        ck_assert_uint_eq(r.target[i].page->elapsed_ms, 0);
        ck_assert_str_eq(r.target[i].page->protocol, "");
    }
    ck_assert_uint_eq(r.peer.request_count, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(pairs_that_cannot_be_sent_are_a_page_s_error)
{
    static const struct fetch_pair bad_params[] = {
        {"", "v"}, {NULL, "v"}, {"auth_key", "other"}, {"url", "other"}};
    static const struct fetch_pair bad_headers[] = {
        {"", "v"}, {"a b", "v"}, {"x", "a\r\nb: c"}, {"Host", "h"}, {"content-length", "1"}};
    struct fetch_target target = FETCH_TARGET_INIT;
    struct rig r;

    rig_init(&r);
    rig_start(&r);
    target.url = "http://example.com/";
    target.param_count = 1;
    for (size_t i = 0; i < sizeof bad_params / sizeof *bad_params; i++) {
        target.params = &bad_params[i];
        rig_submit_target(&r, &target);
    }
    target.param_count = 0;
    target.header_count = 1;
    for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        target.headers = &bad_headers[i];
        rig_submit_target(&r, &target);
    }
    rig_run(&r);
    for (unsigned i = 0; i < r.submitted; i++)
        rig_check_failed(r.target[i].page, FETCH_OUTCOME_BAD_URL, FETCH_E_INVALID);
    ck_assert_uint_eq(r.peer.accepted, 0);
    rig_fini(&r);
}
END_TEST

static void never(struct fetch_page *page, void *arg)
{
    (void)arg;
    ck_abort_msg("called for %s", page->url);
}

START_TEST(a_wrong_submission_is_an_error_at_once)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct rig r;

    rig_init(&r);
    rig_start(&r);
    ck_assert_int_eq(fetch_client_submit(r.client, NULL, never, NULL, NULL), FETCH_E_INVALID);
    ck_assert_int_eq(fetch_client_submit(r.client, &target, never, NULL, NULL), FETCH_E_INVALID);
    target.url = "http://example.com/";
    ck_assert_int_eq(fetch_client_submit(r.client, &target, NULL, NULL, NULL), FETCH_E_INVALID);
    target.size = 0;
    ck_assert_int_eq(fetch_client_submit(r.client, &target, never, NULL, NULL), FETCH_E_INVALID);
    rig_quiet(&r);
    ck_assert_uint_eq(rig_stats(&r).submitted, 0);
    rig_fini(&r);
}
END_TEST

/* A program that was compiled when the structs were shorter. */
START_TEST(shorter_structs_mean_the_defaults)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    target.url = "http://example.com/";
    target.size = offsetof(struct fetch_target, id);
    target.id = "not there yet";
    t = rig_submit_target(&r, &target);
    rig_run(&r);
    rig_check_hello(t->page);
    ck_assert_ptr_null(t->page->id);
    rig_fini(&r);
}
END_TEST

START_TEST(no_more_calls_fly_than_allowed)
{
    enum { TARGETS = 40, LIMIT = 7 };
    struct rig r;

    rig_init(&r);
    r.options.concurrency = LIMIT;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    for (int i = 0; i < TARGETS; i++)
        rig_submit(&r, "http://example.com/");
    while (r.ended < TARGETS) {
        unsigned left = TARGETS - r.ended, flying = left < LIMIT ? left : LIMIT;

        rig_until(&r, r.peer.held == flying);
        rig_quiet(&r);
        ck_assert_uint_eq(r.peer.held, flying);
        ck_assert_uint_eq(rig_stats(&r).in_flight, flying);
        ck_assert_uint_eq(rig_stats(&r).queued, left - flying);
        peer_release(&r.peer);
        rig_until(&r, TARGETS - r.ended == left - flying);
    }
    ck_assert_uint_eq(r.peer.most_progress, LIMIT);
    ck_assert_uint_eq(r.peer.accepted, LIMIT);
    rig_fini(&r);
}
END_TEST

START_TEST(concurrency_changes_while_it_runs)
{
    struct rig r;

    rig_init(&r);
    r.options.concurrency = 2;
    peer_then(&r.peer, peer_ok_later);
    rig_start(&r);
    ck_assert_int_eq(fetch_client_set_concurrency(r.client, 1000001), FETCH_E_INVALID);
    for (int i = 0; i < 20; i++)
        rig_submit(&r, "http://example.com/");
    rig_until(&r, r.peer.held == 2);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.held, 2);
    ck_assert_int_eq(fetch_client_set_concurrency(r.client, 5), FETCH_OK);
    rig_until(&r, r.peer.held == 5);
    ck_assert_int_eq(fetch_client_set_concurrency(r.client, 1), FETCH_OK);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.held, 5); /* what flies, flies */
    for (unsigned i = 0; i < 4; i++)
        peer_release_request(&r.peer, i);
    rig_until(&r, r.ended == 4);
    rig_quiet(&r);
    ck_assert_uint_eq(r.peer.held, 1);
    for (unsigned i = 5; i <= 20; i++) {
        peer_release(&r.peer);
        rig_until(&r, r.ended == i);
        rig_quiet(&r);
        ck_assert_uint_le(r.peer.held, 1);
    }
    rig_fini(&r);
}
END_TEST

static const struct peer_step *by_target(struct peer *peer, const struct peer_request *request)
{
    (void)peer;
    if (strstr(request->head, "missing"))
        return peer_404;
    if (strstr(request->head, "broken"))
        return peer_500;
    return peer_ok;
}

START_TEST(figures_add_up)
{
    struct fetch_stats s;
    struct rig_target *cancelled;
    struct rig r;

    rig_init(&r);
    r.options.retries = 1;
    r.peer.choose = by_target;
    rig_start(&r);
    for (int i = 0; i < 10; i++)
        rig_submit(&r, "http://example.com/");
    rig_submit(&r, "http://example.com/missing");
    rig_submit(&r, "http://example.com/broken");
    rig_submit(&r, "no url");
    cancelled = rig_submit(&r, "http://example.com/");
    fetch_call_cancel(cancelled->call);
    s = rig_stats(&r);
    ck_assert_uint_eq(s.submitted, 14);
    ck_assert_uint_eq(s.queued, 12);
    ck_assert_uint_eq(s.ended + s.attempts + s.in_flight + s.waiting + s.open + s.connections, 0);
    rig_run(&r);
    s = rig_stats(&r);
    ck_assert_uint_eq(s.size, sizeof s);
    ck_assert_uint_eq(s.submitted, 14);
    ck_assert_uint_eq(s.ended, 14);
    ck_assert_uint_eq(s.attempts, 13);
    ck_assert_uint_eq(s.attempts, r.peer.request_count);
    ck_assert_uint_eq(s.retries, 1);
    ck_assert_uint_eq(s.throttled + s.resent + s.brake_ms, 0);
    ck_assert_uint_eq(s.queued + s.in_flight + s.waiting, 0);
    ck_assert_uint_eq(s.connections, r.peer.accepted);
    ck_assert_uint_eq(s.open, r.peer.open);
    ck_assert_uint_eq(s.bytes_in, 10 * (peer_ok[0].len) + peer_404[0].len + 2 * peer_500[0].len);
    rig_fini(&r);
}
END_TEST

START_TEST(figures_of_a_shorter_struct)
{
    struct fetch_stats s = {.size = offsetof(struct fetch_stats, ended), .ended = 4711};
    struct rig r;

    rig_init(&r);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, "http://example.com/"));
    fetch_client_stats(r.client, &s);
    ck_assert_uint_eq(s.submitted, 1);
    ck_assert_uint_eq(s.ended, 4711);
    ck_assert_uint_eq(s.size, offsetof(struct fetch_stats, ended));
    rig_fini(&r);
}
END_TEST

START_TEST(two_clients_share_a_loop)
{
    struct rig a, b;
    struct event_base *base;

    rig_init(&a);
    rig_init(&b);
    peer_fini(&b.peer); /* it goes on with the other's */
    base = b.base;
    b.base = a.base;
    a.options.concurrency = b.options.concurrency = 3;
    b.options.endpoint = a.peer.url;
    peer_then(&a.peer, peer_ok_later);
    rig_start(&a);
    rig_start(&b);
    for (int i = 0; i < 6; i++) {
        rig_submit(&a, "http://example.com/");
        rig_submit(&b, "http://example.org/");
    }
    rig_until(&a, a.peer.held == 6); /* each has its own limit */
    rig_free_client(&a);
    ck_assert_uint_eq(a.ended, 6);
    ck_assert_uint_eq(b.ended, 0);
    while (b.ended < 6) {
        rig_turn(&b);
        peer_release(&a.peer);
    }
    for (unsigned i = 0; i < 6; i++) {
        rig_check_failed(a.target[i].page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
        rig_check_hello(b.target[i].page);
    }
    rig_free_client(&b);
    b.base = base;
    rig_fini(&b);
    rig_fini(&a);
}
END_TEST

START_TEST(the_environment_fills_in)
{
    struct fetch_client *client;
    struct fetch_failure failure;
    struct rig r;

    rig_init(&r);
    ck_assert_int_eq(fetch_client_new(&client, r.base, NULL, &failure), FETCH_E_NO_KEY);
    ck_assert_ptr_null(client);
    ck_assert_int_eq(failure.error, FETCH_E_NO_KEY);
    ck_assert_ptr_nonnull(strstr(failure.message, "PROXIESAPI_KEY"));
    ck_assert_int_eq(fetch_client_new(&client, r.base, NULL, NULL), FETCH_E_NO_KEY);
    ck_assert_int_eq(setenv("PFETCH_KEY", "second", 1), 0);
    ck_assert_int_eq(setenv("PFETCH_ENDPOINT", r.peer.url, 1), 0);
    peer_then(&r.peer, peer_ok);
    ck_assert_int_eq(fetch_client_new(&r.client, r.base, NULL, &failure), FETCH_OK);
    ck_assert_int_eq(failure.error, FETCH_OK);
    rig_check_hello(rig_fetch(&r, "http://example.com/"));
    ck_assert_ptr_nonnull(strstr(r.peer.request[0].head, "?auth_key=second&url="));
    rig_free_client(&r);
    ck_assert_int_eq(setenv("PROXIESAPI_KEY", "first", 1), 0);
    ck_assert_int_eq(fetch_client_new(&r.client, r.base, NULL, &failure), FETCH_OK);
    rig_check_hello(rig_fetch(&r, "http://example.com/"));
    ck_assert_ptr_nonnull(strstr(r.peer.request[1].head, "?auth_key=first&url="));
    rig_fini(&r);
}
END_TEST

static const struct fetch_pair long_list[65] = {{"a", "b"}};
static const char *const bad_override[] = {"example.com:80"};
static const struct {
    struct fetch_options options;
    enum fetch_error error;
} wrong[] = {
    {{.size = 0}, FETCH_E_INVALID},
    {{.profile = "nobody"}, FETCH_E_INVALID},
    {{.endpoint = "ftp://example.com/"}, FETCH_E_INVALID},
    {{.endpoint = "example.com"}, FETCH_E_INVALID},
    {{.endpoint = "http://user@example.com/"}, FETCH_E_INVALID},
    {{.key = "two words"}, FETCH_E_INVALID},
    {{.key = "line\n"}, FETCH_E_INVALID},
    {{.key_param = ""}, FETCH_E_INVALID},
    {{.premium = 1}, FETCH_E_UNSUPPORTED},
    {{.country = "DE"}, FETCH_E_UNSUPPORTED},
    {{.params = long_list, .param_count = 65}, FETCH_E_INVALID},
    {{.concurrency = 1000001}, FETCH_E_INVALID},
    {{.connections = 20001}, FETCH_E_INVALID},
    {{.timeout_ms = 86400001}, FETCH_E_INVALID},
    {{.connect_timeout_ms = 86400001}, FETCH_E_INVALID},
    {{.deadline_ms = 86400001}, FETCH_E_INVALID},
    {{.retries = 101}, FETCH_E_INVALID},
    {{.retries = -2}, FETCH_E_INVALID},
    {{.redirects = 21}, FETCH_E_INVALID},
    {{.redirects = -2}, FETCH_E_INVALID},
    {{.max_body = (size_t)-1}, FETCH_E_INVALID},
    {{.resolve = bad_override, .resolve_count = 1}, FETCH_E_INVALID},
    {{.ca_file = "/nonexistent/ca.pem"}, FETCH_E_CERTIFICATE},
};

START_TEST(wrong_options_are_told_before_anything_is_sent)
{
    struct fetch_options options = wrong[_i].options;
    struct fetch_client *client;
    struct fetch_failure failure = {.error = FETCH_OK};
    struct rig r;

    rig_init(&r);
    options.size = _i == 0 ? 0 : sizeof options;
    if (!options.endpoint)
        options.endpoint = r.peer.url;
    if (!options.key)
        options.key = RIG_KEY;
    ck_assert_int_eq(fetch_client_new(&client, r.base, &options, &failure), wrong[_i].error);
    ck_assert_ptr_null(client);
    ck_assert_int_eq(failure.error, wrong[_i].error);
    ck_assert_uint_gt(strlen(failure.message), 10);
    ck_assert_ptr_null(strstr(failure.message, options.key));
    rig_fini(&r);
}
END_TEST

START_TEST(a_key_in_the_clear_is_warned_of_once)
{
    static const char *const remote[] = {"http://endpoint.test/", "http://127.endpoint.test:81/"};
    static const char *const local[] = {"http://localhost/", "http://127.0.0.1:81/",
                                        "http://[::1]/", "https://endpoint.test/"};
    struct rig r;

    rig_init(&r);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        r.options.endpoint = local[i];
        rig_start(&r);
        ck_assert_ptr_null(r.log.data);
        rig_free_client(&r);
    }
    r.options.endpoint = remote[_i];
    rig_start(&r);
    ck_assert_ptr_nonnull(strstr(r.log.data, "endpoint.test"));
    ck_assert_ptr_eq(strchr(r.log.data, '\n'), strrchr(r.log.data, '\n'));
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client");
    TCase *tc = unit_case(suite, "pages");

    tcase_add_test(tc, a_target_becomes_a_page);
    tcase_add_test(tc, everything_given_is_copied);
    tcase_add_test(tc, what_cannot_be_sent_ends_from_the_loop);
    tcase_add_test(tc, pairs_that_cannot_be_sent_are_a_page_s_error);
    tcase_add_test(tc, a_wrong_submission_is_an_error_at_once);
    tcase_add_test(tc, shorter_structs_mean_the_defaults);
    tc = unit_case(suite, "limits");
    tcase_add_test(tc, no_more_calls_fly_than_allowed);
    tcase_add_test(tc, concurrency_changes_while_it_runs);
    tc = unit_case(suite, "figures");
    tcase_add_test(tc, figures_add_up);
    tcase_add_test(tc, figures_of_a_shorter_struct);
    tc = unit_case(suite, "clients");
    tcase_add_test(tc, two_clients_share_a_loop);
    tcase_add_test(tc, the_environment_fills_in);
    tcase_add_loop_test(tc, wrong_options_are_told_before_anything_is_sent, 0,
                        (int)(sizeof wrong / sizeof *wrong));
    tcase_add_loop_test(tc, a_key_in_the_clear_is_warned_of_once, 0, 2);
    return unit_run(suite);
}

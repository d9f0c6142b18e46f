/* Redirects of the endpoint itself: where the key may go, and where it never does. */
#include "unit/rig.h"

#include <stdio.h>

#include "unit/unit.h"

#define TARGET "http://example.com/"

/* Up to four redirects whose places are known only when the test runs, then "hello". */
struct road {
    struct rig r;
    char answer[4][400];
    struct peer_step script[4][2];
    unsigned count;
};

static void road_init(struct road *road)
{
    road->count = 0;
    rig_init(&road->r);
    road->r.options.retries = 0;
}

/* The next request is redirected with `status` by these fields. */
static void road_turn(struct road *road, int status, const char *fields)
{
    unsigned i = road->count++;
    int n = snprintf(road->answer[i], sizeof road->answer[i],
                     "HTTP/1.1 %d Elsewhere\r\n%scontent-length: 5\r\n\r\nthere", status, fields);

    ck_assert_int_lt(n, (int)sizeof road->answer[i]);
    road->script[i][0] = (struct peer_step){PEER_SEND, road->answer[i], (size_t)n, 0};
    road->script[i][1] = (struct peer_step){.act = PEER_END};
    peer_then(&road->r.peer, road->script[i]);
}

static const struct fetch_page *road_end(struct road *road)
{
    peer_then(&road->r.peer, peer_ok);
    rig_start(&road->r);
    return rig_fetch(&road->r, TARGET);
}

static const struct {
    const char *location, *path; /* "%s" stands for the endpoint's authority */
} followed[] = {
    {"/v2?a=b", "GET /v2?a=b HTTP/1.1\r\n"},
    {"v2", "GET /v2 HTTP/1.1\r\n"},
    {"../up/./down", "GET /up/down HTTP/1.1\r\n"},
    {"?b=c", "GET /?b=c HTTP/1.1\r\n"},
    {"//%s/there", "GET /there HTTP/1.1\r\n"},
    {"http://%s/there#part", "GET /there HTTP/1.1\r\n"},
    {"HTTP://%s", "GET / HTTP/1.1\r\n"},
};
#define FOLLOWED ((int)(sizeof followed / sizeof *followed))

START_TEST(followed_on_the_same_host)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    const struct fetch_page *page;
    char location[200], fields[220];
    struct road road;

    road_init(&road);
    ck_assert_int_gt(snprintf(location, sizeof location, "%s", followed[_i].location), 0);
    if (strstr(location, "%s")) {
        char *at = strstr(location, "%s");

        ck_assert_int_gt(snprintf(at, sizeof location - (size_t)(at - location), "%s%s",
                                  road.r.peer.address, strstr(followed[_i].location, "%s") + 2),
                         0);
    }
    ck_assert_int_gt(snprintf(fields, sizeof fields, "Location: %s\r\n", location), 0);
    road_turn(&road, statuses[_i % 5], fields);
    page = road_end(&road);
    rig_check_hello(page);
    ck_assert_uint_eq(page->attempts, 1); /* a hop is no attempt */
    ck_assert_uint_eq(rig_stats(&road.r).attempts, 1);
    ck_assert_uint_eq(road.r.peer.request_count, 2);
    ck_assert_uint_eq(road.r.peer.accepted, 1);
    ck_assert_int_eq(
        strncmp(road.r.peer.request[1].head, followed[_i].path, strlen(followed[_i].path)), 0);
    rig_fini(&road.r);
}
END_TEST

static const char *const refused[] = {
    "",                                   /* nowhere */
    "location: \r\n",                     /* here: a loop, see redirects = 1 below */
    "location: http://localhost:%u/\r\n", /* the same machine by another name is another host */
    "location: http://127.0.0.2:%u/\r\n", /* another host on the same port */
    "location: //example.org/\r\n",
    "location: ftp://127.0.0.1:%u/\r\n",
    "location: http://user@127.0.0.1:%u/\r\n",
    "location: javascript:alert(1)\r\n",
    "location: http://127.0.0.1:0/\r\n",
    "location: http://127.0.0.1.example.org:%u/\r\n",
};
#define REFUSED ((int)(sizeof refused / sizeof *refused))

START_TEST(not_followed_elsewhere)
{
    const struct fetch_page *page;
    struct peer other;
    struct road road;
    char fields[200];
    const char *at = strstr(refused[_i], "%u");

    road_init(&road);
    road.r.options.redirects = 1;
    peer_init_at(&other, road.r.base, "127.0.0.2", road.r.peer.port);
    peer_then(&other, peer_ok);
    if (at)
        (void)snprintf(fields, sizeof fields, "%.*s%u%s", (int)(at - refused[_i]), refused[_i],
                       road.r.peer.port, at + 2);
    else
        (void)snprintf(fields, sizeof fields, "%s", refused[_i]);
    road_turn(&road, 302, fields);
    road_turn(&road, 302, fields);
    page = road_end(&road);
    rig_check_failed(page, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT);
    ck_assert_int_eq(page->api_status, 302);
    ck_assert_str_eq(page->body, "there");
    ck_assert_uint_eq(page->attempts, 1);
    ck_assert_uint_eq(other.accepted, 0);
    ck_assert_uint_eq(road.r.peer.request_count, _i == 1 ? 2 : 1);
    peer_fini(&other);
    rig_fini(&road.r);
}
END_TEST

START_TEST(two_places_are_none)
{
    const struct fetch_page *page;
    struct road road;

    road_init(&road);
    road_turn(&road, 302, "location: /a\r\nlocation: /b\r\n");
    page = road_end(&road);
    rig_check_failed(page, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_PROTOCOL);
    ck_assert_uint_eq(road.r.peer.request_count, 1);
    rig_fini(&road.r);
}
END_TEST

/* Limits of 0, 3 and the default of 5, on a road that goes round. */
START_TEST(a_loop_ends)
{
    static const int limit[] = {0, 3, FETCH_REDIRECTS_DEFAULT};
    const struct fetch_page *page;
    struct road road;

    road_init(&road);
    road.r.options.redirects = limit[_i];
    for (int i = 0; i < 4; i++)
        road_turn(&road, 302, "location: /again\r\n");
    rig_start(&road.r);
    page = rig_fetch(&road.r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT);
    ck_assert_uint_eq(road.r.peer.request_count, limit[_i] < 0 ? 6 : (unsigned)limit[_i] + 1);
    rig_fini(&road.r);
}
END_TEST

START_TEST(a_road_of_several_hops)
{
    struct road road;

    road_init(&road);
    road_turn(&road, 302, "location: /a/b/c\r\n");
    road_turn(&road, 302, "location: d\r\n"); /* seen from where it is */
    road_turn(&road, 302, "location: ../e\r\n");
    rig_check_hello(road_end(&road));
    ck_assert_int_eq(strncmp(road.r.peer.request[2].head, "GET /a/b/d ", 11), 0);
    ck_assert_int_eq(strncmp(road.r.peer.request[3].head, "GET /a/e ", 9), 0);
    rig_fini(&road.r);
}
END_TEST

START_TEST(another_attempt_begins_at_the_endpoint)
{
    struct road road;

    road_init(&road);
    road.r.options.retries = 1;
    road_turn(&road, 302, "location: /there\r\n");
    peer_then(&road.r.peer, peer_500);
    rig_check_hello(road_end(&road));
    ck_assert_uint_eq(road.r.peer.request_count, 3);
    ck_assert(peer_asked_for(&road.r.peer, 0, TARGET));
    ck_assert_int_eq(strncmp(road.r.peer.request[1].head, "GET /there ", 11), 0);
    ck_assert_str_eq(road.r.peer.request[2].head, road.r.peer.request[0].head);
    rig_fini(&road.r);
}
END_TEST

/* To another port of the same host, with connections of its own; header fields go along. */
START_TEST(followed_to_another_port)
{
    static const struct fetch_pair header = {"x-own", "yes"};
    const struct fetch_page *page;
    struct peer other;
    struct road road;
    char fields[100];

    road_init(&road);
    road.r.options.headers = &header;
    road.r.options.header_count = 1;
    peer_init(&other, road.r.base);
    peer_then(&other, peer_ok);
    (void)snprintf(fields, sizeof fields, "location: %sthere\r\n", other.url);
    road_turn(&road, 307, fields);
    page = road_end(&road);
    rig_check_hello(page);
    ck_assert_uint_eq(other.request_count, 1);
    ck_assert_ptr_nonnull(strstr(other.request[0].head, other.address));
    ck_assert_ptr_nonnull(strstr(other.request[0].head, "\r\nx-own: yes\r\n"));
    ck_assert_uint_eq(rig_stats(&road.r).connections, 2);
    rig_free_client(&road.r);
    peer_fini(&other);
    rig_fini(&road.r);
}
END_TEST

START_TEST(cancelled_on_the_way)
{
    struct rig_target *t;
    struct road road;

    road_init(&road);
    road_turn(&road, 302, "location: /there\r\n");
    peer_then(&road.r.peer, peer_silent);
    rig_start(&road.r);
    t = rig_submit(&road.r, TARGET);
    rig_until(&road.r, road.r.peer.held == 1);
    fetch_call_cancel(t->call);
    rig_run(&road.r);
    rig_check_failed(t->page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    ck_assert_int_eq(t->page->api_status, 0);
    rig_fini(&road.r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redirect");
    TCase *tc = unit_case(suite, "same host");

    tcase_add_loop_test(tc, followed_on_the_same_host, 0, FOLLOWED);
    tcase_add_test(tc, a_road_of_several_hops);
    tcase_add_test(tc, another_attempt_begins_at_the_endpoint);
    tcase_add_test(tc, followed_to_another_port);
    tcase_add_test(tc, cancelled_on_the_way);
    tc = unit_case(suite, "refused");
    tcase_add_loop_test(tc, not_followed_elsewhere, 0, REFUSED);
    tcase_add_test(tc, two_places_are_none);
    tcase_add_loop_test(tc, a_loop_ends, 0, 3);
    return unit_run(suite);
}

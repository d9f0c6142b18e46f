/* What goes over one connection: whole, in crumbs, too much, too soon, not at all. */
#include "unit/rig.h"

#include <stdio.h>

#include "unit/unit.h"

#define TARGET "http://example.com/"

/* -------------------------------------------------------------- answers -- */

/* The body is "hello" in each, however it is framed; `kept`: the connection serves once more. */
static const struct {
    const char *answer;
    bool kept;
} framed[] = {
    {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", true},
    {"HTTP/1.1 200\r\nContent-Length:5\r\n\r\nhello", true},
    {"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello", true},
    {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "1\r\nh\r\n1;x=y\r\ne\r\n003\r\nllo\r\n000\r\nx-check: 4711\r\n\r\n",
     true},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
     "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
     true},
    {"HTTP/1.1 200 OK\r\n\r\nhello", false},
    {"HTTP/1.0 200 OK\r\n\r\nhello", false},
    {"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello", false},
};
#define FRAMED ((int)(sizeof framed / sizeof *framed))

static void fetch_framed(int i, enum peer_act act)
{
    struct peer_step script[3] = {
        {.act = act, .bytes = framed[i].answer, .len = strlen(framed[i].answer)},
        {.act = framed[i].kept ? PEER_END : PEER_CLOSE}};
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, script);
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, TARGET));
    rig_check_hello(rig_fetch(&r, TARGET));
    ck_assert_uint_eq(r.peer.accepted, framed[i].kept ? 1 : 2);
    ck_assert_uint_eq(rig_stats(&r).bytes_in, 2 * strlen(framed[i].answer));
    ck_assert_uint_eq(rig_stats(&r).resent, 0);
    rig_fini(&r);
}

START_TEST(an_answer_in_one_piece)
{
    fetch_framed(_i, PEER_SEND);
}
END_TEST

START_TEST(an_answer_in_single_bytes)
{
    fetch_framed(_i, PEER_DRIP);
}
END_TEST

/* A body of 3 MiB, in the three ways in which its end is told. */
START_TEST(a_large_body)
{
    enum { SIZE = 3 << 20, CHUNK = 1 << 16 };
    static const char *const head[] = {"content-length: 3145728\r\n",
                                       "transfer-encoding: chunked\r\n", ""};
    struct peer_step script[3] = {{.act = PEER_SEND}, {.act = PEER_CLOSE}};
    char *body = malloc(SIZE);
    const struct fetch_page *page;
    struct pf_buf answer;
    struct rig r;

    ck_assert_ptr_nonnull(body);
    for (size_t i = 0; i < SIZE; i++)
        body[i] = (char)(i * 7 + i / 251);
    pf_buf_init(&answer, 2 * SIZE);
    ck_assert_int_eq(pf_buf_printf(&answer, "HTTP/1.1 200 OK\r\n%s\r\n", head[_i]), FETCH_OK);
    for (size_t i = 0; i < SIZE; i += CHUNK) {
        if (_i == 1)
            ck_assert_int_eq(pf_buf_printf(&answer, "%x\r\n", CHUNK), FETCH_OK);
        ck_assert_int_eq(pf_buf_append(&answer, body + i, CHUNK), FETCH_OK);
        if (_i == 1)
            ck_assert_int_eq(pf_buf_append_str(&answer, "\r\n"), FETCH_OK);
    }
    if (_i == 1)
        ck_assert_int_eq(pf_buf_append_str(&answer, "0\r\n\r\n"), FETCH_OK);
    script[0].bytes = answer.data;
    script[0].len = answer.len;
    rig_init(&r);
    peer_then(&r.peer, script);
    rig_start(&r);
    for (int i = 0; i < 3; i++) {
        page = rig_fetch(&r, TARGET);
        ck_assert_int_eq(page->outcome, FETCH_OUTCOME_OK);
        ck_assert_uint_eq(page->body_len, SIZE);
        ck_assert_int_eq(memcmp(page->body, body, SIZE), 0);
    }
    rig_fini(&r);
    pf_buf_fini(&answer);
    free(body);
}
END_TEST

/* ---------------------------------------------------------------- limits -- */

/* Bodies of exactly max_body, and of one byte more, in the three ways again. */
START_TEST(max_body)
{
    enum { MAX = 100 };
    struct peer_step script[3] = {{.act = PEER_SEND}, {.act = PEER_CLOSE}};
    char head[100], body[MAX + 1], answer[400];
    const struct fetch_page *page;
    int size = MAX + _i % 2;
    struct rig r;

    memset(body, 'x', sizeof body);
    if (_i / 2 == 0)
        (void)snprintf(head, sizeof head, "content-length: %d\r\n\r\n", size);
    else if (_i / 2 == 1)
        (void)snprintf(head, sizeof head, "transfer-encoding: chunked\r\n\r\n%x\r\n", size);
    else
        (void)snprintf(head, sizeof head, "\r\n");
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%s%.*s%s", head, size, body,
                   _i / 2 == 1 ? "\r\n0\r\n\r\n" : "");
    script[0].bytes = answer;
    script[0].len = strlen(answer);
    rig_init(&r);
    r.options.max_body = MAX;
    peer_then(&r.peer, script);
    rig_start(&r);
    page = rig_fetch(&r, TARGET);
    if (size == MAX) {
        ck_assert_int_eq(page->outcome, FETCH_OUTCOME_OK);
        ck_assert_uint_eq(page->body_len, MAX);
    } else {
        rig_check_failed(page, FETCH_OUTCOME_TOO_LARGE, FETCH_E_TOO_LARGE);
        ck_assert_int_eq(page->api_status, 200);
        ck_assert_uint_le(page->body_len, MAX);
    }
    ck_assert_uint_eq(page->attempts, 1); /* another would be as large */
    ck_assert_uint_eq(r.peer.request_count, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(a_head_without_end)
{
    struct peer_step script[3] = {{.act = PEER_SEND}, {.act = PEER_HOLD}};
    struct pf_buf answer;
    struct rig r;

    pf_buf_init(&answer, 1 << 20);
    ck_assert_int_eq(pf_buf_append_str(&answer, "HTTP/1.1 200 OK\r\n"), FETCH_OK);
    while (answer.len < 200000)
        ck_assert_int_eq(pf_buf_printf(&answer, "x-%zu: %0500d\r\n", answer.len, 0), FETCH_OK);
    script[0].bytes = answer.data;
    script[0].len = answer.len;
    rig_init(&r);
    peer_then(&r.peer, script);
    rig_start(&r);
    rig_check_failed(rig_fetch(&r, TARGET), FETCH_OUTCOME_TOO_LARGE, FETCH_E_TOO_LARGE);
    rig_fini(&r);
    pf_buf_fini(&answer);
}
END_TEST

/* -------------------------------------------------------------- requests -- */

/* A target of `n` bytes, most of which become three when encoded; free(). */
static char *long_target(size_t n)
{
    char *url = malloc(n + 1);

    ck_assert_ptr_nonnull(url);
    memset(url, '/', n);
    memcpy(url, TARGET, strlen(TARGET));
    url[n - 1] = 'z';
    url[n] = '\0';
    return url;
}

START_TEST(the_longest_targets)
{
    char *longest = long_target(65536), *too_long = long_target(65537);
    struct rig r;

    rig_init(&r);
    if (_i == 1)
        peer_narrow(&r.peer);
    peer_then(&r.peer, peer_ok);
    rig_start(&r);
    for (int i = 0; i < 3; i++)
        rig_submit(&r, longest);
    rig_submit(&r, too_long);
    rig_run(&r);
    for (unsigned i = 0; i < 3; i++) {
        rig_check_hello(r.target[i].page);
        ck_assert(peer_asked_for(&r.peer, i, longest));
    }
    rig_check_failed(r.target[3].page, FETCH_OUTCOME_BAD_URL, FETCH_E_BAD_URL);
    rig_check_hello(rig_fetch(&r, longest)); /* over a kept connection */
    ck_assert_uint_le(r.peer.accepted, 3);
    rig_fini(&r);
    free(longest);
    free(too_long);
}
END_TEST

static const struct peer_step ok_and_hold[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"), PEER_DO(PEER_HOLD),
    PEER_DO(PEER_END)};
static const struct peer_step ok_and_reset[] = {
    PEER_SENDS("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"), PEER_DO(PEER_RESET),
    PEER_DO(PEER_END)};

/* The peer answers after the first bytes of a request that it does not take whole. */
START_TEST(an_answer_before_the_request_is_sent)
{
    char *url = long_target(65536);
    struct rig r;

    rig_init(&r);
    peer_narrow(&r.peer);
    r.peer.hasty = true;
    peer_then(&r.peer, _i == 0 ? ok_and_hold : ok_and_reset);
    r.options.retries = 0;
    rig_start(&r);
    rig_check_hello(rig_fetch(&r, url));
    ck_assert(!strstr(r.peer.request[0].head, "HTTP/1.1")); /* it was not whole, indeed */
    ck_assert_uint_eq(rig_stats(&r).open, 0);               /* nor can it be used again */
    rig_check_hello(rig_fetch(&r, url));
    ck_assert_uint_eq(r.peer.accepted, 2);
    rig_fini(&r);
    free(url);
}
END_TEST

/* The peer goes away while the request is being written. */
START_TEST(a_peer_that_goes_away_early)
{
    char *url = long_target(65536);
    const struct fetch_page *page;
    struct rig r;

    rig_init(&r);
    peer_narrow(&r.peer);
    r.peer.hasty = true;
    peer_then(&r.peer, _i == 0 ? peer_close : peer_reset);
    r.options.retries = 1;
    rig_start(&r);
    page = rig_fetch(&r, url);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_LOST);
    ck_assert_uint_eq(page->attempts, 2);
    ck_assert_int_eq(page->phase, FETCH_PHASE_REQUEST);
    rig_fini(&r);
    free(url);
}
END_TEST

/* --------------------------------------------------------------- secrets -- */

/* Answers that hand the key back: the rig looks for it in every sentence. */
static const char *const echo[] = {
    "demo HTTP/1.1\r\n\r\n",
    "HTTP/1.1 500 demo\r\ncontent-length: 4\r\n\r\ndemo",
    "HTTP/1.1 302 x\r\nlocation: http://example.org/?auth_key=demo\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 302 demo\r\nlocation: ftp:demo\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 429 demo\r\nretry-after: demo\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ndemo demo\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: demo\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-encoding: demo, demo, demo, demo, demo\r\n\r\n",
    "HTTP/1.1 401 demo\r\ncontent-length: 4\r\n\r\ndemo",
};
#define ECHOES ((int)(sizeof echo / sizeof *echo))

START_TEST(the_key_is_in_no_sentence)
{
    struct peer_step script[3] = {{.act = PEER_SEND, .bytes = echo[_i], .len = strlen(echo[_i])},
                                  {.act = PEER_CLOSE}};
    struct rig_target *t;
    struct rig r;

    rig_init(&r);
    r.options.retries = 0;
    peer_then(&r.peer, script);
    rig_start(&r);
    t = rig_submit(&r, TARGET);
    rig_until(&r, t->page || rig_stats(&r).throttled == 1);
    rig_free_client(&r);
    ck_assert_ptr_nonnull(t->page->message);
    rig_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn");
    TCase *tc = unit_case(suite, "answers");

    tcase_add_loop_test(tc, an_answer_in_one_piece, 0, FRAMED);
    tcase_add_loop_test(tc, an_answer_in_single_bytes, 0, FRAMED);
    tcase_add_loop_test(tc, a_large_body, 0, 3);
    tc = unit_case(suite, "limits");
    tcase_add_loop_test(tc, max_body, 0, 6);
    tcase_add_test(tc, a_head_without_end);
    tc = unit_case(suite, "requests");
    tcase_add_loop_test(tc, the_longest_targets, 0, 2);
    tcase_add_loop_test(tc, an_answer_before_the_request_is_sent, 0, 2);
    tcase_add_loop_test(tc, a_peer_that_goes_away_early, 0, 2);
    tc = unit_case(suite, "secrets");
    tcase_add_loop_test(tc, the_key_is_in_no_sentence, 0, ECHOES);
    return unit_run(suite);
}

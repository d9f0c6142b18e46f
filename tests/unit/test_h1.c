/*
 * Requests to bytes, and answers whole, in pieces, split at every byte and cut off at every byte.
 * However an answer is cut into reads, the outcome is the same; a part of one is never taken for
 * the whole.
 */
#include "unit/answer.h"

#include <stdbool.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ------------------------------------------------------------ requests -- */

static void check_request(const struct pf_request *request, const char *expected)
{
    struct pf_buf out;

    pf_buf_init(&out, 4096);
    ck_assert_int_eq(pf_h1_write(&out, request), FETCH_OK);
    ck_assert_msg(out.len == strlen(expected) && memcmp(out.data, expected, out.len) == 0,
                  "\"%.*s\"", (int)out.len, out.data);
    pf_buf_fini(&out);
}

static struct pf_request example(const struct pf_field *field, size_t count)
{
    return (struct pf_request){
        .method = "GET",
        .authority = "example.com:8080",
        .authority_len = 16,
        .path = "/a?b=c",
        .path_len = 6,
        .field = field,
        .field_count = count,
    };
}

START_TEST(requests_are_spelled)
{
    static const struct pf_field field[] = {{"user-agent", 10, "x/1", 3, false},
                                            {"empty", 5, "", 0, false}};
    struct pf_request request = example(NULL, 0);

    check_request(&request, "GET /a?b=c HTTP/1.1\r\nhost: example.com:8080\r\n\r\n");
    request = example(field, 2);
    check_request(&request, "GET /a?b=c HTTP/1.1\r\nhost: example.com:8080\r\n"
                            "user-agent: x/1\r\nempty: \r\n\r\n");
    request.method = "HEAD";
    request.path = "/";
    request.path_len = 1;
    check_request(&request, "HEAD / HTTP/1.1\r\nhost: example.com:8080\r\n"
                            "user-agent: x/1\r\nempty: \r\n\r\n");
}
END_TEST

START_TEST(requests_take_only_what_they_are_lent)
{
    struct unit_guard path = {0}, authority = {0}, value = {0};
    struct pf_field field = {"a", 1, unit_guard_put(&value, "bc", 2), 2, false};
    struct pf_request request = example(&field, 1);

    request.path = unit_guard_put(&path, "/p", 2);
    request.path_len = 2;
    request.authority = unit_guard_put(&authority, "h", 1);
    request.authority_len = 1;
    check_request(&request, "GET /p HTTP/1.1\r\nhost: h\r\na: bc\r\n\r\n");
    unit_guard_fini(&path);
    unit_guard_fini(&authority);
    unit_guard_fini(&value);
}
END_TEST

START_TEST(requests_are_appended_or_not_at_all)
{
    const struct pf_request request = example(NULL, 0);
    struct pf_buf out;

    pf_buf_init(&out, 1024);
    ck_assert_int_eq(pf_buf_append_str(&out, "before"), FETCH_OK);
    ck_assert_int_eq(pf_h1_write(&out, &request), FETCH_OK);
    ck_assert_int_eq(memcmp(out.data, "beforeGET /a", 12), 0);
    pf_buf_fini(&out);
    pf_buf_init(&out, 20);
    ck_assert_int_eq(pf_h1_write(&out, &request), FETCH_E_TOO_LARGE);
    ck_assert_uint_eq(out.len, 0);
    pf_buf_fini(&out);
}
END_TEST

/* ------------------------------------------------------------- answers -- */

struct reply {
    const char *name;
    const char *bytes;
    size_t n;
    size_t left_over; /* at the end, bytes that the answer does not own */
    bool until_close;
    bool keep_alive;
    int status;
    const char *body;
    const char *fields; /* "name: value|name: value|" */
};

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define LONG "Content-Length: 5\r\n\r\nhello"
#define LONG_FIELD "Content-Length: 5|"
#define CHUNKED_FIELD "Transfer-Encoding: chunked|"

static const struct reply replies[] = {
    {"length", UNIT_STR(OK LONG), 0, false, true, 200, "hello", LONG_FIELD},
    {"length 0", UNIT_STR(OK "Content-Length: 0\r\n\r\n"), 0, false, true, 200, "",
     "Content-Length: 0|"},
    {"length with zeros and spaces", UNIT_STR(OK "Content-Length: \t 005  \r\n\r\nhello"), 0, false,
     true, 200, "hello", "Content-Length: 005|"},
    {"any case", UNIT_STR(OK "cOnTeNt-LeNgTh: 5\r\n\r\nhello"), 0, false, true, 200, "hello",
     "cOnTeNt-LeNgTh: 5|"},
    {"no reason", UNIT_STR("HTTP/1.1 200 \r\n" LONG), 0, false, true, 200, "hello", LONG_FIELD},
    {"reason in Latin-1", UNIT_STR("HTTP/1.1 404 f\xfcr nichts\r\n" LONG), 0, false, true, 404,
     "hello", LONG_FIELD},
    {"a status of no class", UNIT_STR("HTTP/1.1 999 X\r\n" LONG), 0, false, true, 999, "hello",
     LONG_FIELD},
    {"left over", UNIT_STR(OK LONG " there"), 6, false, true, 200, "hello", LONG_FIELD},
    {"left over, another answer", UNIT_STR(OK LONG OK LONG), sizeof(OK LONG) - 1, false, true, 200,
     "hello", LONG_FIELD},
    {"left over behind nothing", UNIT_STR(OK "Content-Length: 0\r\n\r\nx"), 1, false, true, 200, "",
     "Content-Length: 0|"},
    {"close", UNIT_STR(OK "Connection: close\r\n" LONG), 0, false, false, 200, "hello",
     "Connection: close|" LONG_FIELD},
    {"close in a list", UNIT_STR(OK "Connection: x, Close\r\n" LONG), 0, false, false, 200, "hello",
     "Connection: x, Close|" LONG_FIELD},
    {"1.0", UNIT_STR("HTTP/1.0 200 OK\r\n" LONG), 0, false, false, 200, "hello", LONG_FIELD},
    {"1.0 keep-alive", UNIT_STR("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" LONG), 0, false,
     true, 200, "hello", "Connection: keep-alive|" LONG_FIELD},
    /* RFC 9112 6.1: framing that HTTP/1.0 does not know; read, but not trusted any further */
    {"1.0 chunked",
     UNIT_STR("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n0\r\n\r\n"),
     0, false, false, 200, "hello", "Connection: keep-alive|" CHUNKED_FIELD},
    {"until close", UNIT_STR(OK "A: b\r\n\r\nhello"), 0, true, false, 200, "hello", "A: b|"},
    {"until close, 1.0", UNIT_STR("HTTP/1.0 200 OK\r\n\r\nhello"), 0, true, false, 200, "hello",
     ""},
    {"until close, nothing", UNIT_STR(OK "\r\n"), 0, true, false, 200, "", ""},
    {"until close, like a head", UNIT_STR(OK "\r\n" OK LONG), 0, true, false, 200, OK LONG, ""},
    {"chunked", UNIT_STR(CHUNKED "5\r\nhello\r\n0\r\n\r\n"), 0, false, true, 200, "hello",
     CHUNKED_FIELD},
    {"chunks", UNIT_STR(CHUNKED "1\r\nh\r\n003\r\nell\r\n1\r\no\r\n000\r\n\r\n"), 0, false, true,
     200, "hello", CHUNKED_FIELD},
    {"chunks in hexadecimal", UNIT_STR(CHUNKED "a\r\n0123456789\r\nB\r\nabcdefghijk\r\n0\r\n\r\n"),
     0, false, true, 200, "0123456789abcdefghijk", CHUNKED_FIELD},
    {"no chunk", UNIT_STR(CHUNKED "0\r\n\r\n"), 0, false, true, 200, "", CHUNKED_FIELD},
    {"chunk extensions",
     UNIT_STR(CHUNKED "2;a\r\nhe\r\n2;a=b\r\nll\r\n1;a=\"b c\"\r\no\r\n0;z\r\n\r\n"), 0, false,
     true, 200, "hello", CHUNKED_FIELD},
    {"trailers",
     UNIT_STR(CHUNKED "5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 1\r\nContent-Encoding: "
                      "gzip\r\n\r\n"),
     0, false, true, 200, "hello", CHUNKED_FIELD},
    {"chunks that look like framing", UNIT_STR(CHUNKED "5\r\n0\r\n\r\n\r\n0\r\n\r\n"), 0, false,
     true, 200, "0\r\n\r\n", CHUNKED_FIELD},
    {"chunked, left over", UNIT_STR(CHUNKED "5\r\nhello\r\n0\r\n\r\n\n"), 1, false, true, 200,
     "hello", CHUNKED_FIELD},
    {"chunked, close",
     UNIT_STR(OK "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     0, false, false, 200, "hello", "Connection: close|" CHUNKED_FIELD},
    {"chunked said in capitals",
     UNIT_STR(OK "TRANSFER-ENCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 0, false, true, 200,
     "hello", "TRANSFER-ENCODING: CHUNKED|"},
    {"chunked said twice",
     UNIT_STR(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "5\r\nhello\r\n0\r\n\r\n"),
     0, false, true, 200, "hello", CHUNKED_FIELD CHUNKED_FIELD},
    {"chunked after identity",
     UNIT_STR(OK "Transfer-Encoding: identity, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 0, false,
     true, 200, "hello", "Transfer-Encoding: identity, chunked|"},
    {"100", UNIT_STR("HTTP/1.1 100 Continue\r\n\r\n" OK LONG), 0, false, true, 200, "hello",
     LONG_FIELD},
    {"102, 103",
     UNIT_STR("HTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.1 103 E\r\nLink: c\r\n\r\n" OK LONG), 0, false,
     true, 200, "hello", LONG_FIELD},
    {"100 before chunks",
     UNIT_STR("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" CHUNKED "5\r\nhello\r\n0\r\n"
              "\r\n"),
     0, false, true, 200, "hello", CHUNKED_FIELD},
    {"100 before a close", UNIT_STR("HTTP/1.1 100 C\r\n\r\n" OK "\r\nhello"), 0, true, false, 200,
     "hello", ""},
    /* RFC 9112 6.3: an interim answer ends with its head, whatever that says */
    {"100 with a length", UNIT_STR("HTTP/1.1 100 C\r\nContent-Length: 9\r\n\r\n" OK LONG), 0, false,
     true, 200, "hello", LONG_FIELD},
    {"103 with chunks", UNIT_STR("HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n" OK LONG), 0,
     false, true, 200, "hello", LONG_FIELD},
    {"204", UNIT_STR("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"), 0, false, true, 204, "", "A: b|"},
    {"204 with a length", UNIT_STR("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"), 0,
     false, true, 204, "", "Content-Length: 9|"},
    {"204 with chunks", UNIT_STR("HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"), 0, false,
     true, 204, "", CHUNKED_FIELD},
    {"304 with a length", UNIT_STR("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), 0,
     false, true, 304, "", "Content-Length: 9|"},
    {"204 and a body", UNIT_STR("HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nhello"), 5, false, true,
     204, "", LONG_FIELD},
    {"205 with a length", UNIT_STR("HTTP/1.1 205 R\r\n" LONG), 0, false, true, 205, "hello",
     LONG_FIELD},
    {"empty values", UNIT_STR(OK "A:\r\nB: \t\r\nContent-Length: 5\r\nC:\r\n\r\nhello"), 0, false,
     true, 200, "hello", "A: |B: |" LONG_FIELD "C: |"},
    {"white space around values", UNIT_STR(OK "A: \t b \t c \t \r\nD:e\r\n" LONG), 0, false, true,
     200, "hello", "A: b \t c|D: e|" LONG_FIELD},
    {"a value of any bytes", UNIT_STR(OK "A: \x80\xff\"\\(,;:\r\n" LONG), 0, false, true, 200,
     "hello", "A: \x80\xff\"\\(,;:|" LONG_FIELD},
    {"a name thrice", UNIT_STR(OK "A: 1\r\na: 2\r\nA: 3\r\n" LONG), 0, false, true, 200, "hello",
     "A: 1|a: 2|A: 3|" LONG_FIELD},
    {"folded lines", UNIT_STR(OK "A: b\r\n c\r\n\td\r\n" LONG), 0, false, true, 200, "hello",
     "A: b   c  \td|" LONG_FIELD},
    {"folded at once", UNIT_STR(OK "A:\r\n b\r\nC: d\r\n \r\n" LONG), 0, false, true, 200, "hello",
     "A: b|C: d|" LONG_FIELD},
    {"redirect", UNIT_STR("HTTP/1.1 302 Found\r\nLocation: /a\r\n" LONG), 0, false, true, 302,
     "hello", "Location: /a|" LONG_FIELD},
    {"redirects to one place",
     UNIT_STR("HTTP/1.1 302 Found\r\nLocation: /a\r\nlocation: /a \r\n" LONG), 0, false, true, 302,
     "hello", "Location: /a|location: /a|" LONG_FIELD},
    {"no redirect, several places",
     UNIT_STR("HTTP/1.1 201 C\r\nLocation: /a\r\nLocation: /b\r\n" LONG), 0, false, true, 201,
     "hello", "Location: /a|Location: /b|" LONG_FIELD},
    {"an unknown coding", UNIT_STR(OK "Content-Encoding: compress\r\n" LONG), 0, false, true, 200,
     "hello", "Content-Encoding: compress|" LONG_FIELD},
    {"no coding", UNIT_STR(OK "Content-Encoding: identity\r\n" LONG), 0, false, true, 200, "hello",
     "Content-Encoding: identity|" LONG_FIELD},
    {"a coding of nothing", UNIT_STR(OK "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"), 0,
     false, true, 200, "", "Content-Encoding: gzip|Content-Length: 0|"},
};

static void check_fields(const struct reply *p, const struct answer *a)
{
    const char *expected = p->fields;

    for (size_t i = 0; i < a->response.field_count; i++) {
        const struct fetch_header *f = &a->response.field[i];
        size_t n = strcspn(expected, "|");

        ck_assert_uint_eq(f->name_len, strlen(f->name));
        ck_assert_uint_eq(f->value_len, strlen(f->value));
        ck_assert_msg(n == f->name_len + 2 + f->value_len &&
                          strncmp(expected, f->name, f->name_len) == 0 &&
                          strncmp(expected + f->name_len, ": ", 2) == 0 &&
                          memcmp(expected + f->name_len + 2, f->value, f->value_len) == 0,
                      "%s: \"%s: %s\", not \"%.*s\"", p->name, f->name, f->value, (int)n, expected);
        expected += n + (expected[n] == '|');
    }
    ck_assert_msg(*expected == '\0', "%s: no \"%s\"", p->name, expected);
}

static void check_whole(const struct reply *p, struct answer *a)
{
    size_t whole = p->n - p->left_over;

    if (p->until_close && a->step == PF_H1_MORE)
        answer_eof(a, true);
    ck_assert_msg(a->step == PF_H1_DONE, "%s: step %d, error %d (%s)", p->name, (int)a->step,
                  (int)a->error, a->response.detail ? a->response.detail : "");
    ck_assert_msg(a->taken >= whole, "%s: done early", p->name);
    ck_assert_int_eq(a->response.progress, PF_PROGRESS_DONE);
    ck_assert_ptr_null(a->h1.response);
    ck_assert_int_eq(a->response.status, p->status);
    ck_assert_str_eq(a->response.protocol, "http/1.1");
    ck_assert_msg(a->h1.keep_alive == (p->keep_alive && a->taken == whole), "%s: keep_alive %d",
                  p->name, (int)a->h1.keep_alive);
    answer_seal(a);
    ck_assert_msg(a->body_len == strlen(p->body) && memcmp(a->body, p->body, a->body_len) == 0,
                  "%s: body \"%.*s\"", p->name, (int)a->body_len, a->body);
    check_fields(p, a);
    answer_end(a);
}

START_TEST(answers_in_pieces)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 7, 64};
    static const size_t guesses[] = {2, ANSWER_GUESS, PF_READ_GUESS};
    const struct reply *p = &replies[_i];

    for (size_t i = 0; i < COUNT(pieces) * COUNT(guesses); i++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, guesses[i / COUNT(pieces)]);
        answer_send(&a, p->bytes, p->n, pieces[i % COUNT(pieces)]);
        check_whole(p, &a);
    }
}
END_TEST

START_TEST(answers_split_at_every_byte)
{
    const struct reply *p = &replies[_i];

    for (size_t at = 1; at < p->n; at++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, PF_READ_GUESS);
        answer_send(&a, p->bytes, at, SIZE_MAX);
        answer_send(&a, p->bytes + at, p->n - at, SIZE_MAX);
        check_whole(p, &a);
    }
}
END_TEST

/* Where the last head ends: from there on the close may end it. */
static size_t body_at(const struct reply *p)
{
    return p->n - strlen(p->body);
}

static void check_cut(const struct reply *p, size_t n, size_t piece, bool clean)
{
    bool whole = p->until_close && clean && n >= body_at(p);
    struct answer a;

    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    answer_send(&a, p->bytes, n, piece);
    ck_assert_msg(a.step == PF_H1_MORE, "%s: done after %zu bytes", p->name, n);
    answer_eof(&a, clean);
    ck_assert_msg(a.step == (whole ? PF_H1_DONE : PF_H1_FAILED), "%s: step %d after %zu bytes",
                  p->name, (int)a.step, n);
    if (whole) {
        ck_assert(!a.h1.keep_alive);
    } else {
        ck_assert_int_eq(a.error, n == 0 ? FETCH_E_LOST : FETCH_E_TRUNCATED);
        ck_assert(n == 0 || a.response.detail);
        ck_assert_int_ne(a.response.progress, PF_PROGRESS_DONE);
    }
    answer_seal(&a);
    ck_assert_uint_le(a.body_len, strlen(p->body));
    ck_assert_int_eq(memcmp(a.body, p->body, a.body_len), 0);
    if (p->until_close && n >= body_at(p))
        ck_assert_uint_eq(a.body_len, n - body_at(p));
    answer_end(&a);
}

START_TEST(answers_cut_off_at_every_byte)
{
    const struct reply *p = &replies[_i];
    size_t n = p->n - p->left_over;

    for (size_t cut = 0; cut < n; cut++) {
        check_cut(p, cut, SIZE_MAX, true);
        check_cut(p, cut, SIZE_MAX, false);
        check_cut(p, cut, 1, true);
    }
}
END_TEST

START_TEST(a_close_that_is_not_clean_ends_no_body)
{
    struct answer a;

    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    answer_send(&a, UNIT_STR(OK "\r\nhello"), SIZE_MAX);
    ck_assert_int_eq(answer_eof(&a, false), PF_H1_FAILED);
    ck_assert_int_eq(a.error, FETCH_E_TRUNCATED);
    ck_assert(!a.h1.keep_alive);
    answer_seal(&a);
    ck_assert_str_eq(a.body, "hello"); /* what came is kept */
    answer_end(&a);
}
END_TEST

START_TEST(one_answer_after_another)
{
    struct answer a;

    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    for (size_t i = 0; i < 2 * COUNT(replies); i++) {
        const struct reply *p = &replies[i % COUNT(replies)];
        struct pf_h1 h1 = a.h1; /* with whatever the last exchange has left in it */

        answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
        a.h1 = h1;
        pf_h1_begin(&a.h1, &a.response);
        answer_send(&a, p->bytes, p->n, i < COUNT(replies) ? SIZE_MAX : 1);
        check_whole(p, &a);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h1");
    TCase *tc = unit_case(suite, "requests");

    tcase_add_test(tc, requests_are_spelled);
    tcase_add_test(tc, requests_take_only_what_they_are_lent);
    tcase_add_test(tc, requests_are_appended_or_not_at_all);
    tc = unit_case(suite, "answers");
    tcase_add_loop_test(tc, answers_in_pieces, 0, COUNT(replies));
    tcase_add_loop_test(tc, answers_split_at_every_byte, 0, COUNT(replies));
    tcase_add_loop_test(tc, answers_cut_off_at_every_byte, 0, COUNT(replies));
    tcase_add_test(tc, a_close_that_is_not_clean_ends_no_body);
    tcase_add_test(tc, one_answer_after_another);
    return unit_run(suite);
}

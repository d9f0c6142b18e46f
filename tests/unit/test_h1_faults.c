/*
 * Answers that are none, that contradict themselves, or that are encoded: each in any pieces comes
 * to the same end.
 */
#include "unit/answer.h"

#include <stdbool.h>

#include "unit/coded.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define LONG "Content-Length: 5\r\n\r\nhello"

/* -------------------------------------------------------------- faults -- */

struct fault {
    const char *name;
    const char *bytes;
    size_t n;
    enum fetch_error error;
    int status;         /* of the head, if that was fine */
    const char *detail; /* part of it; NULL: the parser's own words */
};

static const struct fault faults[] = {
    {"no HTTP", UNIT_STR("<html>\r\n\r\n"), FETCH_E_PROTOCOL, 0, NULL},
    {"HTTP/0.9", UNIT_STR("HTTP/0.9 200 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"HTTP/1.2", UNIT_STR("HTTP/1.2 200 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"HTTP/2.0", UNIT_STR("HTTP/2.0 200 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"HTTP/11", UNIT_STR("HTTP/11 200 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"another protocol", UNIT_STR("ICY 200 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"status 99", UNIT_STR("HTTP/1.1 099 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, "below 100"},
    {"status 0", UNIT_STR("HTTP/1.1 000 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, "below 100"},
    {"a status of two digits", UNIT_STR("HTTP/1.1 20 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"a status of four digits", UNIT_STR("HTTP/1.1 2000 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"no status", UNIT_STR("HTTP/1.1 OK\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"101", UNIT_STR("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"),
     FETCH_E_PROTOCOL, 0, "switches"},
    {"101 without saying to what", UNIT_STR("HTTP/1.1 101 Switching\r\n\r\n"), FETCH_E_PROTOCOL, 0,
     "switches"},
    {"17 interim answers",
     UNIT_STR("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
              "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
              "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
              "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
              "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
              "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n" OK LONG),
     FETCH_E_PROTOCOL, 0, "interim"},
    {"an interim answer alone", UNIT_STR("HTTP/1.1 100 C\r\n\r\n"), FETCH_E_TRUNCATED, 0, "head"},
    {"a body in an interim answer",
     UNIT_STR("HTTP/1.1 103 E\r\nContent-Length: 5\r\n\r\nhello" OK LONG), FETCH_E_PROTOCOL, 0,
     NULL},
    {"chunks in an interim answer",
     UNIT_STR(
         "HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" OK LONG),
     FETCH_E_PROTOCOL, 0, NULL},
    {"an empty length", UNIT_STR(OK "Content-Length: \r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"length -5", UNIT_STR(OK "Content-Length: -5\r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"length +5", UNIT_STR(OK "Content-Length: +5\r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"length 0x5", UNIT_STR(OK "Content-Length: 0x5\r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"length 5 5", UNIT_STR(OK "Content-Length: 5 5\r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"length 5.", UNIT_STR(OK "Content-Length: 5.\r\n\r\nhello"), FETCH_E_PROTOCOL, 0, NULL},
    {"a length in two lines", UNIT_STR(OK "Content-Length: 1\r\n 5\r\n\r\nhello"), FETCH_E_PROTOCOL,
     0, NULL},
    {"a length over 64 bits", UNIT_STR(OK "Content-Length: 18446744073709551616\r\n\r\nhello"),
     FETCH_E_PROTOCOL, 0, NULL},
    {"lengths 5 and 6", UNIT_STR(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
     FETCH_E_PROTOCOL, 0, NULL},
    {"lengths 5, 6", UNIT_STR(OK "Content-Length: 5, 6\r\n\r\nhello!"), FETCH_E_PROTOCOL, 0, NULL},
    {"length and chunks",
     UNIT_STR(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, NULL},
    {"chunks and length",
     UNIT_STR(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, NULL},
    {"coding gzip", UNIT_STR(OK "Transfer-Encoding: gzip\r\n\r\nhello"), FETCH_E_PROTOCOL, 0,
     "coding"},
    {"coding gzip, chunked",
     UNIT_STR(OK "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding gzip, chunked in two fields",
     UNIT_STR(OK "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding chunked, gzip",
     UNIT_STR(OK "Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding chunked, gzip in two fields",
     UNIT_STR(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"
                 "5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding chunked, identity", UNIT_STR(OK "Transfer-Encoding: chunked, identity\r\n\r\nhello"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding xchunked", UNIT_STR(OK "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding chunkedx", UNIT_STR(OK "Transfer-Encoding: chunkedx\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"coding chunked in two lines",
     UNIT_STR(OK "Transfer-Encoding: chun\r\n ked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 0, "coding"},
    {"a line without a colon", UNIT_STR(OK "Field\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"a name that is none", UNIT_STR(OK "A(: b\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"a fold before any field", UNIT_STR(OK " A: b\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"NUL in a value", UNIT_STR(OK "A: b\0c\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"NUL in a name", UNIT_STR(OK "A\0: b\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"CR in a value", UNIT_STR(OK "A: b\rc\r\n" LONG), FETCH_E_PROTOCOL, 0, NULL},
    {"a length behind a space", UNIT_STR(OK "Content-Length : 5\r\n\r\nhello"), FETCH_E_PROTOCOL, 0,
     NULL},
    {"chunks behind a space",
     UNIT_STR(OK "Transfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 0,
     NULL},
    {"several places", UNIT_STR("HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\n" LONG),
     FETCH_E_PROTOCOL, 0, "several places"},
    {"several places, one longer",
     UNIT_STR("HTTP/1.1 307 F\r\nLocation: /a\r\nLocation: /a\r\nlocation: /ab\r\n" LONG),
     FETCH_E_PROTOCOL, 0, "several places"},
    {"chunk size x", UNIT_STR(CHUNKED "x\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200, NULL},
    {"chunk size -1", UNIT_STR(CHUNKED "-1\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200, NULL},
    {"chunk size 0x5", UNIT_STR(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200, NULL},
    {"no chunk size", UNIT_STR(CHUNKED "\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200, NULL},
    {"no chunk size but an extension", UNIT_STR(CHUNKED ";a\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 200, NULL},
    {"a chunk size over 64 bits", UNIT_STR(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n"),
     FETCH_E_PROTOCOL, 200, NULL},
    {"a chunk that is longer", UNIT_STR(CHUNKED "4\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200,
     NULL},
    {"a chunk that is shorter", UNIT_STR(CHUNKED "6\r\nhello\r\n0\r\n\r\n"), FETCH_E_PROTOCOL, 200,
     NULL},
    {"no last chunk", UNIT_STR(CHUNKED "5\r\nhello\r\n"), FETCH_E_TRUNCATED, 200,
     "before the body"},
    {"a trailer without a colon", UNIT_STR(CHUNKED "5\r\nhello\r\n0\r\nField\r\n\r\n"),
     FETCH_E_PROTOCOL, 200, NULL},
    {"five codings",
     UNIT_STR(OK "Content-Encoding: gzip, gzip, gzip, gzip\r\nContent-Encoding: gzip\r\n" LONG),
     FETCH_E_ENCODING, 200, NULL},
    {"not gzip", UNIT_STR(OK "Content-Encoding: gzip\r\n" LONG), FETCH_E_ENCODING, 200, NULL},
    {"not br", UNIT_STR(OK "Content-Encoding: br\r\nContent-Length: 4\r\n\r\n\xff\xff\xff\xff"),
     FETCH_E_ENCODING, 200, NULL},
};

static void check_fault(const struct fault *p, struct answer *a)
{
    if (a->step == PF_H1_MORE)
        answer_eof(a, true);
    ck_assert_msg(a->step == PF_H1_FAILED, "%s: step %d", p->name, (int)a->step);
    ck_assert_msg(a->error == p->error, "%s: error %d (%s)", p->name, (int)a->error,
                  a->response.detail ? a->response.detail : "");
    ck_assert_int_eq(a->h1.error, p->error);
    ck_assert_ptr_null(a->h1.response);
    ck_assert_int_ne(a->response.progress, PF_PROGRESS_DONE);
    ck_assert_msg(a->response.status == p->status, "%s: status %d", p->name, a->response.status);
    if (p->error == FETCH_E_PROTOCOL)
        ck_assert_msg(a->response.detail && *a->response.detail, "%s: no detail", p->name);
    if (p->detail)
        ck_assert_msg(strstr(a->response.detail, p->detail) != NULL, "%s: \"%s\"", p->name,
                      a->response.detail);
    answer_seal(a);
    ck_assert_uint_le(a->body_len, 6);
    ck_assert_int_eq(memcmp(a->body, "hello\r", a->body_len), 0);
    if (p->status == 0)
        ck_assert_uint_eq(a->response.field_count, 0);
    answer_end(a);
}

START_TEST(faults_end_alike_in_any_pieces)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 5};
    const struct fault *p = &faults[_i];

    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
        answer_send(&a, p->bytes, p->n, pieces[i]);
        check_fault(p, &a);
    }
    for (size_t at = 1; at < p->n; at++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, PF_READ_GUESS);
        answer_send(&a, p->bytes, at, SIZE_MAX);
        answer_send(&a, p->bytes + at, p->n - at, SIZE_MAX);
        check_fault(p, &a);
    }
}
END_TEST

/* An interim answer must not leave anything where the final one's body is put. */
START_TEST(interim_bodies_move_nothing)
{
    static const char head[] = "HTTP/1.1 103 E\r\nContent-Length: 900\r\n\r\n";
    static const char final[] = OK "Content-Length: 900\r\n\r\n";
    struct answer a;
    struct pf_buf b;

    pf_buf_init(&b, 8192);
    ck_assert_int_eq(pf_buf_append_str(&b, head), FETCH_OK);
    for (int i = 0; i < 900; i++)
        ck_assert_int_eq(pf_buf_append(&b, "x", 1), FETCH_OK);
    ck_assert_int_eq(pf_buf_append_str(&b, final), FETCH_OK);
    for (int i = 0; i < 900; i++)
        ck_assert_int_eq(pf_buf_append(&b, "y", 1), FETCH_OK);
    answer_begin(&a, ANSWER_MAX_BODY, b.len + 2);
    answer_send(&a, b.data, b.len, SIZE_MAX);
    ck_assert_int_eq(a.step, PF_H1_FAILED);
    ck_assert_int_eq(a.error, FETCH_E_PROTOCOL);
    ck_assert_uint_eq(a.response.body_len, 0);
    answer_end(&a);
    pf_buf_fini(&b);
}
END_TEST

/* ------------------------------------------------------------- codings -- */

enum framing { LENGTH, CHUNKS, CLOSE, FRAMINGS };

static void put(struct pf_buf *b, const void *bytes, size_t n)
{
    ck_assert_int_eq(pf_buf_append(b, bytes, n), FETCH_OK);
}

/* An answer with these fields (each ended by CRLF), and `c` as its body. */
static struct pf_buf framed(enum framing framing, const char *fields, const struct coded *c)
{
    struct pf_buf b;

    pf_buf_init(&b, (size_t)1 << 24);
    put(&b, OK, sizeof(OK) - 1);
    put(&b, fields, strlen(fields));
    if (framing == LENGTH)
        ck_assert_int_eq(pf_buf_printf(&b, "Content-Length: %zu\r\n\r\n", c->n), FETCH_OK);
    else if (framing == CHUNKS)
        put(&b, UNIT_STR("Transfer-Encoding: chunked\r\n\r\n"));
    else
        put(&b, "\r\n", 2);
    if (framing != CHUNKS)
        put(&b, c->data, c->n);
    for (size_t at = 0, n = 1; framing == CHUNKS && at < c->n; at += n, n = n * 2 + 1) {
        n = n < c->n - at ? n : c->n - at;
        ck_assert_int_eq(pf_buf_printf(&b, "%zx\r\n", n), FETCH_OK);
        put(&b, c->data + at, n);
        put(&b, "\r\n", 2);
    }
    if (framing == CHUNKS)
        put(&b, UNIT_STR("0\r\n\r\n"));
    return b;
}

static struct coded page_text(size_t n)
{
    struct coded c = coded_new(n);

    for (size_t i = 0; i < n; i++)
        c.data[i] = (unsigned char)("<p>page</p>\n"[(i * i / 7 + i) % 12]);
    return c;
}

static void check_decoded(enum framing framing, const char *fields, const struct coded *body,
                          const struct coded *plain, size_t piece)
{
    struct pf_buf b = framed(framing, fields, body);
    struct answer a;

    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    answer_send(&a, b.data, b.len, piece);
    if (framing == CLOSE && a.step == PF_H1_MORE)
        answer_eof(&a, true);
    ck_assert_int_eq(a.step, PF_H1_DONE);
    ck_assert_int_eq(a.h1.keep_alive, framing != CLOSE);
    answer_seal(&a);
    ck_assert_uint_eq(a.body_len, plain->n);
    ck_assert_int_eq(memcmp(a.body, plain->data, plain->n), 0);
    ck_assert_uint_gt(a.response.field_count, 0);
    ck_assert_str_eq(a.response.field[0].name, "Content-Encoding");
    answer_end(&a);
    pf_buf_fini(&b);
}

START_TEST(encoded_bodies)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 1000};
    struct coded plain = page_text(20000);
    struct coded gzip = coded_zlib(plain.data, plain.n, CODED_GZIP);
    struct coded both = coded_br(gzip.data, gzip.n, 0);

    for (size_t i = 0; i < COUNT(pieces); i++) {
        enum framing framing = (enum framing)_i;

        check_decoded(framing, "Content-Encoding: gzip\r\n", &gzip, &plain, pieces[i]);
        check_decoded(framing, "Content-Encoding: X-GZIP ,identity\r\n", &gzip, &plain, pieces[i]);
        check_decoded(framing, "Content-Encoding: gzip, br\r\n", &both, &plain, pieces[i]);
        check_decoded(framing, "Content-Encoding: gzip\r\nA: b\r\ncontent-encoding: br\r\n", &both,
                      &plain, pieces[i]);
        check_decoded(framing, "Content-Encoding: other\r\n", &gzip, &gzip, pieces[i]);
        check_decoded(framing, "Content-Encoding: gzip, other\r\n", &gzip, &gzip, pieces[i]);
    }
    coded_free(&plain);
    coded_free(&gzip);
    coded_free(&both);
}
END_TEST

/* The framing is whole, what it carries is not. */
START_TEST(encoded_bodies_cut_off_within_their_framing)
{
    struct coded plain = page_text(300), gzip = coded_zlib(plain.data, plain.n, CODED_GZIP);

    for (size_t cut = 1; cut < gzip.n; cut++) {
        struct coded part = {gzip.data, cut};
        struct pf_buf b = framed((enum framing)_i, "Content-Encoding: gzip\r\n", &part);
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
        answer_send(&a, b.data, b.len, SIZE_MAX);
        if (_i == CLOSE)
            answer_eof(&a, true);
        ck_assert_int_eq(a.step, PF_H1_FAILED);
        ck_assert_int_eq(a.error, FETCH_E_TRUNCATED);
        ck_assert_ptr_nonnull(strstr(a.response.detail, "encoded"));
        answer_seal(&a);
        ck_assert_uint_le(a.body_len, plain.n);
        ck_assert_int_eq(memcmp(a.body, plain.data, a.body_len), 0);
        answer_end(&a);
        pf_buf_fini(&b);
    }
    coded_free(&plain);
    coded_free(&gzip);
}
END_TEST

/* The encoded page is whole, the framing is not. */
START_TEST(encoded_bodies_cut_off_with_their_framing)
{
    struct coded plain = page_text(300), gzip = coded_zlib(plain.data, plain.n, CODED_GZIP);
    struct pf_buf b = framed((enum framing)_i, "Content-Encoding: gzip\r\n", &gzip);

    for (size_t cut = 1; cut < b.len; cut++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
        answer_send(&a, b.data, cut, SIZE_MAX);
        ck_assert_int_eq(a.step, PF_H1_MORE);
        /* a body of no bytes is complete, but only where the close may end it */
        if (answer_eof(&a, true) == PF_H1_DONE)
            ck_assert(_i == CLOSE && cut == b.len - gzip.n);
        else
            ck_assert_int_eq(a.error, FETCH_E_TRUNCATED);
        answer_end(&a);
    }
    pf_buf_fini(&b);
    coded_free(&plain);
    coded_free(&gzip);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h1_faults");
    TCase *tc = unit_case(suite, "faults");

    tcase_add_loop_test(tc, faults_end_alike_in_any_pieces, 0, COUNT(faults));
    tcase_add_test(tc, interim_bodies_move_nothing);
    tc = unit_case(suite, "codings");
    tcase_add_loop_test(tc, encoded_bodies, 0, FRAMINGS);
    tcase_add_loop_test(tc, encoded_bodies_cut_off_within_their_framing, 0, FRAMINGS);
    tcase_add_loop_test(tc, encoded_bodies_cut_off_with_their_framing, 0, FRAMINGS);
    return unit_run(suite);
}

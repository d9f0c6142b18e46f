/*
 * What a peer can send without end: heads, fields, interim answers, framing, bodies, bombs.  Each
 * ends at its ceiling; what is large but honest passes.  answer_send() holds the memory to its own
 * ceiling all the while.
 */
#include "unit/answer.h"

#include <stdbool.h>

#include "unit/coded.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define MAX_BODY 1000u
#define ENDLESS ((size_t)64 << 20) /* bytes after which a test gives up waiting for an end */

static const size_t pieces[] = {SIZE_MAX, 1448, 1};

/* Sends `text` again and again, as long as it is taken and no longer than ENDLESS. */
static enum pf_h1_step send_endless(struct answer *a, const char *text, size_t piece)
{
    size_t n = strlen(text), many = 65536 / n;
    struct pf_buf b;

    pf_buf_init(&b, n * many);
    for (size_t i = 0; i < many; i++)
        ck_assert_int_eq(pf_buf_append(&b, text, n), FETCH_OK);
    while (a->step == PF_H1_MORE && a->taken < ENDLESS)
        answer_send(a, b.data, b.len, piece);
    pf_buf_fini(&b);
    return a->step;
}

/* ---------------------------------------------------------------- heads -- */

/* A head of `n` bytes in all, its last line included. */
static struct pf_buf head_of(size_t n)
{
    static const char start[] = OK "Content-Length: 0\r\nA: ";
    struct pf_buf b;

    pf_buf_init(&b, n);
    ck_assert_int_eq(pf_buf_append_str(&b, start), FETCH_OK);
    while (b.len < n - 4)
        ck_assert_int_eq(pf_buf_append(&b, "x", 1), FETCH_OK);
    ck_assert_int_eq(pf_buf_append_str(&b, "\r\n\r\n"), FETCH_OK);
    return b;
}

START_TEST(heads_have_a_size)
{
    for (size_t over = 0; over < 2; over++) {
        struct pf_buf b = head_of(PF_MAX_HEAD + over);
        struct answer a;

        answer_begin(&a, MAX_BODY, PF_READ_GUESS);
        answer_send(&a, b.data, b.len, pieces[_i]);
        ck_assert_int_eq(a.step, over ? PF_H1_FAILED : PF_H1_DONE);
        if (over) {
            ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
            ck_assert_ptr_nonnull(strstr(a.response.detail, "96 KiB"));
        }
        answer_end(&a);
        pf_buf_fini(&b);
    }
}
END_TEST

/* What follows an answer is no part of its head. */
START_TEST(heads_are_not_charged_for_what_is_left_over)
{
    struct pf_buf b = head_of(PF_MAX_HEAD);
    struct answer a;

    answer_begin(&a, MAX_BODY, b.len + 16);
    b.max += 5;
    ck_assert_int_eq(pf_buf_append_str(&b, "after"), FETCH_OK);
    ck_assert_int_eq(answer_send(&a, b.data, b.len, SIZE_MAX), PF_H1_DONE);
    ck_assert(!a.h1.keep_alive);
    answer_end(&a);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(endless_heads_end)
{
    static const struct {
        const char *first, *again;
    } cases[] = {
        {"HTTP/1.1 200 ", "very "},
        {OK, "A: b\r\n"},
        {OK "A", "b"},
        {OK "A: b", "c"},
        {OK "A: b", "\r\n c"},
        {OK "A:", " "},
        {"\r\n", "\r\n"},
        {"", "HTTP/1.1 100 C\r\n\r\n"},
        {"HTTP/1.1 103 E\r\n", "Link: x\r\n"},
        {"HTTP/1.1 103 E\r\nContent-Length: 99999999\r\n\r\n", "body"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer a;

        answer_begin(&a, MAX_BODY, PF_READ_GUESS);
        answer_send(&a, cases[i].first, strlen(cases[i].first), SIZE_MAX);
        ck_assert_msg(send_endless(&a, cases[i].again, pieces[_i]) == PF_H1_FAILED, "%s",
                      cases[i].again);
        ck_assert(a.error == FETCH_E_TOO_LARGE || a.error == FETCH_E_PROTOCOL);
        ck_assert_ptr_nonnull(a.response.detail);
        ck_assert_uint_le(a.taken, 2 * PF_MAX_HEAD);
        answer_end(&a);
    }
}
END_TEST

/* The ceiling is for all heads of an answer together. */
START_TEST(interim_heads_count)
{
    struct pf_buf b = head_of(20000);
    struct answer a;

    memcpy(b.data, "HTTP/1.1 103 OK", 15);
    answer_begin(&a, MAX_BODY, PF_READ_GUESS);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(answer_send(&a, b.data, b.len, pieces[_i]), PF_H1_MORE);
    ck_assert_int_eq(answer_send(&a, b.data, b.len, pieces[_i]), PF_H1_FAILED);
    ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
    answer_end(&a);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(interim_answers_have_a_number)
{
    static const char interim[] = "HTTP/1.1 100 C\r\nA: b\r\n\r\n";

    for (unsigned count = PF_MAX_INTERIM; count <= PF_MAX_INTERIM + 1; count++) {
        struct answer a;

        answer_begin(&a, MAX_BODY, PF_READ_GUESS);
        for (unsigned i = 0; i < count; i++)
            answer_send(&a, interim, sizeof interim - 1, pieces[_i]);
        answer_send(&a, UNIT_STR(OK "Content-Length: 1\r\n\r\nx"), pieces[_i]);
        ck_assert_int_eq(a.step, count > PF_MAX_INTERIM ? PF_H1_FAILED : PF_H1_DONE);
        if (a.step == PF_H1_DONE)
            ck_assert_uint_eq(a.response.field_count, 1);
        answer_end(&a);
    }
}
END_TEST

START_TEST(fields_have_a_number)
{
    for (size_t over = 0; over < 2; over++) {
        struct answer a;

        answer_begin(&a, MAX_BODY, ANSWER_GUESS);
        answer_send(&a, UNIT_STR(OK "Content-Length: 2\r\n"), pieces[_i]);
        for (size_t i = 1; i < PF_MAX_FIELDS + over; i++)
            answer_send(&a, UNIT_STR("A: b\r\n"), pieces[_i]);
        answer_send(&a, UNIT_STR("\r\nhi"), pieces[_i]);
        ck_assert_int_eq(a.step, over ? PF_H1_FAILED : PF_H1_DONE);
        if (over)
            ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
        else
            ck_assert_uint_eq(a.response.field_count, PF_MAX_FIELDS);
        answer_end(&a);
    }
}
END_TEST

/* -------------------------------------------------------------- framing -- */

START_TEST(endless_framing_ends)
{
    static const struct {
        const char *first, *again;
    } cases[] = {
        {CHUNKED "1;a", "b"},
        {CHUNKED "1;a=b", "b"},
        {CHUNKED "1\r\nx\r\n1;a=\"", "b"},
        {CHUNKED "0", "0"},
        {CHUNKED "0;a=", "b"},
        {CHUNKED "0\r\n", "A: b\r\n"},
        {CHUNKED "0\r\nA: b", "b"},
        {CHUNKED "1\r\nx\r\n0\r\nA", "b"},
        {CHUNKED, "1;abcdefghijklmnopqrstuvw=xyz\r\nx\r\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer a;

        answer_begin(&a, ANSWER_MAX_BODY, PF_READ_GUESS);
        answer_send(&a, cases[i].first, strlen(cases[i].first), SIZE_MAX);
        ck_assert_msg(send_endless(&a, cases[i].again, pieces[_i]) == PF_H1_FAILED, "%s",
                      cases[i].again);
        ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
        ck_assert_uint_le(a.taken, 4 * PF_MAX_HEAD);
        answer_end(&a);
    }
}
END_TEST

/* Six bytes each for one of body: chatty, but that is how some servers write. */
START_TEST(many_small_chunks_pass)
{
    struct answer a;

    answer_begin(&a, ANSWER_MAX_BODY, PF_READ_GUESS);
    answer_send(&a, UNIT_STR(CHUNKED), pieces[_i]);
    for (int i = 0; i < 100000; i++)
        answer_send(&a, UNIT_STR("1\r\nx\r\n"), pieces[_i]);
    ck_assert_int_eq(answer_send(&a, UNIT_STR("0\r\n\r\n"), pieces[_i]), PF_H1_DONE);
    ck_assert_uint_eq(a.response.body_len, 100000);
    ck_assert_uint_lt(a.response.mem.cap, 400000); /* framing is not kept */
    answer_seal(&a);
    ck_assert_uint_eq(a.body_len, strspn(a.body, "x"));
    answer_end(&a);
}
END_TEST

/* --------------------------------------------------------------- bodies -- */

static enum pf_h1_step send_body(struct answer *a, const char *head, size_t n, size_t piece)
{
    answer_send(a, head, strlen(head), piece);
    for (size_t i = 0; i < n; i++)
        answer_send(a, "x", 1, piece);
    return a->step;
}

static void check_body_ceiling(struct answer *a, bool over)
{
    ck_assert_int_eq(a->step, over ? PF_H1_FAILED : PF_H1_DONE);
    if (over)
        ck_assert_int_eq(a->error, FETCH_E_TOO_LARGE);
    else
        ck_assert_uint_eq(a->response.body_len, MAX_BODY);
    answer_seal(a);
    ck_assert_uint_eq(a->body_len, strspn(a->body, "x"));
    answer_end(a);
}

START_TEST(bodies_end_at_the_ceiling)
{
    for (size_t over = 0; over < 2; over++) {
        struct pf_buf b;
        struct answer a;

        pf_buf_init(&b, 4096); /* told beforehand: not a byte of it is waited for */
        ck_assert_int_eq(pf_buf_printf(&b, OK "Content-Length: %zu\r\n\r\n", MAX_BODY + over),
                         FETCH_OK);
        answer_begin(&a, MAX_BODY, ANSWER_GUESS);
        answer_send(&a, b.data, b.len, pieces[_i]);
        ck_assert_int_eq(a.step, over ? PF_H1_FAILED : PF_H1_MORE);
        if (!over)
            send_body(&a, "", MAX_BODY, pieces[_i]);
        check_body_ceiling(&a, over > 0);
        pf_buf_fini(&b);

        answer_begin(&a, MAX_BODY, ANSWER_GUESS); /* in chunks */
        answer_send(&a, UNIT_STR(CHUNKED), pieces[_i]);
        send_body(&a, "384\r\n", 900, pieces[_i]);
        for (size_t i = 900; i < MAX_BODY + over; i++)
            send_body(&a, "\r\n1\r\n", 1, pieces[_i]);
        answer_send(&a, UNIT_STR("\r\n"), pieces[_i]);
        answer_send(&a, UNIT_STR("0\r\n\r\n"), pieces[_i]);
        check_body_ceiling(&a, over > 0);

        answer_begin(&a, MAX_BODY, ANSWER_GUESS); /* until the close */
        if (send_body(&a, OK "\r\n", MAX_BODY + over, pieces[_i]) == PF_H1_MORE)
            answer_eof(&a, true);
        check_body_ceiling(&a, over > 0);
    }
}
END_TEST

START_TEST(sizes_that_no_memory_holds)
{
    static const char *const heads[] = {
        OK "Content-Length: 18446744073709551615\r\n\r\n",
        OK "Content-Length: 18446744073709551614\r\n\r\n",
        OK "Content-Length: 9223372036854775808\r\n\r\n",
        CHUNKED "ffffffffffffffff\r\n",
        CHUNKED "8000000000000000\r\n",
    };

    for (size_t i = 0; i < COUNT(heads); i++) {
        struct answer a;

        answer_begin(&a, MAX_BODY, ANSWER_GUESS);
        ck_assert_int_eq(send_body(&a, heads[i], MAX_BODY + 1, pieces[_i]), PF_H1_FAILED);
        ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
        answer_end(&a);
    }
}
END_TEST

/* A body may be as large as the ceiling, with a head as large as its own. */
START_TEST(both_ceilings_at_once)
{
    struct pf_buf b = head_of(PF_MAX_HEAD - 6);
    struct answer a;

    memcpy(memmem(b.data, b.len, ": 0", 3), ": 1", 3);
    answer_begin(&a, 1, PF_READ_MIN);
    answer_send(&a, b.data, b.len, pieces[_i]);
    ck_assert_int_eq(answer_send(&a, "x", 1, pieces[_i]), PF_H1_DONE);
    answer_seal(&a);
    ck_assert_str_eq(a.body, "x");
    answer_end(&a);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(bombs_end)
{
    struct coded zeros = coded_new((size_t)4 << 20), gzip, br;
    struct answer a;

    memset(zeros.data, 0, zeros.n);
    gzip = coded_zlib(zeros.data, zeros.n, CODED_GZIP);
    br = coded_br(zeros.data, zeros.n, 0);
    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS); /* four times the ceiling */
    answer_send(&a, UNIT_STR(OK "Content-Encoding: gzip\r\n\r\n"), pieces[_i]);
    ck_assert_int_eq(answer_send(&a, (char *)gzip.data, gzip.n, pieces[_i]), PF_H1_FAILED);
    ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
    answer_seal(&a);
    ck_assert_uint_le(a.body_len, ANSWER_MAX_BODY);
    answer_end(&a);
    answer_begin(&a, (size_t)64 << 20, ANSWER_GUESS); /* a ratio beyond anything honest */
    answer_send(&a, UNIT_STR(OK "Content-Encoding: br\r\n\r\n"), pieces[_i]);
    ck_assert_int_eq(answer_send(&a, (char *)br.data, br.n, pieces[_i]), PF_H1_FAILED);
    ck_assert_int_eq(a.error, FETCH_E_TOO_LARGE);
    answer_end(&a);
    coded_free(&zeros);
    coded_free(&gzip);
    coded_free(&br);
}
END_TEST

/* --------------------------------------------------------------- memory -- */

/* A body whose length is known is read to where it stays, with no more memory than it needs. */
START_TEST(known_lengths_take_one_allocation)
{
    const size_t n = 300000;
    size_t room, sent = 0;
    const char *data;
    struct answer a;
    char *at;

    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    answer_send(&a, UNIT_STR(OK "Content-Length: 300000\r\n\r\n"), SIZE_MAX);
    ck_assert_int_eq(pf_response_room(&a.response, &at, &room), FETCH_OK);
    ck_assert_uint_ge(room, n);
    ck_assert_uint_le(room, n + 16);
    data = a.response.mem.data;
    for (; sent < n; sent += 1500)
        send_body(&a, "0123456789", 1490, SIZE_MAX);
    ck_assert_int_eq(a.step, PF_H1_DONE);
    ck_assert_ptr_eq(a.response.mem.data, data);
    answer_seal(&a);
    ck_assert_ptr_eq(a.body, data + a.response.body_at);
    ck_assert_uint_eq(a.body_len, n);
    answer_end(&a);
}
END_TEST

/* An encoded body is decoded as it comes; what was decoded is not kept. */
START_TEST(encoded_bytes_are_not_kept)
{
    struct coded noise = coded_new(500000), gzip;
    struct answer a;
    unsigned x = 1;

    for (size_t i = 0; i < noise.n; i++)
        noise.data[i] = (unsigned char)((x = x * 1103515245u + 12345u) >> 24);
    gzip = coded_zlib(noise.data, noise.n, CODED_GZIP);
    answer_begin(&a, ANSWER_MAX_BODY, ANSWER_GUESS);
    answer_send(&a, UNIT_STR(OK "Content-Encoding: gzip\r\n\r\n"), SIZE_MAX);
    answer_send(&a, (char *)gzip.data, gzip.n, pieces[_i]);
    ck_assert_int_eq(answer_eof(&a, true), PF_H1_DONE);
    ck_assert_uint_le(a.response.mem.cap, 16384);
    answer_seal(&a);
    ck_assert_uint_eq(a.body_len, noise.n);
    ck_assert_int_eq(memcmp(a.body, noise.data, noise.n), 0);
    answer_end(&a);
    coded_free(&noise);
    coded_free(&gzip);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h1_limits");
    TCase *tc = unit_case(suite, "heads");

    tcase_add_loop_test(tc, heads_have_a_size, 0, COUNT(pieces));
    tcase_add_test(tc, heads_are_not_charged_for_what_is_left_over);
    tcase_add_loop_test(tc, endless_heads_end, 0, COUNT(pieces));
    tcase_add_loop_test(tc, interim_heads_count, 0, COUNT(pieces));
    tcase_add_loop_test(tc, interim_answers_have_a_number, 0, COUNT(pieces));
    tcase_add_loop_test(tc, fields_have_a_number, 0, COUNT(pieces));
    tc = unit_case(suite, "framing");
    tcase_add_loop_test(tc, endless_framing_ends, 0, COUNT(pieces));
    tcase_add_loop_test(tc, many_small_chunks_pass, 0, COUNT(pieces));
    tc = unit_case(suite, "bodies");
    tcase_add_loop_test(tc, bodies_end_at_the_ceiling, 0, COUNT(pieces));
    tcase_add_loop_test(tc, sizes_that_no_memory_holds, 0, COUNT(pieces));
    tcase_add_loop_test(tc, both_ceilings_at_once, 0, COUNT(pieces));
    tcase_add_loop_test(tc, bombs_end, 0, COUNT(pieces));
    tc = unit_case(suite, "memory");
    tcase_add_test(tc, known_lengths_take_one_allocation);
    tcase_add_loop_test(tc, encoded_bytes_are_not_kept, 0, COUNT(pieces));
    return unit_run(suite);
}

/* An answer's memory: rooms, fields, bodies that stay or move, and what a page is given of it. */
#include "unit/coded.h"
#include "unit/unit.h"

#include <stdbool.h>

#include "base/limits.h"
#include "protocol/decode.h"
#include "protocol/response.h"

#define HEAD "HTTP/1.1 200 OK\r\n"
#define MAX_BODY 1000u

/* Puts bytes where the next read would; gives their offset. */
static size_t put(struct pf_response *r, const char *bytes, size_t n)
{
    size_t before = r->mem.len, room;
    char *at;

    while (n > 0) {
        size_t count;

        ck_assert_int_eq(pf_response_room(r, &at, &room), FETCH_OK);
        ck_assert_uint_gt(room, 0);
        ck_assert_ptr_eq(at, r->mem.data + r->mem.len);
        count = n < room ? n : room;
        memcpy(at, bytes, count);
        r->mem.len += count;
        bytes += count;
        n -= count;
    }
    return before;
}

/* A field whose name and value are told by their lengths, as a parser does. */
static void put_field(struct pf_response *r, const char *line, size_t name_len, size_t value_skip,
                      size_t value_len)
{
    size_t at = put(r, line, strlen(line));

    ck_assert_int_eq(pf_response_add_field(r, at, name_len, at + name_len + value_skip, value_len),
                     FETCH_OK);
}

static void end_head(struct pf_response *r, uint64_t length)
{
    put(r, "\r\n", 2);
    r->progress = PF_PROGRESS_HEAD;
    ck_assert_int_eq(pf_response_head_end(r, 200, r->mem.len, length), FETCH_OK);
}

/* A chunk of the body, where a read has put it. */
static enum fetch_error put_body(struct pf_response *r, const char *bytes)
{
    size_t at = put(r, bytes, strlen(bytes));

    return pf_response_body(r, r->mem.data + at, strlen(bytes));
}

static const char *sealed(struct pf_response *r, size_t *n)
{
    const char *body = NULL;

    ck_assert_int_eq(pf_response_seal(r, &body, n), FETCH_OK);
    ck_assert_ptr_nonnull(body);
    ck_assert_int_eq(body[*n], '\0');
    return body;
}

static void check_field(const struct pf_response *r, size_t i, const char *name, const char *value)
{
    const struct fetch_header *f = &r->field[i];

    ck_assert_uint_lt(i, r->field_count);
    ck_assert_str_eq(f->name, name);
    ck_assert_uint_eq(f->name_len, strlen(name));
    ck_assert_str_eq(f->value, value);
    ck_assert_uint_eq(f->value_len, strlen(value));
}

START_TEST(begins_with_nothing)
{
    struct pf_response r;
    const char *body;
    size_t n;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    ck_assert_int_eq(r.progress, PF_PROGRESS_NONE);
    ck_assert_uint_eq(r.mem.cap, 0);
    ck_assert_int_eq(r.status, 0);
    ck_assert_str_eq(r.protocol, "");
    body = sealed(&r, &n);
    ck_assert_str_eq(body, "");
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(r.field_count, 0);
    pf_response_fini(&r);
    pf_response_fini(&r); /* twice is fine */
    memset(&r, 0, sizeof r);
    pf_response_fini(&r);
}
END_TEST

START_TEST(fields_are_sealed)
{
    struct pf_response r;
    size_t n;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "Type: text/html\r\n", 4, 2, 9);
    put_field(&r, "Padded:   a b \t \r\n", 6, 4, 6);
    put_field(&r, "Blank: \t\r\n", 5, 2, 1);
    put_field(&r, "Empty:\r\n", 5, 0, 0);
    put_field(&r, "Tight:x\r\n", 5, 1, 1);
    end_head(&r, 0);
    ck_assert_int_eq(pf_response_end(&r), FETCH_OK);
    ck_assert_str_eq(sealed(&r, &n), "");
    ck_assert_uint_eq(r.field_count, 5);
    check_field(&r, 0, "Type", "text/html");
    check_field(&r, 1, "Padded", "a b");
    check_field(&r, 2, "Blank", "");
    check_field(&r, 3, "Empty", "");
    check_field(&r, 4, "Tight", "x");
    pf_response_fini(&r);
}
END_TEST

START_TEST(folded_lines_become_spaces)
{
    struct pf_response r;
    size_t n;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n c\r\n\td \r\n", 1, 2, 10);
    put_field(&r, "E: f\r\n \r\n", 1, 2, 4);
    r.folded = true;
    end_head(&r, 0);
    sealed(&r, &n);
    check_field(&r, 0, "A", "b   c  \td");
    check_field(&r, 1, "E", "f");
    pf_response_fini(&r);
}
END_TEST

START_TEST(next_walks_fields_of_a_name)
{
    struct pf_response r;
    size_t cursor = 0, n = 99;
    const char *value;

    pf_response_init(&r, MAX_BODY, 16); /* moves while fields are noted */
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "Via: one \r\n", 3, 2, 4);
    put_field(&r, "Viaduct: no\r\n", 7, 2, 2);
    put_field(&r, "vIA: two, three\r\n", 3, 2, 10);
    put_field(&r, "Other: no\r\n", 5, 2, 2);
    put_field(&r, "VIA:\r\n", 3, 0, 0);
    value = pf_response_next(&r, "via", &cursor, &n);
    ck_assert_uint_eq(n, 3);
    ck_assert_int_eq(memcmp(value, "one", 3), 0);
    ck_assert_uint_eq(cursor, 1);
    value = pf_response_next(&r, "via", &cursor, &n);
    ck_assert_uint_eq(n, 10);
    ck_assert_int_eq(memcmp(value, "two, three", 10), 0);
    ck_assert_uint_eq(cursor, 3);
    ck_assert_ptr_nonnull(pf_response_next(&r, "via", &cursor, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert_ptr_null(pf_response_next(&r, "via", &cursor, &n));
    ck_assert_ptr_null(pf_response_next(&r, "via", &cursor, &n));
    cursor = 0;
    ck_assert_ptr_null(pf_response_next(&r, "vi", &cursor, &n));
    pf_response_drop_fields(&r);
    cursor = 0;
    ck_assert_ptr_null(pf_response_next(&r, "via", &cursor, &n));
    pf_response_fini(&r);
}
END_TEST

START_TEST(fields_have_a_number)
{
    struct pf_response r;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR("A: b\r\n"));
    for (size_t i = 0; i < PF_MAX_FIELDS; i++)
        ck_assert_int_eq(pf_response_add_field(&r, 0, 1, 3, 1), FETCH_OK);
    ck_assert_int_eq(pf_response_add_field(&r, 0, 1, 3, 1), FETCH_E_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(r.detail, "512"));
    ck_assert_uint_eq(r.field_count, PF_MAX_FIELDS);
    pf_response_fini(&r);
}
END_TEST

START_TEST(the_guess_is_the_first_allocation)
{
    struct pf_response r;
    size_t room;
    char *at;

    pf_response_init(&r, MAX_BODY, 12345);
    ck_assert_int_eq(pf_response_room(&r, &at, &room), FETCH_OK);
    ck_assert_uint_eq(r.mem.cap, 12345);
    ck_assert_uint_le(room, 12345);
    ck_assert_uint_ge(room, 12000);
    r.mem.len += room; /* full: there is more, and not little */
    ck_assert_int_eq(pf_response_room(&r, &at, &room), FETCH_OK);
    ck_assert_uint_ge(room, PF_READ_MIN - 1);
    pf_response_fini(&r);
}
END_TEST

START_TEST(rooms_end_at_the_ceiling)
{
    const size_t max = MAX_BODY + PF_MAX_HEAD + PF_READ_GUESS_MAX;
    enum fetch_error e = FETCH_OK;
    struct pf_response r;
    size_t room;
    char *at;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    while (e == FETCH_OK && r.mem.len <= max) {
        e = pf_response_room(&r, &at, &room);
        if (e == FETCH_OK) {
            ck_assert_uint_gt(room, 0);
            memset(at, 'x', room);
            r.mem.len += room;
        }
    }
    ck_assert_int_eq(e, FETCH_E_TOO_LARGE);
    ck_assert_uint_le(r.mem.len, max);
    pf_response_fini(&r);
}
END_TEST

START_TEST(a_known_length_is_reserved_at_once)
{
    struct pf_response r;
    size_t room;
    char *at;

    pf_response_init(&r, (size_t)64 << 20, 64);
    put(&r, UNIT_STR(HEAD));
    end_head(&r, 200000);
    ck_assert_int_eq(pf_response_room(&r, &at, &room), FETCH_OK);
    ck_assert_uint_ge(room, 200000);
    ck_assert_uint_le(r.mem.cap, 200000 + 128);
    pf_response_fini(&r);
    pf_response_init(&r, (size_t)64 << 20, 64); /* what a peer says costs no memory */
    put(&r, UNIT_STR(HEAD));
    end_head(&r, 60u << 20);
    ck_assert_int_eq(pf_response_room(&r, &at, &room), FETCH_OK);
    ck_assert_uint_le(r.mem.cap, PF_READ_GUESS_MAX + 128);
    pf_response_fini(&r);
}
END_TEST

START_TEST(a_body_stays_where_it_is_read)
{
    struct pf_response r;
    const char *body;
    size_t n, at;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n", 1, 2, 1);
    end_head(&r, 10);
    at = r.mem.len;
    ck_assert_int_eq(put_body(&r, "01234"), FETCH_OK);
    pf_response_consumed(&r);
    ck_assert_uint_eq(r.body_left, 5);
    ck_assert_int_eq(put_body(&r, "56789"), FETCH_OK);
    pf_response_consumed(&r);
    ck_assert_uint_eq(r.body_left, 0);
    ck_assert_int_eq(pf_response_end(&r), FETCH_OK);
    ck_assert_int_eq(r.progress, PF_PROGRESS_DONE);
    body = sealed(&r, &n);
    ck_assert_str_eq(body, "0123456789");
    ck_assert_uint_eq(n, 10);
    ck_assert_ptr_eq(body, r.mem.data + at);
    check_field(&r, 0, "A", "b");
    pf_response_fini(&r);
}
END_TEST

/* What is looked at before it is sealed ends with a NUL too, decoded or not, however it fits. */
START_TEST(a_body_may_be_seen_before)
{
    for (size_t plain = 0; plain < 80; plain++) {
        struct coded text = coded_text(plain, 1), packed = coded_zlib(text.data, plain, CODED_GZIP);

        for (int coded = 0; coded < 2; coded++) {
            const struct coded *sent = coded ? &packed : &text;
            struct pf_response r;
            const char *body;
            size_t n;

            pf_response_init(&r, MAX_BODY, 2);
            put(&r, UNIT_STR(HEAD));
            if (coded)
                put_field(&r, "Content-Encoding: gzip\r\n", 16, 2, 4);
            end_head(&r, sent->n);
            if (sent->n > 0) {
                size_t at = put(&r, (const char *)sent->data, sent->n);

                ck_assert_int_eq(pf_response_body(&r, r.mem.data + at, sent->n), FETCH_OK);
            }
            pf_response_consumed(&r);
            ck_assert_int_eq(pf_response_end(&r), FETCH_OK);
            for (int i = 0; i < 3; i++) { /* twice, and then it is sealed */
                if (i < 2)
                    ck_assert_int_eq(pf_response_view(&r, &body, &n), FETCH_OK);
                else
                    body = sealed(&r, &n);
                ck_assert_uint_eq(n, plain);
                ck_assert(n == 0 || memcmp(body, text.data, n) == 0);
                ck_assert_int_eq(body[n], '\0');
            }
            pf_response_fini(&r);
        }
        coded_free(&text);
        coded_free(&packed);
    }
}
END_TEST

START_TEST(a_body_moves_down_over_framing)
{
    struct pf_response r;
    size_t n, at;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n", 1, 2, 1);
    end_head(&r, PF_LENGTH_UNKNOWN);
    at = put(&r, UNIT_STR("3\r\nabc\r\n7\r\ndefghij\r\n"));
    ck_assert_int_eq(pf_response_body(&r, r.mem.data + at + 3, 3), FETCH_OK);
    ck_assert_int_eq(pf_response_body(&r, r.mem.data + at + 11, 7), FETCH_OK);
    pf_response_consumed(&r);
    ck_assert_uint_eq(r.mem.len, at + 10);
    at = put(&r, UNIT_STR("1\r\nk\r\n0\r\n\r\n"));
    ck_assert_int_eq(pf_response_body(&r, r.mem.data + at + 3, 1), FETCH_OK);
    pf_response_consumed(&r);
    ck_assert_int_eq(pf_response_end(&r), FETCH_OK);
    ck_assert_str_eq(sealed(&r, &n), "abcdefghijk");
    ck_assert_uint_eq(n, 11);
    check_field(&r, 0, "A", "b");
    pf_response_fini(&r);
}
END_TEST

START_TEST(bodies_have_a_ceiling)
{
    char page[MAX_BODY + 1];
    struct pf_response r;
    size_t n;

    memset(page, 'x', MAX_BODY);
    page[MAX_BODY] = '\0';
    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    ck_assert_int_eq(pf_response_head_end(&r, 200, r.mem.len, MAX_BODY + 1), FETCH_E_TOO_LARGE);
    ck_assert_int_eq(r.status, 200); /* a failed page has its status all the same */
    ck_assert_str_eq(sealed(&r, &n), "");
    pf_response_fini(&r);
    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    end_head(&r, PF_LENGTH_UNKNOWN);
    ck_assert_int_eq(put_body(&r, page), FETCH_OK);
    pf_response_consumed(&r);
    ck_assert_int_eq(put_body(&r, "y"), FETCH_E_TOO_LARGE);
    sealed(&r, &n);
    ck_assert_uint_eq(n, MAX_BODY);
    pf_response_fini(&r);
}
END_TEST

START_TEST(a_failed_answer_keeps_what_came)
{
    struct pf_response r;
    size_t n;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n", 1, 2, 1);
    end_head(&r, 10);
    ck_assert_int_eq(put_body(&r, "012"), FETCH_OK);
    put(&r, UNIT_STR("not looked at"));
    ck_assert_str_eq(sealed(&r, &n), "012");
    ck_assert_uint_eq(n, 3);
    check_field(&r, 0, "A", "b");
    pf_response_fini(&r);
    pf_response_init(&r, MAX_BODY, PF_READ_GUESS); /* but not half a head */
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n", 1, 2, 1);
    r.progress = PF_PROGRESS_HEAD;
    ck_assert_str_eq(sealed(&r, &n), "");
    ck_assert_uint_eq(r.field_count, 0);
    pf_response_fini(&r);
}
END_TEST

START_TEST(memory_that_is_not_used_goes_back)
{
    struct pf_response r;
    size_t n;

    pf_response_init(&r, MAX_BODY, 200000);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "A: b\r\n", 1, 2, 1);
    end_head(&r, 2);
    ck_assert_int_eq(put_body(&r, "hi"), FETCH_OK);
    ck_assert_str_eq(sealed(&r, &n), "hi");
    ck_assert_uint_lt(r.mem.cap, 4096);
    check_field(&r, 0, "A", "b");
    pf_response_fini(&r);
}
END_TEST

START_TEST(codings_are_one_list)
{
    struct pf_response r;

    pf_response_init(&r, MAX_BODY, PF_READ_GUESS);
    put(&r, UNIT_STR(HEAD));
    put_field(&r, "Content-Encoding: gzip\r\n", 16, 2, 4);
    put_field(&r, "A: b\r\n", 1, 2, 1);
    put_field(&r, "content-encoding: br, identity \r\n", 16, 2, 13);
    end_head(&r, MAX_BODY + 1); /* before it is decoded: no reason to refuse it */
    ck_assert_ptr_nonnull(r.decoder);
    ck_assert_int_eq(pf_response_end(&r), FETCH_OK);
    pf_response_fini(&r);
    pf_response_init(&r, MAX_BODY, PF_READ_GUESS); /* longer than any that means something */
    put(&r, UNIT_STR(HEAD));
    for (int i = 0; i < 10; i++)
        put_field(&r, "Content-Encoding: identity, identity, identity, identity, identity\r\n", 16,
                  2, 48);
    ck_assert_int_eq(pf_response_head_end(&r, 200, r.mem.len, 5), FETCH_E_ENCODING);
    ck_assert_ptr_nonnull(r.detail);
    pf_response_fini(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("response");
    TCase *tc = unit_case(suite, "fields");

    tcase_add_test(tc, begins_with_nothing);
    tcase_add_test(tc, fields_are_sealed);
    tcase_add_test(tc, folded_lines_become_spaces);
    tcase_add_test(tc, next_walks_fields_of_a_name);
    tcase_add_test(tc, fields_have_a_number);
    tcase_add_test(tc, codings_are_one_list);
    tc = unit_case(suite, "memory");
    tcase_add_test(tc, the_guess_is_the_first_allocation);
    tcase_add_test(tc, rooms_end_at_the_ceiling);
    tcase_add_test(tc, a_known_length_is_reserved_at_once);
    tcase_add_test(tc, memory_that_is_not_used_goes_back);
    tc = unit_case(suite, "bodies");
    tcase_add_test(tc, a_body_stays_where_it_is_read);
    tcase_add_test(tc, a_body_may_be_seen_before);
    tcase_add_test(tc, a_body_moves_down_over_framing);
    tcase_add_test(tc, bodies_have_a_ceiling);
    tcase_add_test(tc, a_failed_answer_keeps_what_came);
    return unit_run(suite);
}

#include "unit/unit.h"

#include "pfetch/lines.h"

static const char list[] = "\xef\xbb\xbfhttps://example.com/a\r\n"
                           "\n"
                           "  # a comment\n"
                           "\t https://example.org/b \t\n"
                           "#https://example.net/c\n"
                           "   \n"
                           "https://example.net/d?x=#y";

static struct lines l;

/* Feeds `n` bytes in pieces of `step`; checks what comes of the list above. */
static void feed(const char *text, size_t n, size_t step)
{
    static const char *const want[] = {"https://example.com/a", "https://example.org/b",
                                       "https://example.net/d?x=#y"};
    static const uint64_t number[] = {1, 4, 7};
    size_t at = 0, seen = 0, len, room;
    const char *line;

    for (;;) {
        char *to;

        while (lines_next(&l, &line, &len) == LINES_LINE) {
            ck_assert_uint_lt(seen, 3);
            ck_assert_str_eq(line, want[seen]);
            ck_assert_uint_eq(len, strlen(want[seen]));
            ck_assert_uint_eq(l.number, number[seen]);
            seen++;
        }
        if (l.ended)
            break;
        to = lines_room(&l, &room);
        ck_assert_uint_ge(room, step);
        if (step > n - at)
            step = n - at;
        memcpy(to, text + at, step);
        lines_added(&l, step);
        at += step;
        if (at == n)
            lines_end(&l);
    }
    ck_assert_uint_eq(seen, 3);
}

START_TEST(reads_a_list_whole_and_in_any_pieces)
{
    ck_assert(lines_init(&l));
    for (size_t step = 1; step <= sizeof(list) - 1; step++) {
        feed(list, sizeof(list) - 1, step);
        lines_restart(&l);
    }
    lines_fini(&l);
}
END_TEST

/* One line of `n` bytes and a short one behind it, in pieces of `step`. */
static void feed_long(size_t n, size_t step, const char *end, enum lines_result want)
{
    size_t left = n, len, room;
    const char *line, *behind = "next\n";
    enum lines_result r;

    while (left > 0) {
        char *to = lines_room(&l, &room);
        size_t part = left < step ? left : step;

        ck_assert_uint_ge(room, part);
        memset(to, 'x', part);
        lines_added(&l, part);
        left -= part;
        ck_assert_int_eq(lines_next(&l, &line, &len), LINES_MORE);
    }
    memcpy(lines_room(&l, &room), end, strlen(end));
    lines_added(&l, strlen(end));
    memcpy(lines_room(&l, &room), behind, strlen(behind));
    lines_added(&l, strlen(behind));
    r = lines_next(&l, &line, &len);
    ck_assert_int_eq(r, want);
    ck_assert_uint_eq(len, r == LINES_LONG ? LINES_KEPT : n);
    ck_assert_uint_eq(l.number, 1);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LINE);
    ck_assert_str_eq(line, "next");
    ck_assert_uint_eq(l.number, 2);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_MORE);
    lines_restart(&l);
}

START_TEST(tells_a_line_that_is_too_long)
{
    static const size_t steps[] = {1000, 8192, 65530, 65535};

    ck_assert(lines_init(&l));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        feed_long(LINES_MAX, steps[i], "\n", LINES_LINE);
        feed_long(LINES_MAX, steps[i], "\r\n", LINES_LINE);
        feed_long(LINES_MAX + 1, steps[i], "\n", LINES_LONG);
        feed_long(LINES_MAX + 1, steps[i], "\r\n", LINES_LONG);
        feed_long(10 * LINES_MAX, steps[i], "\n", LINES_LONG);
    }
    lines_fini(&l);
}
END_TEST

START_TEST(ends_within_a_line_that_is_too_long)
{
    size_t room, len;
    const char *line;

    ck_assert(lines_init(&l));
    memset(lines_room(&l, &room), 'x', LINES_MAX + 2);
    lines_added(&l, LINES_MAX + 2);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_MORE);
    lines_end(&l);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_LONG);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_MORE);
    lines_restart(&l);
    lines_end(&l);
    ck_assert_int_eq(lines_next(&l, &line, &len), LINES_MORE);
    lines_fini(&l);
}
END_TEST

START_TEST(counts_as_it_reads)
{
    for (size_t step = 1; step <= sizeof(list) - 4; step++) {
        bool fresh = true;
        uint64_t n = 0;

        for (size_t at = 3; at < sizeof(list) - 1; at += step) {
            size_t left = sizeof(list) - 1 - at;

            n += lines_count(list + at, left < step ? left : step, &fresh);
        }
        ck_assert_uint_eq(n, 3);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool lines");
    TCase *tc = unit_case(suite, "lines");

    tcase_add_test(tc, reads_a_list_whole_and_in_any_pieces);
    tcase_add_test(tc, tells_a_line_that_is_too_long);
    tcase_add_test(tc, ends_within_a_line_that_is_too_long);
    tcase_add_test(tc, counts_as_it_reads);
    return unit_run(suite);
}

#include "unit/unit.h"

#include <stdint.h>

#include "base/buf.h"

static void check_text(const struct pf_buf *b, const char *text)
{
    ck_assert_uint_eq(b->len, strlen(text));
    ck_assert_mem_eq(b->data, text, b->len);
}

START_TEST(begins_without_memory)
{
    struct pf_buf b;

    pf_buf_init(&b, 100);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_uint_eq(b.cap, 0);
    ck_assert_int_eq(pf_buf_append(&b, "", 0), FETCH_OK);
    ck_assert_ptr_null(b.data);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(a_zeroed_buffer_can_be_freed)
{
    struct pf_buf b = {0};

    pf_buf_fini(&b);
    pf_buf_fini(&b);
    ck_assert_int_eq(pf_buf_append(&b, "x", 1), FETCH_E_TOO_LARGE);
}
END_TEST

START_TEST(appends_in_order)
{
    struct pf_buf b;

    pf_buf_init(&b, 100);
    ck_assert_int_eq(pf_buf_append(&b, "one", 3), FETCH_OK);
    ck_assert_int_eq(pf_buf_append_str(&b, " two"), FETCH_OK);
    ck_assert_int_eq(pf_buf_printf(&b, " %d%c", 3, '!'), FETCH_OK);
    check_text(&b, "one two 3!");
    pf_buf_fini(&b);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_int_eq(pf_buf_append_str(&b, "again"), FETCH_OK);
    check_text(&b, "again");
    pf_buf_fini(&b);
}
END_TEST

START_TEST(growth_is_geometric)
{
    struct pf_buf b;
    unsigned moves = 0;
    size_t cap = 0;

    pf_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < 1 << 20; i++) {
        char c = (char)('a' + i % 26);

        ck_assert_int_eq(pf_buf_append(&b, &c, 1), FETCH_OK);
        moves += b.cap != cap;
        cap = b.cap;
        ck_assert_uint_le(b.cap, b.max);
    }
    ck_assert_uint_le(moves, 20);
    for (size_t i = 0; i < 1 << 20; i++)
        ck_assert_int_eq(b.data[i], (char)('a' + i % 26));
    pf_buf_fini(&b);
}
END_TEST

/* Whatever the ceiling, exactly that many bytes fit, by one and all at once. */
START_TEST(the_ceiling_is_exact)
{
    static const size_t ceilings[] = {0, 1, 2, 10, 255, 256, 257, 511, 512, 513, 1000, 70000};
    static const char zeros[70001];

    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
        struct pf_buf one, all;

        pf_buf_init(&one, ceilings[i]);
        pf_buf_init(&all, ceilings[i]);
        for (size_t n = 0; n < ceilings[i]; n++)
            ck_assert_int_eq(pf_buf_append(&one, "x", 1), FETCH_OK);
        ck_assert_int_eq(pf_buf_append(&one, "x", 1), FETCH_E_TOO_LARGE);
        ck_assert_uint_eq(one.len, ceilings[i]);
        ck_assert_int_eq(pf_buf_append(&all, zeros, ceilings[i] + 1), FETCH_E_TOO_LARGE);
        ck_assert_uint_eq(all.len, 0);
        ck_assert_int_eq(pf_buf_append(&all, zeros, ceilings[i]), FETCH_OK);
        ck_assert_int_eq(pf_buf_reserve(&all, 1), FETCH_E_TOO_LARGE);
        ck_assert_int_eq(pf_buf_reserve_exact(&all, 1), FETCH_E_TOO_LARGE);
        ck_assert_int_eq(pf_buf_reserve(&all, SIZE_MAX), FETCH_E_TOO_LARGE);
        ck_assert_int_eq(pf_buf_reserve_exact(&all, SIZE_MAX), FETCH_E_TOO_LARGE);
        ck_assert_int_eq(pf_buf_reserve(&all, 0), FETCH_OK);
        pf_buf_fini(&one);
        pf_buf_fini(&all);
    }
}
END_TEST

START_TEST(reserve_exact_allocates_once)
{
    struct pf_buf b;

    pf_buf_init(&b, 5000);
    ck_assert_int_eq(pf_buf_reserve_exact(&b, 4321), FETCH_OK);
    ck_assert_uint_eq(b.cap, 4321);
    ck_assert_int_eq(pf_buf_reserve_exact(&b, 4000), FETCH_OK);
    ck_assert_uint_eq(b.cap, 4321);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(printf_respects_the_ceiling)
{
    struct pf_buf b;

    pf_buf_init(&b, 5);
    ck_assert_int_eq(pf_buf_printf(&b, "%s", "123456"), FETCH_E_TOO_LARGE);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_int_eq(pf_buf_printf(&b, "%s", ""), FETCH_OK);
    ck_assert_int_eq(pf_buf_printf(&b, "%s", "12345"), FETCH_OK);
    check_text(&b, "12345");
    ck_assert_int_eq(pf_buf_printf(&b, "%s", "6"), FETCH_E_TOO_LARGE);
    ck_assert_int_eq(pf_buf_printf(&b, "%s", ""), FETCH_OK);
    check_text(&b, "12345");
    pf_buf_fini(&b);
}
END_TEST

START_TEST(terminates_beyond_the_ceiling)
{
    struct pf_buf b;

    pf_buf_init(&b, 256);
    ck_assert_int_eq(pf_buf_terminate(&b), FETCH_OK);
    ck_assert_str_eq(b.data, "");
    for (size_t n = 0; n < 256; n++)
        ck_assert_int_eq(pf_buf_append(&b, "x", 1), FETCH_OK);
    ck_assert_int_eq(pf_buf_terminate(&b), FETCH_OK);
    ck_assert_uint_eq(strlen(b.data), 256);
    ck_assert_uint_eq(b.len, 256);
    /* The NUL's byte is not room for others. */
    ck_assert_int_eq(pf_buf_append(&b, "y", 1), FETCH_E_TOO_LARGE);
    ck_assert_int_eq(pf_buf_reserve(&b, 1), FETCH_E_TOO_LARGE);
    ck_assert_int_eq(pf_buf_reserve_exact(&b, 1), FETCH_E_TOO_LARGE);
    pf_buf_fini(&b);
}
END_TEST

START_TEST(trim_keeps_the_bytes)
{
    struct pf_buf b;

    pf_buf_init(&b, 1 << 20);
    ck_assert_int_eq(pf_buf_append_str(&b, "kept"), FETCH_OK);
    ck_assert_int_eq(pf_buf_reserve(&b, 100000), FETCH_OK);
    pf_buf_trim(&b);
    ck_assert_uint_le(b.cap, 1024 + 5);
    check_text(&b, "kept");
    ck_assert_int_eq(pf_buf_terminate(&b), FETCH_OK);
    ck_assert_str_eq(b.data, "kept");
    ck_assert_int_eq(pf_buf_append_str(&b, " and more"), FETCH_OK);
    check_text(&b, "kept and more");
    pf_buf_fini(&b);
    pf_buf_trim(&b);
    pf_buf_fini(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buf");
    TCase *tc = unit_case(suite, "appending");

    tcase_add_test(tc, begins_without_memory);
    tcase_add_test(tc, a_zeroed_buffer_can_be_freed);
    tcase_add_test(tc, appends_in_order);
    tcase_add_test(tc, growth_is_geometric);
    tc = unit_case(suite, "ceiling");
    tcase_add_test(tc, the_ceiling_is_exact);
    tcase_add_test(tc, reserve_exact_allocates_once);
    tcase_add_test(tc, printf_respects_the_ceiling);
    tcase_add_test(tc, terminates_beyond_the_ceiling);
    tcase_add_test(tc, trim_keeps_the_bytes);
    return unit_run(suite);
}

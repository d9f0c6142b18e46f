/* Refusals of the last five minutes, and how long they take. */
#include "unit/unit.h"

#include "engine/refusals.h"

#define T0 1000000u
#define MINUTE 60000u

static struct pf_refusals r;

START_TEST(are_counted_for_five_minutes)
{
    pf_refusals_init(&r, T0);
    ck_assert_uint_eq(pf_refusals_count(&r, T0), 0);
    for (unsigned i = 0; i < 4; i++)
        pf_refusals_add(&r, T0 + i * MINUTE, 100);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 4 * MINUTE), 4);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 5 * MINUTE + MINUTE / 2), 3);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 6 * MINUTE + MINUTE / 2), 2);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 20 * MINUTE), 0);
}
END_TEST

START_TEST(are_forgotten_after_a_long_rest)
{
    pf_refusals_init(&r, 0);
    pf_refusals_add(&r, 0, 100);
    ck_assert_uint_eq(pf_refusals_count(&r, (uint64_t)1 << 50), 0);
    pf_refusals_add(&r, (uint64_t)1 << 50, 100);
    ck_assert_uint_eq(pf_refusals_count(&r, (uint64_t)1 << 50), 1);
}
END_TEST

START_TEST(are_heard_after_their_usual_time)
{
    pf_refusals_init(&r, T0);
    ck_assert_double_eq_tol(pf_refusals_mean_ms(&r), 0, 1e-9);
    pf_refusals_add(&r, T0, 100);
    ck_assert_double_eq_tol(pf_refusals_mean_ms(&r), 100, 1e-9);
    ck_assert_double_ge(pf_refusals_heard_ms(&r), 200); /* one says little of the next */
    for (unsigned i = 0; i < 50; i++)
        pf_refusals_add(&r, T0, 100);
    ck_assert_double_ge(pf_refusals_heard_ms(&r), 120);
    ck_assert_double_le(pf_refusals_heard_ms(&r), 160);
}
END_TEST

/* The more they differ, the longer one is waited for. */
START_TEST(that_differ_are_waited_for)
{
    pf_refusals_init(&r, T0);
    for (unsigned i = 0; i < 50; i++)
        pf_refusals_add(&r, T0, 100 + i % 2 * 150);
    ck_assert_double_ge(pf_refusals_heard_ms(&r), 300);
    ck_assert_double_le(pf_refusals_heard_ms(&r), 800);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals");
    TCase *tc = unit_case(suite, "count");

    tcase_add_test(tc, are_counted_for_five_minutes);
    tcase_add_test(tc, are_forgotten_after_a_long_rest);
    tc = unit_case(suite, "time");
    tcase_add_test(tc, are_heard_after_their_usual_time);
    tcase_add_test(tc, that_differ_are_waited_for);
    return unit_run(suite);
}

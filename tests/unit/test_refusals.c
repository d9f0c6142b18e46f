/* Refusals of the last five minutes. */
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
        pf_refusals_add(&r, T0 + i * MINUTE);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 4 * MINUTE), 4);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 5 * MINUTE + MINUTE / 2), 3);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 6 * MINUTE + MINUTE / 2), 2);
    ck_assert_uint_eq(pf_refusals_count(&r, T0 + 20 * MINUTE), 0);
}
END_TEST

START_TEST(are_forgotten_after_a_long_rest)
{
    pf_refusals_init(&r, 0);
    pf_refusals_add(&r, 0);
    ck_assert_uint_eq(pf_refusals_count(&r, (uint64_t)1 << 50), 0);
    pf_refusals_add(&r, (uint64_t)1 << 50);
    ck_assert_uint_eq(pf_refusals_count(&r, (uint64_t)1 << 50), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals");
    TCase *tc = unit_case(suite, "count");

    tcase_add_test(tc, are_counted_for_five_minutes);
    tcase_add_test(tc, are_forgotten_after_a_long_rest);
    return unit_run(suite);
}

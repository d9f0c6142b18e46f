/* What may be spent is never overstepped, and what is not known is never guessed. */
#include "unit/unit.h"

#include "base/limits.h"
#include "base/random.h"
#include "engine/budget.h"

#define T0 100000u
#define CREDIT 1000000

static struct pf_budget b;

static unsigned start_all(void)
{
    unsigned n = 0;

    while (pf_budget_may_start(&b) && n < 10000) {
        pf_budget_start(&b, T0);
        n++;
    }
    return n;
}

START_TEST(without_a_limit_all_goes)
{
    pf_budget_init(&b, 0, 0);
    ck_assert_uint_eq(start_all(), 10000);
    ck_assert_int_eq(pf_budget_end(&b, 3 * CREDIT, FETCH_BILLED_YES, T0), 3 * CREDIT);
    ck_assert_int_eq(b.spent_micro, 3 * CREDIT); /* and is counted */
}
END_TEST

START_TEST(what_is_under_way_is_reserved)
{
    pf_budget_init(&b, 10 * CREDIT, 2 * CREDIT);
    ck_assert_uint_eq(start_all(), 5);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_WAIT);
    ck_assert_int_eq(pf_budget_reserved(&b), 10 * CREDIT);
    /* One that was not billed gives its place to another; one that was does not. */
    pf_budget_end(&b, -1, FETCH_BILLED_NO, T0);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_FITS);
    pf_budget_start(&b, T0);
    ck_assert_int_eq(pf_budget_end(&b, -1, FETCH_BILLED_YES, T0), 2 * CREDIT);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_WAIT);
    for (unsigned i = 0; i < 4; i++)
        pf_budget_end(&b, -1, FETCH_BILLED_YES, T0);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_SPENT);
    ck_assert_int_eq(b.spent_micro, 10 * CREDIT);
}
END_TEST

/* Without a price the first goes alone, and no more than prices were seen, and one. */
START_TEST(prices_are_learnt_before_much_is_risked)
{
    pf_budget_init(&b, 1000 * CREDIT, 0);
    ck_assert_uint_eq(start_all(), 1);
    pf_budget_end(&b, 5 * CREDIT, FETCH_BILLED_YES, T0);
    ck_assert_uint_eq(start_all(), 2);
    pf_budget_end(&b, 1 * CREDIT, FETCH_BILLED_YES, T0);
    ck_assert_uint_eq(start_all(), 2);
    ck_assert_int_eq(pf_budget_reserved(&b), 3 * 5 * CREDIT); /* the dearest counts */
}
END_TEST

START_TEST(never_over_the_limit)
{
    struct pf_random random;

    pf_random_init_seed(&random, 3);
    for (unsigned run = 0; run < 200; run++) {
        unsigned flying = 0;

        pf_budget_init(&b, 100 * CREDIT, 10 * CREDIT);
        for (unsigned i = 0; i < 2000 && !pf_budget_exhausted(&b); i++) {
            if (pf_budget_may_start(&b) && pf_random_up_to(&random, 1)) {
                pf_budget_start(&b, T0 + i);
                flying++;
            } else if (flying > 0) {
                int64_t cost = (int64_t)pf_random_up_to(&random, 10) * CREDIT;

                pf_budget_end(&b, cost, cost ? FETCH_BILLED_YES : FETCH_BILLED_NO, T0 + i);
                flying--;
            }
            ck_assert_int_le(b.spent_micro, 100 * CREDIT);
        }
        ck_assert(pf_budget_exhausted(&b));
        ck_assert_int_gt(b.spent_micro, 90 * CREDIT); /* and it is used */
    }
}
END_TEST

START_TEST(billed_without_a_price_is_blind)
{
    pf_budget_init(&b, 100 * CREDIT, 0);
    pf_budget_start(&b, T0);
    pf_budget_end(&b, -1, FETCH_BILLED_YES, T0);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_BLIND);
    ck_assert(pf_budget_exhausted(&b));
}
END_TEST

START_TEST(what_may_have_been_billed_stays_reserved)
{
    pf_budget_init(&b, 10 * CREDIT, 5 * CREDIT);
    pf_budget_start(&b, T0);
    ck_assert_int_eq(pf_budget_end(&b, -1, FETCH_BILLED_UNKNOWN, T0), 0);
    ck_assert_int_eq(pf_budget_reserved(&b), 5 * CREDIT);
    ck_assert_uint_eq(start_all(), 1);
}
END_TEST

START_TEST(a_limit_may_change)
{
    pf_budget_init(&b, 2 * CREDIT, CREDIT);
    ck_assert_uint_eq(start_all(), 2);
    pf_budget_set_max(&b, 3 * CREDIT);
    ck_assert_uint_eq(start_all(), 1);
    pf_budget_set_max(&b, 0);
    ck_assert(pf_budget_may_start(&b));
}
END_TEST

START_TEST(the_pace_is_told)
{
    pf_budget_init(&b, 0, 0);
    ck_assert_int_eq(pf_budget_hourly(&b, T0), -1);
    for (unsigned i = 0; i < 300; i++) { /* a credit a second for five minutes */
        pf_budget_start(&b, T0 + i * 1000);
        ck_assert_int_eq(pf_budget_hourly(&b, T0 + i * 1000) == -1, i == 0);
        pf_budget_end(&b, CREDIT, FETCH_BILLED_YES, T0 + i * 1000);
    }
    ck_assert_int_gt(pf_budget_hourly(&b, T0 + 300000), (int64_t)3400 * CREDIT);
    ck_assert_int_lt(pf_budget_hourly(&b, T0 + 300000), (int64_t)3800 * CREDIT);
    ck_assert_int_lt(pf_budget_hourly(&b, T0 + 3000000), (int64_t)10 * CREDIT);
}
END_TEST

START_TEST(a_limit_needs_a_price)
{
    ck_assert_ptr_null(pf_budget_fault(0, 0, false));
    ck_assert_ptr_null(pf_budget_fault(1, 0, true));
    ck_assert_ptr_null(pf_budget_fault(1, 1, false));
    ck_assert_ptr_nonnull(pf_budget_fault(1, 0, false));
    ck_assert_ptr_nonnull(pf_budget_fault(-1, 0, true));
    ck_assert_ptr_nonnull(pf_budget_fault(0, -1, true));
}
END_TEST

START_TEST(sums_do_not_overflow)
{
    pf_budget_init(&b, INT64_MAX, INT64_MAX / 2);
    pf_budget_start(&b, T0);
    pf_budget_start(&b, T0);
    pf_budget_start(&b, T0);
    ck_assert_int_eq(pf_budget_reserved(&b), INT64_MAX);
    for (unsigned i = 0; i < 3; i++)
        pf_budget_end(&b, INT64_MAX / 2, FETCH_BILLED_YES, T0);
    ck_assert_int_eq(b.spent_micro, INT64_MAX);
    ck_assert_int_eq(pf_budget_ask(&b), PF_BUDGET_SPENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("budget");
    TCase *tc = unit_case(suite, "budget");

    tcase_add_test(tc, without_a_limit_all_goes);
    tcase_add_test(tc, what_is_under_way_is_reserved);
    tcase_add_test(tc, prices_are_learnt_before_much_is_risked);
    tcase_add_test(tc, never_over_the_limit);
    tcase_add_test(tc, billed_without_a_price_is_blind);
    tcase_add_test(tc, what_may_have_been_billed_stays_reserved);
    tcase_add_test(tc, a_limit_may_change);
    tcase_add_test(tc, the_pace_is_told);
    tcase_add_test(tc, a_limit_needs_a_price);
    tcase_add_test(tc, sums_do_not_overflow);
    return unit_run(suite);
}

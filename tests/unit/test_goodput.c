/* Whether more calls in flight bring more answers. */
#include "unit/unit.h"

#include "engine/goodput.h"

static struct pf_goodput g;

/* So many answers, up to the first verdict. */
static enum pf_goodput_verdict answers(unsigned most, unsigned level, double took_ms, bool still)
{
    enum pf_goodput_verdict verdict = PF_GOODPUT_EARLY;

    pf_goodput_begin(&g, level, still);
    while (most-- > 0 && verdict == PF_GOODPUT_EARLY)
        verdict = pf_goodput_add(&g, took_ms, level, still);
    return verdict;
}

static void begin(void)
{
    memset(&g, 0, sizeof g);
    ck_assert_int_eq(answers(10000, 400, 1000, true), PF_GOODPUT_FULL);
}

START_TEST(a_few_answers_say_nothing)
{
    memset(&g, 0, sizeof g);
    ck_assert_int_eq(answers(20, 4, 1000, false), PF_GOODPUT_EARLY);
}
END_TEST

/* Twice the calls, each takes twice as long: they wait for each other. */
START_TEST(more_that_only_wait_are_fruitless)
{
    begin();
    ck_assert_int_eq(answers(10000, 800, 2000, false), PF_GOODPUT_FRUITLESS);
    ck_assert_double_eq_tol(pf_goodput_enough(&g), 500, 1e-6);
}
END_TEST

START_TEST(more_that_are_served_are_kept)
{
    begin();
    ck_assert_int_eq(answers(10000, 800, 1000, false), PF_GOODPUT_FULL);
    ck_assert_int_eq(answers(10000, 1600, 1000, false), PF_GOODPUT_FULL);
    ck_assert_int_eq(answers(10000, 3200, 2000, false), PF_GOODPUT_FRUITLESS);
    ck_assert_double_eq_tol(pf_goodput_enough(&g), 2000, 1e-6);
}
END_TEST

START_TEST(a_slow_target_says_nothing)
{
    begin();
    ck_assert_int_eq(answers(10000, 400, 10000, false), PF_GOODPUT_FULL);
}
END_TEST

/* A rise by a few calls is within what chance does to latencies. */
START_TEST(a_small_rise_is_not_judged)
{
    begin();
    ck_assert_int_eq(answers(10000, 416, 2000, false), PF_GOODPUT_FULL);
}
END_TEST

START_TEST(a_level_that_is_not_raised_is_not_judged)
{
    begin();
    ck_assert_int_eq(answers(10000, 800, 2000, true), PF_GOODPUT_FULL);
}
END_TEST

START_TEST(knows_the_mean_latency)
{
    memset(&g, 0, sizeof g);
    ck_assert_double_gt(pf_goodput_latency_ms(&g), 0);
    pf_goodput_learn(&g, 100, 4);
    ck_assert_double_eq_tol(pf_goodput_latency_ms(&g), 100, 1e-6);
    pf_goodput_learn(&g, 300, 4);
    ck_assert_double_eq_tol(pf_goodput_latency_ms(&g), 200, 1e-6);
    for (unsigned i = 0; i < 100; i++)
        pf_goodput_learn(&g, 1000, 4);
    ck_assert_double_eq_tol(pf_goodput_latency_ms(&g), 1000, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("goodput");
    TCase *tc = unit_case(suite, "windows");

    tcase_add_test(tc, a_few_answers_say_nothing);
    tcase_add_test(tc, more_that_only_wait_are_fruitless);
    tcase_add_test(tc, more_that_are_served_are_kept);
    tcase_add_test(tc, a_slow_target_says_nothing);
    tcase_add_test(tc, a_small_rise_is_not_judged);
    tcase_add_test(tc, a_level_that_is_not_raised_is_not_judged);
    tc = unit_case(suite, "latency");
    tcase_add_test(tc, knows_the_mean_latency);
    return unit_run(suite);
}

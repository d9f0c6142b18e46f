/* A refused key is asked about once more before it is believed. */
#include "unit/unit.h"

#include "base/limits.h"
#include "engine/limiter.h"
#include "engine/trust.h"

#define T0 100000u
#define ASKED (T0 + PF_TRUST_ASK_MS)

static struct pf_trust a;

static void doubted(void)
{
    pf_trust_init(&a, true);
    ck_assert_uint_eq(pf_trust_when(&a, T0), T0);
    pf_trust_on_start(&a);
    ck_assert_int_eq(pf_trust_on_refused(&a, T0, T0 - 10), PF_TRUST_DOUBTED);
}

START_TEST(one_call_asks_again)
{
    doubted();
    ck_assert_uint_eq(pf_trust_when(&a, T0), ASKED);
    ck_assert_uint_eq(pf_trust_when(&a, ASKED + 5), ASKED + 5);
    pf_trust_on_start(&a);
    ck_assert_uint_eq(pf_trust_when(&a, ASKED + 5), PF_WHEN_NEVER); /* and nobody else */
}
END_TEST

START_TEST(refused_twice_is_refused)
{
    doubted();
    pf_trust_on_start(&a);
    ck_assert_int_eq(pf_trust_on_refused(&a, ASKED + 20, ASKED), PF_TRUST_REFUSED);
    ck_assert_uint_eq(pf_trust_when(&a, ASKED + 20), PF_WHEN_NEVER);
}
END_TEST

START_TEST(taken_again_is_forgotten)
{
    doubted();
    pf_trust_on_start(&a);
    pf_trust_on_end(&a, ASKED, true);
    ck_assert_uint_eq(pf_trust_when(&a, ASKED + 20), ASKED + 20);
    /* And the next refusal is a first one. */
    ck_assert_int_eq(pf_trust_on_refused(&a, ASKED + 30, ASKED + 25), PF_TRUST_DOUBTED);
}
END_TEST

/* An answer that is no word on the key, such as a failure of the network: another call asks. */
START_TEST(without_an_answer_another_asks)
{
    doubted();
    pf_trust_on_start(&a);
    pf_trust_on_end(&a, ASKED, false);
    ck_assert_uint_eq(pf_trust_when(&a, ASKED + 20), ASKED + 20);
    ck_assert_int_eq(a.state, PF_TRUST_DOUBTED);
}
END_TEST

START_TEST(what_was_under_way_does_not_count)
{
    doubted();
    ck_assert_int_eq(pf_trust_on_refused(&a, T0 + 10, T0 - 20), PF_TRUST_DOUBTED);
    pf_trust_on_end(&a, T0 - 30, true);
    ck_assert_int_eq(a.state, PF_TRUST_DOUBTED);
    pf_trust_on_start(&a);
    pf_trust_on_end(&a, T0 - 30, true);
    ck_assert_int_eq(a.state, PF_TRUST_DOUBTED);
    ck_assert_int_eq(pf_trust_on_refused(&a, ASKED + 1, T0 - 20), PF_TRUST_DOUBTED);
}
END_TEST

START_TEST(without_retries_the_first_word_is_taken)
{
    pf_trust_init(&a, false);
    pf_trust_on_start(&a);
    ck_assert_int_eq(pf_trust_on_refused(&a, T0, T0 - 10), PF_TRUST_REFUSED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trust");
    TCase *tc = unit_case(suite, "trust");

    tcase_add_test(tc, one_call_asks_again);
    tcase_add_test(tc, refused_twice_is_refused);
    tcase_add_test(tc, taken_again_is_forgotten);
    tcase_add_test(tc, without_an_answer_another_asks);
    tcase_add_test(tc, what_was_under_way_does_not_count);
    tcase_add_test(tc, without_retries_the_first_word_is_taken);
    return unit_run(suite);
}

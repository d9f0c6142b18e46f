/* Which calls had reached the provider, from the order in which they were sent. */
#include "unit/unit.h"

#include "engine/transit.h"

START_TEST(counts_those_that_were_sent_before)
{
    struct pf_transit t = {0};
    uint32_t number[5];

    for (unsigned i = 0; i < 5; i++) {
        pf_transit_on_start(&t);
        number[i] = pf_transit_on_sent(&t, 0);
        ck_assert_uint_ne(number[i], 0);
    }
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(pf_transit_before(&t, 5, number[i]), i);
    /* Two of those before the last have ended. */
    pf_transit_on_end(&t, number[0]);
    pf_transit_on_end(&t, number[2]);
    ck_assert_uint_eq(pf_transit_before(&t, 3, number[4]), 2);
}
END_TEST

/* Whoever waits for a connection is in flight, and is nobody's predecessor. */
START_TEST(what_is_not_sent_does_not_count)
{
    struct pf_transit t = {0};
    uint32_t first, second;

    for (unsigned i = 0; i < 4; i++)
        pf_transit_on_start(&t);
    first = pf_transit_on_sent(&t, 0);
    second = pf_transit_on_sent(&t, 0);
    ck_assert_uint_eq(pf_transit_before(&t, 4, first), 0);
    ck_assert_uint_eq(pf_transit_before(&t, 4, second), 1);
    pf_transit_on_end(&t, 0); /* given up while it waited */
    ck_assert_uint_eq(pf_transit_before(&t, 3, second), 1);
    (void)pf_transit_on_sent(&t, 0);
    ck_assert_uint_eq(pf_transit_before(&t, 3, second), 1);
    ck_assert_uint_eq(t.unsent, 0);
}
END_TEST

START_TEST(sent_again_it_goes_to_the_end_of_the_line)
{
    struct pf_transit t = {0};
    uint32_t first, second;

    pf_transit_on_start(&t);
    pf_transit_on_start(&t);
    first = pf_transit_on_sent(&t, 0);
    second = pf_transit_on_sent(&t, 0);
    first = pf_transit_on_sent(&t, first);
    ck_assert_uint_eq(t.unsent, 0);
    ck_assert_uint_eq(pf_transit_before(&t, 2, first), 1);
    /* Its first time counts as one more that came later: too few rather than too many. */
    ck_assert_uint_eq(pf_transit_before(&t, 2, second), 0);
}
END_TEST

START_TEST(numbers_go_round)
{
    struct pf_transit t = {.sent = UINT32_MAX - 1};
    uint32_t number[3];

    for (unsigned i = 0; i < 3; i++) {
        pf_transit_on_start(&t);
        number[i] = pf_transit_on_sent(&t, 0);
        ck_assert_uint_ne(number[i], 0);
    }
    ck_assert_uint_eq(number[0], UINT32_MAX);
    ck_assert_uint_eq(pf_transit_before(&t, 3, number[2]), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transit");
    TCase *tc = unit_case(suite, "order");

    tcase_add_test(tc, counts_those_that_were_sent_before);
    tcase_add_test(tc, what_is_not_sent_does_not_count);
    tcase_add_test(tc, sent_again_it_goes_to_the_end_of_the_line);
    tcase_add_test(tc, numbers_go_round);
    return unit_run(suite);
}

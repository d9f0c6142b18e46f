/* Starts in a second, by the user's word and by the provider's quota. */
#include "unit/unit.h"

#include "engine/pacer.h"

#define T0 100000u

static struct pf_pacer p;

/* Starts as soon as it may, until then; how many. */
static unsigned starts_until(uint64_t from, uint64_t until)
{
    unsigned n = 0;

    for (uint64_t now = from; now < until;) {
        uint64_t when = pf_pacer_when(&p, now);

        if (when > now) {
            now = when;
            continue;
        }
        (void)pf_pacer_on_start(&p, now);
        ck_assert_uint_lt(++n, 1000000);
    }
    return n;
}

START_TEST(no_rate_is_no_wait)
{
    pf_pacer_init(&p, 0);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_uint_eq(pf_pacer_when(&p, T0), T0);
        (void)pf_pacer_on_start(&p, T0);
    }
}
END_TEST

START_TEST(a_rate_is_kept)
{
    static const double rates[] = {0.5, 1, 5, 30, 700, 5000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        unsigned n;

        pf_pacer_init(&p, rates[i]);
        n = starts_until(T0, T0 + 20000);
        ck_assert(n >= 20 * rates[i] - 1);
        ck_assert(n <= 20 * rates[i] * 1.01 + 2);
    }
}
END_TEST

/* Within a second too: no second's worth at once, however long nothing was started. */
START_TEST(a_rate_is_smooth)
{
    pf_pacer_init(&p, 100);
    ck_assert_uint_le(starts_until(T0, T0 + 100), 16);
    ck_assert_uint_le(starts_until(T0 + 60000, T0 + 60100), 16);
}
END_TEST

START_TEST(a_rate_may_change)
{
    pf_pacer_init(&p, 0.1);
    ck_assert_uint_eq(starts_until(T0, T0 + 1000), 1);
    pf_pacer_set(&p, T0 + 1000, 10);
    ck_assert_uint_ge(starts_until(T0 + 1000, T0 + 2000), 8); /* what was due comes sooner */
    pf_pacer_set(&p, T0 + 2000, 0);
    ck_assert_uint_eq(pf_pacer_when(&p, T0 + 2000), T0 + 2000);
}
END_TEST

static void told(uint64_t now, uint32_t mark, uint64_t remaining, uint64_t reset_ms)
{
    const struct pf_ratelimit_quota q = {remaining, reset_ms, 0, 0};

    pf_pacer_told(&p, now, mark, &q);
}

START_TEST(a_quota_is_kept_and_spread)
{
    uint32_t mark;
    unsigned first;

    pf_pacer_init(&p, 0);
    mark = pf_pacer_on_start(&p, T0);
    told(T0, mark, 100, 10000);
    first = starts_until(T0, T0 + 5000);
    ck_assert_uint_ge(first, 45);
    ck_assert_uint_le(first, 55);
    ck_assert_uint_le(first + starts_until(T0 + 5000, T0 + 10000), 100);
}
END_TEST

START_TEST(nothing_left_waits_for_the_end)
{
    uint32_t mark;

    pf_pacer_init(&p, 0);
    mark = pf_pacer_on_start(&p, T0);
    told(T0, mark, 0, 7000);
    ck_assert_uint_eq(pf_pacer_when(&p, T0), T0 + 7000);
    ck_assert_uint_eq(pf_pacer_when(&p, T0 + 7000), T0 + 7000);
}
END_TEST

/* Calls that were started after the one that was answered are not in the figure yet. */
START_TEST(own_calls_are_counted_against_it)
{
    uint32_t mark;

    pf_pacer_init(&p, 0);
    mark = pf_pacer_on_start(&p, T0);
    for (unsigned i = 0; i < 9; i++)
        (void)pf_pacer_on_start(&p, T0);
    told(T0 + 100, mark, 10, 5000);
    ck_assert_uint_eq(starts_until(T0 + 100, T0 + 5000), 1);
}
END_TEST

START_TEST(an_older_answer_gives_nothing_back)
{
    uint32_t mark;

    pf_pacer_init(&p, 0);
    mark = pf_pacer_on_start(&p, T0);
    told(T0, mark, 0, 5000);
    told(T0 + 10, mark, 50, 4990);
    ck_assert_uint_eq(pf_pacer_when(&p, T0 + 10), T0 + 5000);
}
END_TEST

START_TEST(the_next_window_is_like_the_last)
{
    const struct pf_ratelimit_quota q = {0, 1000, 20, 10000};
    unsigned n;

    pf_pacer_init(&p, 0);
    (void)pf_pacer_on_start(&p, T0);
    pf_pacer_told(&p, T0, p.starts, &q);
    ck_assert_uint_eq(pf_pacer_when(&p, T0), T0 + 1000);
    n = starts_until(T0 + 1000, T0 + 11000);
    ck_assert_uint_ge(n, 19);
    ck_assert_uint_le(n, 21);
}
END_TEST

START_TEST(a_quota_and_a_rate_are_both_kept)
{
    uint32_t mark;

    pf_pacer_init(&p, 2);
    mark = pf_pacer_on_start(&p, T0);
    told(T0, mark, 1000, 10000);
    ck_assert_uint_le(starts_until(T0, T0 + 10000), 21);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pacer");
    TCase *tc = unit_case(suite, "rate");

    tcase_add_test(tc, no_rate_is_no_wait);
    tcase_add_test(tc, a_rate_is_kept);
    tcase_add_test(tc, a_rate_is_smooth);
    tcase_add_test(tc, a_rate_may_change);
    tc = unit_case(suite, "quota");
    tcase_add_test(tc, a_quota_is_kept_and_spread);
    tcase_add_test(tc, nothing_left_waits_for_the_end);
    tcase_add_test(tc, own_calls_are_counted_against_it);
    tcase_add_test(tc, an_older_answer_gives_nothing_back);
    tcase_add_test(tc, the_next_window_is_like_the_last);
    tcase_add_test(tc, a_quota_and_a_rate_are_both_kept);
    return unit_run(suite);
}

/* One refusal pauses the key, one call goes first, and a burst counts once. */
#include "unit/unit.h"

#include "base/limits.h"
#include "engine/brake.h"

#define T0 100000u
#define HEARD_MS 300

static struct pf_random rnd;
static struct pf_brake b;

static void begin(void)
{
    pf_random_init_seed(&rnd, 1);
    pf_brake_init(&b, &rnd);
}

START_TEST(free_until_a_refusal)
{
    begin();
    ck_assert_uint_eq(pf_brake_when(&b, T0), T0);
    pf_brake_on_start(&b, T0);
    ck_assert_uint_eq(pf_brake_when(&b, T0), T0);
    ck_assert_uint_eq(pf_brake_rest_ms(&b, T0), 0);
}
END_TEST

START_TEST(pauses_for_what_is_asked)
{
    uint32_t rest;

    begin();
    rest = pf_brake_on_throttled(&b, T0, T0 - 50, 5000);
    ck_assert_uint_ge(rest, 5000);
    ck_assert_uint_le(rest, 5500);
    ck_assert_uint_eq(pf_brake_when(&b, T0), T0 + rest);
    ck_assert_uint_eq(pf_brake_when(&b, T0 + rest - 1), T0 + rest);
    ck_assert_uint_eq(pf_brake_when(&b, T0 + rest), T0 + rest);
    ck_assert_uint_eq(pf_brake_rest_ms(&b, T0 + rest), 0);
}
END_TEST

START_TEST(a_pause_that_nobody_asked_for)
{
    uint32_t rest;

    begin();
    rest = pf_brake_on_throttled(&b, T0, T0 - 50, 0);
    ck_assert_uint_ge(rest, 500);
    ck_assert_uint_le(rest, 500 + PF_BACKOFF_BASE_MS);
}
END_TEST

/* Calls that were under way when the first was refused are told the same. */
START_TEST(a_burst_is_one_refusal)
{
    uint32_t rest;

    begin();
    rest = pf_brake_on_throttled(&b, T0, T0 - 100, 2000);
    for (unsigned i = 1; i < 50; i++)
        ck_assert_uint_eq(pf_brake_on_throttled(&b, T0 + i, T0 - 90, 1000), rest - i);
    ck_assert_uint_eq(b.streak, 1);
    /* Unless it asks for more time. */
    ck_assert_uint_eq(pf_brake_on_throttled(&b, T0 + 60, T0 - 80, 9000), 9000);
}
END_TEST

static uint64_t paused_until(uint64_t now)
{
    return now + pf_brake_on_throttled(&b, now, now - 100, 1000);
}

START_TEST(one_call_goes_first)
{
    uint64_t end;

    begin();
    end = paused_until(T0);
    ck_assert_uint_eq(pf_brake_when(&b, end), end);
    pf_brake_on_start(&b, end);
    ck_assert_uint_gt(pf_brake_when(&b, end), end); /* the others wait */
    pf_brake_on_end(&b, end, PF_LIMITER_OK);
    ck_assert_uint_eq(pf_brake_when(&b, end + 1), end + 1);
    ck_assert_uint_eq(b.streak, 0);
}
END_TEST

START_TEST(calls_from_before_tell_nothing_of_the_probe)
{
    uint64_t end;

    begin();
    end = paused_until(T0);
    pf_brake_on_start(&b, end);
    pf_brake_on_end(&b, T0 - 10, PF_LIMITER_OK);
    ck_assert_uint_gt(pf_brake_when(&b, end + 1), end + 1);
    ck_assert_uint_eq(b.streak, 1);
}
END_TEST

/* A page may take a minute: a probe whose refusal would have been heard by now is in. */
START_TEST(a_probe_that_waits_was_taken)
{
    uint64_t end, taken;

    begin();
    end = paused_until(T0);
    pf_brake_on_start(&b, end);
    ck_assert(pf_brake_on_sent(&b, end + 5, end, HEARD_MS));
    taken = pf_brake_when(&b, end + 5);
    ck_assert_uint_eq(taken, end + 5 + HEARD_MS);
    ck_assert_uint_eq(pf_brake_when(&b, taken), taken);
    ck_assert_int_eq(b.state, PF_BRAKE_FREE);
}
END_TEST

/* Nobody can refuse what waits for its connection. */
START_TEST(a_probe_that_is_not_sent_was_not_taken)
{
    uint64_t end;

    begin();
    end = paused_until(T0);
    ck_assert(!pf_brake_on_sent(&b, end, T0 - 10, HEARD_MS)); /* one from before */
    pf_brake_on_start(&b, end);
    ck_assert_uint_ge(pf_brake_when(&b, end), end + 5000);
    ck_assert(!pf_brake_on_sent(&b, end + 1, T0 - 10, HEARD_MS));
    ck_assert_uint_ge(pf_brake_when(&b, end + 1), end + 5000);
    ck_assert(pf_brake_on_sent(&b, end + 4000, end, HEARD_MS)); /* a slow handshake */
    ck_assert_uint_eq(pf_brake_when(&b, end + 4000), end + 4000 + HEARD_MS);
}
END_TEST

START_TEST(a_probe_given_up_is_replaced)
{
    uint64_t end;

    begin();
    end = paused_until(T0);
    pf_brake_on_start(&b, end);
    pf_brake_on_end(&b, end, PF_LIMITER_CANCELLED);
    ck_assert_uint_eq(pf_brake_when(&b, end + 1), end + 1);
    pf_brake_on_start(&b, end + 1);
    ck_assert_uint_gt(pf_brake_when(&b, end + 1), end + 1);
}
END_TEST

/* Each refused probe makes the next pause longer, on average and up to a ceiling. */
START_TEST(pauses_grow)
{
    double mean[8] = {0};

    pf_random_init_seed(&rnd, 7);
    for (unsigned run = 0; run < 500; run++) {
        uint64_t now = T0;

        pf_brake_init(&b, &rnd);
        for (unsigned i = 0; i < 8; i++) {
            uint32_t rest;

            rest = pf_brake_on_throttled(&b, now + 50, now, 0);
            mean[i] += rest / 500.0;
            ck_assert_uint_le(rest, 500 + PF_BACKOFF_CAP_MS);
            now += 50 + rest;
            ck_assert_uint_eq(pf_brake_when(&b, now), now);
            pf_brake_on_start(&b, now);
        }
    }
    for (unsigned i = 1; i < 6; i++)
        ck_assert(mean[i] > 1.1 * mean[i - 1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("brake");
    TCase *tc = unit_case(suite, "pauses");

    tcase_add_test(tc, free_until_a_refusal);
    tcase_add_test(tc, pauses_for_what_is_asked);
    tcase_add_test(tc, a_pause_that_nobody_asked_for);
    tcase_add_test(tc, a_burst_is_one_refusal);
    tcase_add_test(tc, pauses_grow);
    tc = unit_case(suite, "probe");
    tcase_add_test(tc, one_call_goes_first);
    tcase_add_test(tc, calls_from_before_tell_nothing_of_the_probe);
    tcase_add_test(tc, a_probe_that_waits_was_taken);
    tcase_add_test(tc, a_probe_that_is_not_sent_was_not_taken);
    tcase_add_test(tc, a_probe_given_up_is_replaced);
    return unit_run(suite);
}

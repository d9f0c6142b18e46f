/* Whether to try again, and when: budgets of a call and of the run, jitter, and Retry-After. */
#include "unit/unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "engine/retry.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define START 5000    /* milliseconds of the clock */

static uint32_t ceiling_of(unsigned n)
{
    uint64_t ms = PF_BACKOFF_BASE_MS;

    for (; n > 0 && ms < PF_BACKOFF_CAP_MS; n--)
        ms *= 2;
    return (uint32_t)(ms < PF_BACKOFF_CAP_MS ? ms : PF_BACKOFF_CAP_MS);
}

/* Full jitter: uniform from nothing to a ceiling that doubles. */
START_TEST(backoff_fills_its_bounds)
{
    struct pf_random random;

    pf_random_init_seed(&random, 1);
    for (unsigned n = 0; n < 101; n++) {
        uint32_t ceiling = ceiling_of(n), least = UINT32_MAX, most = 0;
        uint64_t sum = 0;

        for (int i = 0; i < 2000; i++) {
            uint32_t ms = pf_retry_backoff_ms(&random, n);

            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
            sum += ms;
        }
        ck_assert_uint_le(most, ceiling);
        ck_assert_uint_ge(most, ceiling - ceiling / 20);
        ck_assert_uint_le(least, ceiling / 20);
        ck_assert_uint_ge(sum / 2000, ceiling / 2 - ceiling / 20);
        ck_assert_uint_le(sum / 2000, ceiling / 2 + ceiling / 20);
    }
}
END_TEST

START_TEST(backoff_of_any_number_is_bounded)
{
    static const unsigned many[] = {15, 16, 31, 32, 63, 64, 65, 1000, UINT32_MAX};
    struct pf_random random;

    pf_random_init(&random);
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
        for (int k = 0; k < 1000; k++)
            ck_assert_uint_le(pf_retry_backoff_ms(&random, many[i]), PF_BACKOFF_CAP_MS);
}
END_TEST

static uint32_t after(const char *value)
{
    struct unit_guard g = {0};
    size_t n = strlen(value);
    uint32_t ms = pf_retry_after_ms(unit_guard_put(&g, value, n), n, NOW);

    unit_guard_fini(&g);
    return ms;
}

START_TEST(seconds)
{
    ck_assert_uint_eq(after("2"), 2000);
    ck_assert_uint_eq(after("120"), 120000);
    ck_assert_uint_eq(after("007"), 7000);
    ck_assert_uint_eq(after("1"), PF_RETRY_AFTER_MIN_MS);
    ck_assert_uint_eq(after("0"), PF_RETRY_AFTER_MIN_MS);
    ck_assert_uint_eq(after("299"), 299000);
    ck_assert_uint_eq(after("300"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("301"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("86400"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("4294967297"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("18446744073709551615"), PF_RETRY_AFTER_MAX_MS);
}
END_TEST

START_TEST(dates)
{
    ck_assert_uint_eq(after("Sun, 06 Nov 1994 08:49:47 GMT"), 10000);
    ck_assert_uint_eq(after("Sunday, 06-Nov-94 08:50:37 GMT"), 60000);
    ck_assert_uint_eq(after("Sun Nov  6 08:51:37 1994"), 120000);
    ck_assert_uint_eq(after("Sun, 06 Nov 1994 08:49:37 GMT"), PF_RETRY_AFTER_MIN_MS);
    ck_assert_uint_eq(after("Sun, 06 Nov 1994 08:49:36 GMT"), PF_RETRY_AFTER_MIN_MS);
    ck_assert_uint_eq(after("Thu, 01 Jan 1970 00:00:00 GMT"), PF_RETRY_AFTER_MIN_MS);
    ck_assert_uint_eq(after("Sun, 06 Nov 1994 08:54:37 GMT"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("Sun, 06 Nov 1994 08:54:38 GMT"), PF_RETRY_AFTER_MAX_MS);
    ck_assert_uint_eq(after("Fri, 31 Dec 9999 23:59:59 GMT"), PF_RETRY_AFTER_MAX_MS);
}
END_TEST

START_TEST(neither)
{
    static const char *const values[] = {"",
                                         "-1",
                                         "+1",
                                         "1.5",
                                         "1s",
                                         " 1",
                                         "1 ",
                                         "0x10",
                                         "soon",
                                         "1, 2",
                                         "Sun, 06",
                                         "NaN",
                                         "Sun, 31 Feb 1994 08:49:37 GMT"};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_msg(after(values[i]) == 0, "%s", values[i]);
}
END_TEST

/* --------------------------------------------------------------- a call -- */

/* A call with its run, and when it is. */
struct play {
    struct pf_retry_run run;
    struct pf_retry_state call;
    struct pf_random random;
    uint64_t now_ms;
    uint32_t delay_ms;
};

static struct play play_with(unsigned retries)
{
    struct play play = {.now_ms = START};

    pf_random_init_seed(&play.random, 1);
    pf_retry_run_init(&play.run, retries, START);
    return play;
}

static enum pf_retry_answer next(struct play *play, enum pf_cause cause, unsigned max_tries)
{
    return pf_retry_next(&play->call, &play->run, cause, 0, max_tries, &play->random, play->now_ms,
                         &play->delay_ms);
}

/* How often a call is repeated for one cause, up to 1,000 times. */
static unsigned repeats(struct play *play, enum pf_cause cause, unsigned max_tries)
{
    enum pf_retry_answer answer = PF_RETRY_AGAIN;
    unsigned n = 0;

    while (n < 1000 && (answer = next(play, cause, max_tries)) == PF_RETRY_AGAIN)
        n++;
    ck_assert_int_eq(answer, n == 1000 ? PF_RETRY_AGAIN : PF_RETRY_USED_UP);
    return n;
}

START_TEST(every_cause_has_its_budget)
{
    static const enum pf_cause causes[] = {PF_CAUSE_PROVIDER, PF_CAUSE_BLOCKED, PF_CAUSE_THROTTLED,
                                           PF_CAUSE_NETWORK};
    static const struct {
        unsigned retries, expected[4];
    } cases[] = {{0, {0, 0, 1000, 0}},
                 {1, {1, 1, 1000, 1}},
                 {3, {3, PF_RETRIES_BLOCKED, 1000, 3}},
                 {PF_MAX_RETRIES, {PF_MAX_RETRIES, PF_RETRIES_BLOCKED, 1000, PF_MAX_RETRIES}}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct play play = play_with(cases[i].retries);

        for (size_t k = 0; k < 4; k++) /* whatever the others have used up */
            ck_assert_uint_eq(repeats(&play, causes[k], 0), cases[i].expected[k]);
        ck_assert_int_eq(next(&play, PF_CAUSE_FINAL, 0), PF_RETRY_FINAL);
    }
}
END_TEST

START_TEST(a_rule_may_have_fewer)
{
    static const struct {
        enum pf_cause cause;
        unsigned max_tries, expected;
    } cases[] = {
        {PF_CAUSE_PROVIDER, 1, 1},
        {PF_CAUSE_PROVIDER, 3, 3},
        {PF_CAUSE_PROVIDER, 100, 3},
        {PF_CAUSE_BLOCKED, 1, 1},
        {PF_CAUSE_BLOCKED, 9, PF_RETRIES_BLOCKED},
    };
    struct play play = play_with(3);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        play.call = (struct pf_retry_state){0};
        ck_assert_uint_eq(repeats(&play, cases[i].cause, cases[i].max_tries), cases[i].expected);
    }
    /* The rule's number is of all attempts for the cause: those of other rules count too. */
    play.call = (struct pf_retry_state){0};
    ck_assert_int_eq(next(&play, PF_CAUSE_PROVIDER, 0), PF_RETRY_AGAIN);
    ck_assert_int_eq(next(&play, PF_CAUSE_PROVIDER, 1), PF_RETRY_USED_UP);
    ck_assert_int_eq(next(&play, PF_CAUSE_PROVIDER, 2), PF_RETRY_AGAIN);
}
END_TEST

START_TEST(throttling_is_bounded_by_time)
{
    struct play play = play_with(0);

    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_AGAIN);
    play.now_ms = START + PF_THROTTLE_TOTAL_MS - 1;
    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_AGAIN);
    play.now_ms++;
    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_TOO_LONG);
}
END_TEST

/* A row ends with any other failure: its time begins anew, and so does its backoff. */
START_TEST(throttling_is_counted_in_a_row)
{
    struct play play = play_with(3);

    ck_assert_uint_eq(repeats(&play, PF_CAUSE_THROTTLED, 0), 1000);
    play.now_ms = START + PF_THROTTLE_TOTAL_MS;
    ck_assert_int_eq(next(&play, PF_CAUSE_NETWORK, 0), PF_RETRY_AGAIN);
    for (int i = 0; i < 100; i++) {
        struct pf_retry_state before = play.call;

        ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_AGAIN);
        ck_assert_uint_le(play.delay_ms, PF_BACKOFF_BASE_MS);
        play.call = before;
    }
    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_AGAIN);
    play.now_ms += PF_THROTTLE_TOTAL_MS - 1;
    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_AGAIN);
    play.now_ms++;
    ck_assert_int_eq(next(&play, PF_CAUSE_THROTTLED, 0), PF_RETRY_TOO_LONG);
}
END_TEST

/* No cause's backoff depends on another's. */
START_TEST(delays_are_of_the_cause_s_own_number)
{
    struct play play = play_with(PF_MAX_RETRIES);

    for (unsigned n = 0; n < PF_MAX_RETRIES; n++) {
        ck_assert_int_eq(next(&play, PF_CAUSE_PROVIDER, 0), PF_RETRY_AGAIN);
        ck_assert_uint_le(play.delay_ms, ceiling_of(n));
    }
    ck_assert_int_eq(next(&play, PF_CAUSE_NETWORK, 0), PF_RETRY_AGAIN);
    ck_assert_uint_le(play.delay_ms, PF_BACKOFF_BASE_MS);
}
END_TEST

START_TEST(retry_after_is_a_floor)
{
    static const uint32_t asked[] = {0, 1, PF_BACKOFF_BASE_MS / 2, PF_RETRY_AFTER_MIN_MS,
                                     PF_RETRY_AFTER_MAX_MS};

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct play play = play_with(3);
        uint32_t most = 0, ceiling = asked[i] > PF_BACKOFF_BASE_MS ? asked[i] : PF_BACKOFF_BASE_MS;

        for (int k = 0; k < 1000; k++) {
            play.call = (struct pf_retry_state){0};
            ck_assert_int_eq(pf_retry_next(&play.call, &play.run, PF_CAUSE_PROVIDER, asked[i], 0,
                                           &play.random, START, &play.delay_ms),
                             PF_RETRY_AGAIN);
            ck_assert_uint_ge(play.delay_ms, asked[i]);
            most = play.delay_ms > most ? play.delay_ms : most;
        }
        ck_assert_uint_le(most, ceiling);
        ck_assert_uint_ge(most, ceiling - ceiling / 20);
    }
}
END_TEST

START_TEST(what_is_billed_is_not_repeated)
{
    for (int cause = PF_CAUSE_FINAL; cause < PF_RETRY_CAUSES; cause++) {
        enum pf_cause c = (enum pf_cause)cause;

        ck_assert_int_eq(pf_retry_cause(c, FETCH_BILLED_UNKNOWN), c);
        ck_assert_int_eq(pf_retry_cause(c, FETCH_BILLED_NO), c);
        ck_assert_int_eq(pf_retry_cause(c, FETCH_BILLED_YES),
                         c == PF_CAUSE_BLOCKED ? PF_CAUSE_BLOCKED : PF_CAUSE_FINAL);
    }
}
END_TEST

/* --------------------------------------------------------------- the run -- */

/* How many rested calls go at this time, up to 10,000; those that do not are held back. */
static unsigned go(struct play *play, enum pf_cause cause)
{
    struct pf_retry_state call = {.cause = (uint8_t)cause};
    uint32_t held;
    unsigned n = 0;

    while (n < 10000 && (held = pf_retry_go(&call, &play->run, &play->random, play->now_ms)) == 0)
        n++;
    if (n < 10000) {
        ck_assert_uint_ge(held, PF_RETRY_HOLD_MS / 2);
        ck_assert_uint_le(held, PF_RETRY_HOLD_MS);
    }
    return n;
}

START_TEST(a_few_go_in_any_case)
{
    struct play play = play_with(3);

    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), PF_RETRY_FLOOR);
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), 0);
    play.now_ms += 1000 / PF_RETRY_FLOOR;
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), 1);
    play.now_ms += 1000;
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), PF_RETRY_FLOOR);
    play.now_ms += 3600000; /* is not saved up */
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), PF_RETRY_FLOOR);
    ck_assert_uint_eq(go(&play, PF_CAUSE_NETWORK), PF_RETRY_FLOOR); /* each has its own */
    play.now_ms -= 1000;
    ck_assert_uint_eq(go(&play, PF_CAUSE_NETWORK), 0); /* a clock that goes back does no harm */
}
END_TEST

START_TEST(throttling_is_not_the_run_s)
{
    struct play play = play_with(3);

    ck_assert_uint_eq(go(&play, PF_CAUSE_THROTTLED), 10000);
    ck_assert_uint_eq(go(&play, PF_CAUSE_BLOCKED), PF_RETRY_FLOOR);
}
END_TEST

START_TEST(targets_and_pages_pay)
{
    struct play play = play_with(3);

    for (int cause = PF_CAUSE_NETWORK; cause < PF_RETRY_CAUSES; cause++)
        ck_assert_uint_eq(go(&play, (enum pf_cause)cause), PF_RETRY_FLOOR);
    for (int i = 0; i < 100; i++)
        pf_retry_note_first(&play.run, play.now_ms);
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), 100 * PF_RETRY_SHARE / 1000);
    for (int i = 0; i < 100; i++)
        pf_retry_note_good(&play.run, play.now_ms);
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), 100 * PF_RETRY_REWARD / 1000);
    /* What one cause has used up is still there for the others. */
    ck_assert_uint_eq(go(&play, PF_CAUSE_NETWORK), 100 * (PF_RETRY_SHARE + PF_RETRY_REWARD) / 1000);
}
END_TEST

START_TEST(payments_fade)
{
    struct play play = play_with(3);

    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), PF_RETRY_FLOOR);
    for (int i = 0; i < 1000; i++)
        pf_retry_note_good(&play.run, play.now_ms);
    play.now_ms += PF_RETRY_KEEP_MS; /* 1/e of them is left */
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER),
                      (unsigned)(1000 * PF_RETRY_REWARD / 1000 / 2.718281828) + PF_RETRY_FLOOR);
    for (int i = 0; i < 1000; i++)
        pf_retry_note_good(&play.run, play.now_ms);
    play.now_ms += 100 * PF_RETRY_KEEP_MS;
    ck_assert_uint_eq(go(&play, PF_CAUSE_PROVIDER), PF_RETRY_FLOOR);
}
END_TEST

/* `rate` targets a second for a minute, of whose attempts every `nth` fails, 1 being all.  Calls
 * that are held back: *held; retries made. */
static unsigned minute_of(unsigned rate, unsigned nth, unsigned *held)
{
    struct play play = play_with(3);
    unsigned attempts = 0, retries = 0, resting = 0, refused = 0;

    for (unsigned i = 0; i < 60 * rate; i++) {
        struct pf_retry_state call = {.cause = PF_CAUSE_PROVIDER};

        play.now_ms = START + (uint64_t)i * 1000 / rate;
        pf_retry_note_first(&play.run, play.now_ms);
        if (++attempts % nth != 0)
            pf_retry_note_good(&play.run, play.now_ms);
        else
            resting++;
        while (resting > 0 && pf_retry_go(&call, &play.run, &play.random, play.now_ms) == 0) {
            retries++;
            if (++attempts % nth != 0) {
                pf_retry_note_good(&play.run, play.now_ms);
                resting--;
            } else if (nth == 1) {
                break;
            }
        }
        refused += resting > 0;
    }
    *held = refused;
    return retries;
}

START_TEST(a_broken_endpoint_is_asked_hardly_more)
{
    unsigned held, retries = minute_of(1000, 1, &held);

    ck_assert_uint_le(retries, 60000 * PF_RETRY_SHARE / 1000 + 61 * PF_RETRY_FLOOR);
    ck_assert_uint_ge(retries, 60000 * PF_RETRY_SHARE / 1000 - PF_RETRY_SHARE);
}
END_TEST

START_TEST(failures_here_and_there_are_not_held_back)
{
    unsigned held;

    for (unsigned nth = 2; nth < 10; nth++) {
        (void)minute_of(100, nth, &held);
        ck_assert_msg(held == 0, "every %u. fails: %u held back", nth, held);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tc = unit_case(suite, "backoff");

    tcase_add_test(tc, backoff_fills_its_bounds);
    tcase_add_test(tc, backoff_of_any_number_is_bounded);
    tc = unit_case(suite, "retry-after");
    tcase_add_test(tc, seconds);
    tcase_add_test(tc, dates);
    tcase_add_test(tc, neither);
    tc = unit_case(suite, "a call");
    tcase_add_test(tc, every_cause_has_its_budget);
    tcase_add_test(tc, a_rule_may_have_fewer);
    tcase_add_test(tc, throttling_is_bounded_by_time);
    tcase_add_test(tc, throttling_is_counted_in_a_row);
    tcase_add_test(tc, delays_are_of_the_cause_s_own_number);
    tcase_add_test(tc, retry_after_is_a_floor);
    tcase_add_test(tc, what_is_billed_is_not_repeated);
    tc = unit_case(suite, "the run");
    tcase_add_test(tc, a_few_go_in_any_case);
    tcase_add_test(tc, throttling_is_not_the_run_s);
    tcase_add_test(tc, targets_and_pages_pay);
    tcase_add_test(tc, payments_fade);
    tcase_add_test(tc, a_broken_endpoint_is_asked_hardly_more);
    tcase_add_test(tc, failures_here_and_there_are_not_held_back);
    return unit_run(suite);
}

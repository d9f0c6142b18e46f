/* When to try again: the bounds of jitter, and both forms of Retry-After. */
#include "unit/unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "engine/retry.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

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
    return unit_run(suite);
}

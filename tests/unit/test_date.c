#include "unit/unit.h"

#include <stdio.h>
#include <time.h>

#include "base/date.h"

#define NOW_2024 INT64_C(1704067200) /* 2024-01-01T00:00:00Z */

static bool parse(const char *text, size_t n, int64_t now_s, int64_t *unix_s)
{
    struct unit_guard g = {0};
    bool ok = pf_date_parse(unit_guard_put(&g, text, n), n, now_s, unix_s);

    unit_guard_fini(&g);
    return ok;
}

static void check_date(const char *text, int64_t now_s, int64_t expected)
{
    int64_t unix_s = 1;

    ck_assert_msg(parse(text, strlen(text), now_s, &unix_s), "\"%s\" was refused", text);
    ck_assert_msg(unix_s == expected, "\"%s\" is %lld, not %lld", text, (long long)unix_s,
                  (long long)expected);
}

START_TEST(reads_all_three_forms)
{
    check_date("Sun, 06 Nov 1994 08:49:37 GMT", NOW_2024, 784111777);
    check_date("Sunday, 06-Nov-94 08:49:37 GMT", NOW_2024, 784111777);
    check_date("Sun Nov  6 08:49:37 1994", NOW_2024, 784111777);
    check_date("Wed Nov 16 08:49:37 1994", NOW_2024, 784975777);
    check_date("Thu, 01 Jan 1970 00:00:00 GMT", NOW_2024, 0);
    check_date("Wed, 31 Dec 1969 23:59:59 GMT", NOW_2024, -1);
    check_date("Tue, 19 Jan 2038 03:14:08 GMT", NOW_2024, INT64_C(2147483648));
    check_date("Fri, 31 Dec 9999 23:59:59 GMT", NOW_2024, INT64_C(253402300799));
    check_date("Sat, 01 Jan 0000 00:00:00 GMT", NOW_2024, INT64_C(-62167219200));
    check_date("Thu, 29 Feb 2024 12:00:00 GMT", NOW_2024, 1709208000);
    check_date("Tue, 29 Feb 2000 00:00:00 GMT", NOW_2024, 951782400);
    check_date("Sat, 31 Dec 2016 23:59:60 GMT", NOW_2024, 1483228800);
    check_date("Mon, 06 Nov 1994 08:49:37 GMT", NOW_2024, 784111777); /* it was a Sunday */
}
END_TEST

START_TEST(dates_two_digit_years_from_now)
{
    check_date("Monday, 01-Jan-24 00:00:00 GMT", NOW_2024, NOW_2024);
    /* Fifty years ahead to the second is the future, a second more is the past. */
    check_date("Monday, 01-Jan-74 00:00:00 GMT", NOW_2024, INT64_C(3281990400));
    check_date("Tuesday, 01-Jan-74 00:00:01 GMT", NOW_2024, 126230401);
    check_date("Friday, 31-Dec-99 23:59:59 GMT", NOW_2024, 946684799);
    check_date("Saturday, 01-Jan-00 00:00:00 GMT", NOW_2024, 946684800);
    /* In 2099 "01" is 2101; in 1999 "10" is 2010. */
    check_date("Saturday, 01-Jan-01 00:00:00 GMT", INT64_C(4070908800), INT64_C(4133980800));
    check_date("Friday, 01-Jan-10 00:00:00 GMT", INT64_C(915148800), INT64_C(1262304000));
    check_date("Sunday, 29-Feb-04 00:00:00 GMT", NOW_2024, 1078012800);
}
END_TEST

START_TEST(refuses_what_is_no_date)
{
    static const char *const cases[] = {
        "",
        "0",
        "Sun",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Xun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 23:59:61 GMT",
        "Tuesday, 29-Feb-23 08:49:37 GMT",
        "Tuesday, 99-Feb-99 99:99:99 GMT",
        "Sun Nov 06  08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
        "1994-11-06T08:49:37Z",
    };
    int64_t unix_s = 12345;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(!parse(cases[i], strlen(cases[i]), NOW_2024, &unix_s), "\"%s\"", cases[i]);
    ck_assert_int_eq(unix_s, 12345);
}
END_TEST

START_TEST(refuses_every_truncation)
{
    static const char *const dates[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    int64_t unix_s;

    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < strlen(dates[i]); n++)
            ck_assert(!parse(dates[i], n, NOW_2024, &unix_s));
}
END_TEST

/* Every 13 hours or so from 1900 to 2200, as the C library writes them. */
START_TEST(agrees_with_gmtime)
{
    for (int64_t t = INT64_C(-2208988800); t < INT64_C(7258118400); t += 46801) {
        time_t as_time = (time_t)t;
        char text[3][48], day[20], clock[12];
        struct tm tm;

        ck_assert_ptr_nonnull(gmtime_r(&as_time, &tm));
        strftime(text[0], sizeof text[0], "%a, %d %b %Y %H:%M:%S GMT", &tm);
        strftime(text[1], sizeof text[1], "%a %b %e %H:%M:%S %Y", &tm);
        strftime(day, sizeof day, "%A, %d-%b", &tm);
        strftime(clock, sizeof clock, "%H:%M:%S", &tm);
        snprintf(text[2], sizeof text[2], "%s-%02d %s GMT", day, tm.tm_year % 100, clock);
        for (int i = 0; i < 3; i++) {
            int64_t unix_s;

            ck_assert(pf_date_parse(text[i], strlen(text[i]), t, &unix_s));
            ck_assert_int_eq(unix_s, t);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("date");
    TCase *tc = unit_case(suite, "date");

    tcase_add_test(tc, reads_all_three_forms);
    tcase_add_test(tc, dates_two_digit_years_from_now);
    tcase_add_test(tc, refuses_what_is_no_date);
    tcase_add_test(tc, refuses_every_truncation);
    tcase_add_test(tc, agrees_with_gmtime);
    return unit_run(suite);
}

/*
 * HTTP dates without strptime(3) and timegm(3): the first reads names in the
 * program's locale and is lenient about ranges, the second is no standard
 * function.  A form is a short sequence of fixed fields, so each has a
 * function that takes one field after the other off a cursor; the calendar is
 * the usual arithmetic on years that begin in March, where the leap day comes last.
 */
#include "base/date.h"

#include <string.h>

#define DAY_S INT64_C(86400)

struct cursor {
    const char *p;
    const char *end;
};

/* As written; month 1 to 12, the others as on a clock. */
struct date {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

static const char *const short_days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static bool take_text(struct cursor *c, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
        return false;
    c->p += n;
    return true;
}

/* Exactly `digits` of them. */
static bool take_number(struct cursor *c, int digits, int *out)
{
    int value = 0;

    if (c->end - c->p < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (c->p[i] < '0' || c->p[i] > '9')
            return false;
        value = value * 10 + (c->p[i] - '0');
    }
    c->p += digits;
    *out = value;
    return true;
}

/* One of `count` names; *out is its position, from 1. */
static bool take_name(struct cursor *c, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++)
        if (take_text(c, names[i])) {
            *out = i + 1;
            return true;
        }
    return false;
}

static bool take_time(struct cursor *c, struct date *d)
{
    return take_number(c, 2, &d->hour) && take_text(c, ":") && take_number(c, 2, &d->minute) &&
           take_text(c, ":") && take_number(c, 2, &d->second);
}

static bool take_imf(struct cursor c, struct date *d)
{
    int weekday;

    return take_name(&c, short_days, COUNT(short_days), &weekday) && take_text(&c, ", ") &&
           take_number(&c, 2, &d->day) && take_text(&c, " ") &&
           take_name(&c, months, COUNT(months), &d->month) && take_text(&c, " ") &&
           take_number(&c, 4, &d->year) && take_text(&c, " ") && take_time(&c, d) &&
           take_text(&c, " GMT") && c.p == c.end;
}

/* The year comes out as its last two digits. */
static bool take_rfc850(struct cursor c, struct date *d)
{
    int weekday;

    return take_name(&c, long_days, COUNT(long_days), &weekday) && take_text(&c, ", ") &&
           take_number(&c, 2, &d->day) && take_text(&c, "-") &&
           take_name(&c, months, COUNT(months), &d->month) && take_text(&c, "-") &&
           take_number(&c, 2, &d->year) && take_text(&c, " ") && take_time(&c, d) &&
           take_text(&c, " GMT") && c.p == c.end;
}

static bool take_asctime(struct cursor c, struct date *d)
{
    int weekday;

    return take_name(&c, short_days, COUNT(short_days), &weekday) && take_text(&c, " ") &&
           take_name(&c, months, COUNT(months), &d->month) && take_text(&c, " ") &&
           (take_text(&c, " ") ? take_number(&c, 1, &d->day) : take_number(&c, 2, &d->day)) &&
           take_text(&c, " ") && take_time(&c, d) && take_text(&c, " ") &&
           take_number(&c, 4, &d->year) && c.p == c.end;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool in_range(const struct date *d)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int days = lengths[d->month - 1] + (d->month == 2 && is_leap(d->year));
    bool leap_second = d->hour == 23 && d->minute == 59 && d->second == 60;

    return d->day >= 1 && d->day <= days && d->hour <= 23 && d->minute <= 59 &&
           (d->second <= 59 || leap_second);
}

/* Years count from March, eras of 400 years from the year 0; 719,468 days lie before 1970. */
static int64_t to_unix_s(const struct date *d)
{
    int64_t year = d->month <= 2 ? d->year - 1 : d->year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (d->month + 9) % 12; /* March is 0 */
    int64_t day_of_year = (153 * month + 2) / 5 + d->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * 146097 + day_of_era - 719468;

    return days * DAY_S + d->hour * 3600 + d->minute * 60 + d->second;
}

/* The last year with these two digits in which the date is at most 50 years after now_s. */
static int full_year(struct date d, int64_t now_s)
{
    for (d.year += 9900; d.year >= 100; d.year -= 100) {
        struct date earlier = d;

        earlier.year -= 50;
        if (to_unix_s(&earlier) <= now_s)
            break;
    }
    return d.year;
}

bool pf_date_parse(const char *s, size_t n, int64_t now_s, int64_t *unix_s)
{
    const struct cursor start = {s, s + n};
    struct date d = {0};

    if (!take_imf(start, &d) && !take_asctime(start, &d)) {
        if (!take_rfc850(start, &d))
            return false;
        d.year = full_year(d, now_s);
    }
    if (!in_range(&d))
        return false;
    *unix_s = to_unix_s(&d);
    return true;
}

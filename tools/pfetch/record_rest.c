#include "record_rest.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CREDITS_MAX 1e12 /* of one page; what is more is no cost */

static bool take_number(const char *value, size_t n, uint64_t max, uint64_t *number)
{
    uint64_t sum = 0;

    if (n == 0 || n > 19)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(value[i] - '0');
    }
    *number = sum;
    return sum <= max;
}

/* Any number of JSON, since other programs write "1e-06". */
static bool take_credits(const char *value, size_t n, int64_t *micro)
{
    char text[40], *end;
    double credits;

    if (n == 0 || n >= sizeof(text) || value[0] < '0' || value[0] > '9')
        return false;
    memcpy(text, value, n);
    text[n] = '\0';
    credits = strtod(text, &end);
    if (*end || !(credits >= 0) || credits > CREDITS_MAX)
        return false;
    *micro = (int64_t)(credits * 1e6 + 0.5);
    return true;
}

static bool take_digits(const char **p, unsigned digits, char mark, int *number)
{
    *number = 0;
    for (; digits > 0; digits--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *number = *number * 10 + (**p - '0');
    }
    return *(*p)++ == mark;
}

/* "2026-11-26T06:57:28.123Z" with its quotes, and no other form. */
static bool take_moment(const char *value, size_t n, int64_t *ms)
{
    const char *p = value + 1;
    struct tm tm = {.tm_isdst = 0};
    int milli;

    if (n != sizeof("\"2026-11-26T06:57:28.123Z\"") - 1 || value[0] != '"' ||
        !take_digits(&p, 4, '-', &tm.tm_year) || !take_digits(&p, 2, '-', &tm.tm_mon) ||
        !take_digits(&p, 2, 'T', &tm.tm_mday) || !take_digits(&p, 2, ':', &tm.tm_hour) ||
        !take_digits(&p, 2, ':', &tm.tm_min) || !take_digits(&p, 2, '.', &tm.tm_sec) ||
        !take_digits(&p, 3, 'Z', &milli) || tm.tm_year < 1970)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *ms = (int64_t)timegm(&tm) * 1000 + milli;
    return true;
}

void record_rest_take(struct record_rest *rest, const char *name, const char *value, size_t n)
{
    uint64_t number;

    if (strcmp(name, "bytes") == 0 && take_number(value, n, INT64_MAX, &number))
        rest->bytes = number;
    else if (strcmp(name, "attempts") == 0 && take_number(value, n, UINT_MAX, &number))
        rest->attempts = (unsigned)number;
    else if (strcmp(name, "queued_ms") == 0 && take_number(value, n, UINT32_MAX, &number))
        rest->queued_ms = (uint32_t)number;
    else if (strcmp(name, "elapsed_ms") == 0 && take_number(value, n, UINT32_MAX, &number))
        rest->elapsed_ms = (uint32_t)number;
    else if (strcmp(name, "cost") == 0)
        (void)take_credits(value, n, &rest->cost_micro);
    else if (strcmp(name, "fetched_at") == 0)
        (void)take_moment(value, n, &rest->fetched_at_ms);
}

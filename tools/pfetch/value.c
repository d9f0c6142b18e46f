#include "value.h"

#include <stddef.h>
#include <string.h>

#define DAY_S 86400u
#define MICRO 1000000
#define WHOLE_MAX 1000000000000u
#define RATE_MAX 1e6

/* The digits at *p, which moves behind them; false where there are none or they are too many. */
static bool digits(const char **p, uint64_t *n)
{
    const char *start = *p;

    for (*n = 0; **p >= '0' && **p <= '9'; (*p)++) {
        unsigned d = (unsigned)(**p - '0');

        if (*n > (UINT64_MAX - d) / 10)
            return false;
        *n = *n * 10 + d;
    }
    return *p > start;
}

bool value_count(const char *text, uint64_t min, uint64_t max, uint64_t *n)
{
    return digits(&text, n) && !*text && *n >= min && *n <= max;
}

/* A number with an optional fraction at *p, which moves behind it, in `unit`ths; what is finer than
 * these is dropped. */
static bool decimal(const char **p, uint32_t unit, uint64_t whole_max, uint64_t *n)
{
    uint64_t whole = 0, part = 0, place = unit;

    if (**p != '.' && !digits(p, &whole))
        return false;
    if (whole > whole_max)
        return false;
    if (**p == '.') {
        (*p)++;
        if (**p < '0' || **p > '9')
            return false;
        for (; **p >= '0' && **p <= '9'; (*p)++) {
            place /= 10;
            part += place * (uint64_t)(**p - '0');
        }
    }
    *n = whole * unit + part;
    return true;
}

bool value_seconds(const char *text, uint32_t *ms)
{
    uint64_t n;

    if (!decimal(&text, 1000, DAY_S, &n) || *text)
        return false;
    *ms = (uint32_t)n;
    return n >= 1 && n <= DAY_S * 1000u;
}

bool value_size(const char *text, uint64_t *bytes)
{
    unsigned shift = 0;

    if (!digits(&text, bytes) || *bytes == 0)
        return false;
    switch (*text) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    case '\0':
        return true;
    default:
        return false;
    }
    if (text[1] || *bytes > UINT64_MAX >> shift)
        return false;
    *bytes <<= shift;
    return true;
}

bool value_micro(const char *text, int64_t *micro)
{
    uint64_t n;

    if (!decimal(&text, MICRO, WHOLE_MAX, &n) || *text)
        return false;
    *micro = (int64_t)n;
    return true;
}

bool value_rate(const char *text, double *per_second)
{
    uint64_t n;
    double seconds = 1;

    if (!decimal(&text, MICRO, WHOLE_MAX, &n))
        return false;
    if (strcmp(text, "/m") == 0)
        seconds = 60;
    else if (strcmp(text, "/h") == 0)
        seconds = 3600;
    else if (*text && strcmp(text, "/s") != 0)
        return false;
    *per_second = (double)n / MICRO / seconds;
    return *per_second > 0 && *per_second <= RATE_MAX;
}

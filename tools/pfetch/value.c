#include "value.h"

#include <stddef.h>

#define DAY_S 86400u

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

bool value_seconds(const char *text, uint32_t *ms)
{
    uint64_t whole = 0, part = 0;
    uint32_t unit = 1000;

    if (*text != '.' && !digits(&text, &whole))
        return false;
    if (whole > DAY_S)
        return false;
    if (*text == '.') {
        text++;
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++) {
            unit /= 10;
            part += unit * (uint64_t)(*text - '0');
        }
    }
    whole = whole * 1000 + part;
    *ms = (uint32_t)whole;
    return !*text && whole >= 1 && whole <= DAY_S * 1000u;
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

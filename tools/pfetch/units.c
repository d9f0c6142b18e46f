#include "units.h"

#include <stdio.h>
#include <string.h>

const char *units_count(char *to, uint64_t n)
{
    char reversed[UNITS_MAX];
    unsigned len = 0, digits = 0;

    do {
        if (digits && digits % 3 == 0)
            reversed[len++] = ',';
        reversed[len++] = (char)('0' + n % 10);
        n /= 10;
        digits++;
    } while (n);
    for (unsigned i = 0; i < len; i++)
        to[i] = reversed[len - 1 - i];
    to[len] = '\0';
    return to;
}

const char *units_bytes(char *to, uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double n = (double)bytes;
    unsigned i = 0;

    while (n >= 1024.0 && i < 4) {
        n /= 1024.0;
        i++;
    }
    snprintf(to, UNITS_MAX, i == 0 || n >= 100.0 ? "%.0f %s" : "%.1f %s", n, unit[i]);
    return to;
}

const char *units_time(char *to, uint64_t s)
{
    unsigned long long h = s / 3600, m = s / 60 % 60;

    if (h)
        snprintf(to, UNITS_MAX, "%llu:%02llu:%02u", h, m, (unsigned)(s % 60));
    else
        snprintf(to, UNITS_MAX, "%llu:%02u", m, (unsigned)(s % 60));
    return to;
}

const char *units_rate(char *to, double rate)
{
    if (rate >= 100.0)
        return units_count(to, rate < 1e15 ? (uint64_t)(rate + 0.5) : 0);
    snprintf(to, UNITS_MAX, rate >= 10.0 ? "%.1f" : "%.2f", rate);
    return to;
}

const char *units_ms(char *to, uint64_t ms)
{
    if (ms < 1000)
        snprintf(to, UNITS_MAX, "%u ms", (unsigned)ms);
    else
        snprintf(to, UNITS_MAX, ms < 10000 ? "%.2f s" : "%.1f s", (double)ms / 1000.0);
    return to;
}

const char *units_credits(char *to, int64_t micro)
{
    unsigned rest = (unsigned)(micro % 1000000), digits = 6;
    size_t n;

    units_count(to, (uint64_t)(micro / 1000000));
    n = strlen(to);
    for (; rest && rest % 10 == 0; rest /= 10)
        digits--;
    if (rest)
        snprintf(to + n, UNITS_MAX - n, ".%0*u", (int)digits, rest);
    return to;
}

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

const char *units_span(char *to, uint64_t ms)
{
    unsigned long long s = (ms + 500) / 1000, m = s / 60, h = m / 60;

    if (ms < 100000)
        return units_ms(to, ms);
    if (h == 0)
        snprintf(to, UNITS_MAX, "%llu min %llu s", m, s % 60);
    else if (h < 24)
        snprintf(to, UNITS_MAX, "%llu h %llu min", h, m % 60);
    else
        snprintf(to, UNITS_MAX, "%llu d %llu h", h / 24, h % 24);
    return to;
}

const char *units_pace(char *to, double per_second)
{
    char rate[UNITS_MAX];

    if (per_second >= 0.5 || per_second <= 0)
        snprintf(to, UNITS_MAX, "%.28s/s", units_rate(rate, per_second));
    else if (per_second * 60 >= 0.5)
        snprintf(to, UNITS_MAX, "%.3g/min", per_second * 60);
    else
        snprintf(to, UNITS_MAX, "%.3g/h", per_second * 3600);
    return to;
}

/* To a step of so many millionths. */
static int64_t round_to(int64_t micro, int64_t step)
{
    return micro > INT64_MAX - step ? micro : (micro + step / 2) / step * step;
}

const char *units_credits(char *to, int64_t micro)
{
    unsigned rest, digits = 6;
    size_t n;

    if (micro >= 1000000)
        micro = round_to(micro, micro >= 10000000 ? 10000 : 1000);
    rest = (unsigned)(micro % 1000000);
    units_count(to, (uint64_t)(micro / 1000000));
    n = strlen(to);
    for (; rest && rest % 10 == 0; rest /= 10)
        digits--;
    if (rest)
        snprintf(to + n, UNITS_MAX - n, ".%0*u", (int)digits, rest);
    return to;
}

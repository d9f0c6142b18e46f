/*
 * Figures for people: 1,234,567 · 9.8 MiB · 0:04:11.
 */
#ifndef PFETCH_TOOL_UNITS_H
#define PFETCH_TOOL_UNITS_H

#include <stdint.h>

#define UNITS_MAX 32u /* bytes of any of these with its NUL */

/* With commas between thousands.  Each fills `to` (UNITS_MAX bytes) and returns it. */
const char *units_count(char *to, uint64_t n);
/* B, KiB, MiB, GiB or TiB. */
const char *units_bytes(char *to, uint64_t bytes);
/* m:ss, or h:mm:ss. */
const char *units_time(char *to, uint64_t seconds);
/* A rate with as many decimals as are worth reading. */
const char *units_rate(char *to, double per_second);
/* Milliseconds as seconds: "85 ms", "1.24 s", "75.0 s". */
const char *units_ms(char *to, uint64_t ms);
/* Milliseconds as time for people: "75.0 s", "4 min 20 s", "3 h 5 min", "12 d 11 h". */
const char *units_span(char *to, uint64_t ms);
/* A rate in the unit in which it is no small fraction: "12.3/s", "40/min", "7.5/h". */
const char *units_pace(char *to, double per_second);
/* Millionths of a credit (not negative) as credits: all six decimals below 1, three below 10, two
 * above, none of them zeros at the end: "1,234.5". */
const char *units_credits(char *to, int64_t micro);

#endif

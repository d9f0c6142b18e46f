/*
 * Numbers as people write them in options: digits only, no sign, no white space, nothing behind.
 */
#ifndef PFETCH_TOOL_VALUE_H
#define PFETCH_TOOL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number from `min` to `max`. */
bool value_count(const char *text, uint64_t min, uint64_t max, uint64_t *n);

/* Seconds with an optional fraction ("2", "0.25", at most a day) as milliseconds, at least 1. */
bool value_seconds(const char *text, uint32_t *ms);

/* Bytes, with an optional suffix k, M or G (either case) for powers of 1,024; at least 1. */
bool value_size(const char *text, uint64_t *bytes);

/* A number with an optional fraction ("0.5", at most a million million) in millionths, the rest
 * dropped; 0 is a number too. */
bool value_micro(const char *text, int64_t *micro);

/* Calls in a second: "5", "0.5/s", "30/m" or "1000/h"; more than 0, at most 1,000,000 a second. */
bool value_rate(const char *text, double *per_second);

#endif

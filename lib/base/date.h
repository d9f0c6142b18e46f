/*
 * HTTP dates (RFC 9110 section 5.6.7), as Retry-After has them.
 */
#ifndef PF_BASE_DATE_H
#define PF_BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the `n` bytes at s (borrowed), which are one date and nothing else, into
 * *unix_s: seconds since 1970-01-01T00:00:00Z, negative before.  All three forms:
 *
 *   Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
 *   Sun Nov  6 08:49:37 1994         asctime
 *
 * now_s, seconds since 1970 too, dates the two-digit years of RFC 850: they mean
 * the last such year that is not more than 50 years in the future.
 *
 * False, with *unix_s untouched, for any other text: names are case-sensitive, a
 * day must exist in its month, and 60 is a second only as 23:59:60.  That the
 * day's name fits the date is not asked: it says nothing that the date does not.
 */
bool pf_date_parse(const char *s, size_t n, int64_t now_s, int64_t *unix_s);

#endif

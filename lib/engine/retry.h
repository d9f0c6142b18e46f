/*
 * When to try again.  Pure: randomness and time come from the caller.
 */
#ifndef PF_ENGINE_RETRY_H
#define PF_ENGINE_RETRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

/*
 * Milliseconds before retry number `n` (from 0): anything up to a ceiling that doubles
 * with each ("full jitter"), so that many that failed together do not come back together.
 */
uint32_t pf_retry_backoff_ms(struct pf_random *random, unsigned n);

/*
 * What a Retry-After field asks for (RFC 9110 section 10.2.3: seconds, or a date, seen from
 * `now_s`, Unix time), between PF_RETRY_AFTER_MIN_MS and PF_RETRY_AFTER_MAX_MS; 0 if it cannot be
 * read.
 */
uint32_t pf_retry_after_ms(const char *value, size_t n, int64_t now_s);

#endif

/*
 * The RateLimit header fields of the IETF's HTTPAPI working group, read strictly: what cannot be
 * read as a whole is as if it had not been sent.  Pure; every text has a length.
 *
 *   RateLimit: "default";r=50;t=30                        draft-ietf-httpapi-ratelimit-headers-08
 *   RateLimit-Policy: "default";q=100;w=60                and later
 *   RateLimit: limit=100, remaining=50, reset=30          -07
 *   RateLimit-Policy: 100;w=60
 *   RateLimit-Limit: 100, 100;w=60                        -06 and before
 *   RateLimit-Remaining: 50
 *   RateLimit-Reset: 30
 *
 * X-RateLimit-* is not read: providers mean anything by it, seconds, dates and calls at once.
 */
#ifndef PF_ENGINE_RATELIMIT_H
#define PF_ENGINE_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PF_RATELIMIT_POLICIES 4 /* of one answer; more are not looked at */

enum pf_ratelimit_unit {
    PF_RATELIMIT_REQUESTS,   /* in a window: what the pacer keeps to */
    PF_RATELIMIT_CONCURRENT, /* under way at once: the limiter's */
    PF_RATELIMIT_OTHER       /* bytes, or anything */
};

struct pf_ratelimit_policy {
    const char *name; /* lent, part of the field; NULL: the forms without names */
    size_t name_len;
    bool has_remaining, has_reset;
    uint64_t remaining, reset_s;
    uint64_t quota, window_s; /* 0: not said */
    enum pf_ratelimit_unit unit;
};

struct pf_ratelimit {
    struct pf_ratelimit_policy policy[PF_RATELIMIT_POLICIES];
    unsigned count;
};

/* What is to be kept to. */
struct pf_ratelimit_quota {
    uint64_t remaining; /* calls that may start before ... */
    uint64_t reset_ms;  /* ... this much later */
    uint64_t quota;     /* of a whole window; 0: not said */
    uint64_t window_ms; /* its length; 0: not said */
};

/* Nothing was told. */
void pf_ratelimit_init(struct pf_ratelimit *r);

/*
 * One header field of the answer, any: false if it is none of these fields, or cannot be read.
 * Borrows the name, lends parts of the value to `r`.
 */
bool pf_ratelimit_field(struct pf_ratelimit *r, const char *name, size_t name_len,
                        const char *value, size_t value_len);

/* The policy that allows least in a second; false if none says how much remains until when. */
bool pf_ratelimit_tightest(const struct pf_ratelimit *r, struct pf_ratelimit_quota *out);

/*
 * What is told of calls under way at once (qu="concurrent-requests"), for pf_limiter_told(): how
 * many (0: not said), and how many more (below 0: not said).  False if nothing.
 */
bool pf_ratelimit_concurrency(const struct pf_ratelimit *r, uint64_t *limit, int64_t *remaining);

#endif

/*
 * What a sandbox is to be like: "latency=200ms,limit=5,error=0.02" as a struct.
 *
 * A spec is a comma-separated list of name=value.  An empty one is an endpoint that behaves:
 * no latency, no limit, no faults, 10 KiB pages, nothing encoded.  A name given twice counts
 * as it was given last, so a script can append to a default.
 *
 *   profile=NAME             the provider that is played; default proxiesapi
 *   key=K                    the only key that is let in; default demo
 *   latency=D                D is 200ms, 1.5s, 100ms..900ms (uniform) or lognormal:800ms:0.5
 *   size=S                   of a page: 10k, 1k..50k or lognormal:20k:1; k and m are 1,024-based
 *   limit=N                  calls in flight; one more is answered 429 at once
 *   retry-after=S | none     seconds in the Retry-After header of a 429; default 1
 *   ban=N/S                  more than N calls refused so within S seconds ban the key for ever
 *   credits=N                that the key has; none is left: every call is refused
 *   cost=N                   credits that a page costs; default 1
 *   error=R                  share of calls that the provider fails
 *   empty=R                  answered 200 without a byte
 *   captcha=R                answered 200 with a page that asks whether one is human
 *   cut=R                    the body ends early and the connection closes
 *   drop=R                   the connection closes without an answer
 *   target-404=R             share of targets that do not exist (the target's own 404)
 *   target-503=R             share of calls to which the target answers a 503
 *   binary=R                 share of targets whose page is no text
 *   slow=R, slow-body=R      share of calls whose body drips; over slow-ms=N, default 2000
 *   chunked=R                share of bodies sent in chunks
 *   close=R                  share of replies that announce the connection's end
 *   hangup=R                 share of replies after which it ends unannounced
 *   encoding=E               gzip, br, zstd, mix (one of them or none, by target), none
 *   seed=N                   another set of chances
 *
 * R is a share from 0 to 1.  Every kind of answer excludes the others, so error, empty,
 * captcha, cut, drop and target-503 add up to at most 1.
 */
#ifndef SANDBOX_SPEC_H
#define SANDBOX_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "ban.h"
#include "draw.h"

/* Ceilings, each refused with a sentence where a spec goes beyond. */
#define SANDBOX_KEY_MAX 128                  /* bytes of a key                              */
#define SANDBOX_LATENCY_MAX_MS 3600000       /* an hour: longer than any client waits       */
#define SANDBOX_SLOW_MAX_MS 600000           /* below the server's own idle timeout         */
#define SANDBOX_SIZE_MAX (128 * 1024 * 1024) /* twice the default --max-body of pfetch      */
#define SANDBOX_LIMIT_MAX 1000000            /* calls in flight                             */
#define SANDBOX_RETRY_AFTER_MAX_S 86400      /* a day                                       */
#define SANDBOX_BAN_MAX_S 86400              /* a day                                       */
#define SANDBOX_CREDITS_MAX 1000000000000    /* a million dollars, at the least             */
#define SANDBOX_COST_MAX 1000000             /* of one page                                 */
#define SANDBOX_SIGMA_MAX 4.0                /* 95 % of samples within a factor of 2,500    */

#define SANDBOX_PAGE_BYTES_DEFAULT 10240

enum sandbox_coding {
    SANDBOX_CODING_NONE,
    SANDBOX_CODING_GZIP,
    SANDBOX_CODING_BR,
    SANDBOX_CODING_ZSTD,
    SANDBOX_CODING_MIX /* in a spec only: one of the four above, by target */
};

struct sandbox_dialect;

struct sandbox_spec {
    const struct sandbox_dialect *dialect; /* static */
    char key[SANDBOX_KEY_MAX + 1];
    uint64_t seed;
    struct sandbox_dist latency_ms;
    struct sandbox_dist size_bytes;
    uint64_t limit;            /* calls in flight, 0 for no limit          */
    int64_t retry_after_s;     /* -1: the header is left out               */
    uint64_t ban_calls, ban_s; /* 0: no such rule                      */
    uint64_t credits;          /* that the key has, 0 for no end of them   */
    uint64_t cost;             /* credits of a page                        */
    uint64_t slow_ms;          /* how long a dripping body takes           */
    double error, empty, captcha, cut, drop, target_fails;
    double not_found, binary;
    double slow, chunked, close, hangup;
    enum sandbox_coding coding;
};

/*
 * Reads `text` (borrowed; NULL or "" for the defaults) into *spec.  Returns 0, or -1 with a
 * sentence in `error` (cut to error_len, always terminated, free of control characters) that
 * names what is wrong and what would be right.
 */
int sandbox_spec_read(struct sandbox_spec *spec, const char *text, char *error, size_t error_len);

/* The same on top of what *spec is, which is unchanged where -1 is returned. */
int sandbox_spec_change(struct sandbox_spec *spec, const char *text, char *error, size_t error_len);

#endif

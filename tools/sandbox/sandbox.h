/*
 * The sandbox: a scraping API on loopback that needs nothing, ProxiesAPI's or, by the spec's
 * profile, another provider's.
 *
 *     GET /?auth_key=demo&url=https%3A%2F%2Fexample.com%2F      a page, made up from the URL
 *     GET /__stats                                              what happened so far, as JSON
 *     GET /__spec?limit=4                                       changes the spec from now on
 *
 * It fetches nothing.  What a call gets and how long that takes is a function of the spec
 * (spec.h), the target, and how often the target was called; a target may ask for one
 * behaviour in its own query (control.h).
 *
 * A call passes these, in this order: the key, the target, the ban, the credits, the plan's limit
 * of calls in flight (each refused at once, as the provider does it; proxiesapi with 401, 400,
 * 401, 402 and 429), the latency, the reply.  It is in flight from the limit until
 * the last byte of its reply is handed to the connection.  As with real providers a client
 * that goes away frees nothing: its call stays in flight, and its connection open on this
 * side, until the latency is over.  Only a body that drips ends as soon as nobody reads it.
 *
 * A 429 is not counted as an attempt at its target, so throttling changes no later fault.
 *
 * One thread: everything happens in the loop of the base that is given, so a client may run
 * on the same one.  The program ignores SIGPIPE.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct sandbox;

#define SANDBOX_STATS_PATH "/__stats"
#define SANDBOX_SPEC_PATH "/__spec"

/* Calls that wait or drip at once, beside any limit of the spec; one more is answered 503.
 * Each takes about 3 KiB with its connection. */
#define SANDBOX_CALLS_MAX 100000

/*
 * What happened so far.  Each call is in `in_flight` until it has ended and in exactly one of
 * the outcomes then, so calls = in_flight + the outcomes, always.  Requests for the statistics
 * and requests that are no HTTP are not calls.
 */
struct sandbox_counters {
    uint64_t calls;

    uint64_t ok;           /* 200 and the whole page                                    */
    uint64_t empty;        /* 200 and no byte                                           */
    uint64_t captcha;      /* 200 and a CAPTCHA page                                    */
    uint64_t cut;          /* 200 and half of the page                                  */
    uint64_t dropped;      /* closed without an answer                                  */
    uint64_t not_found;    /* the target's own 404                                      */
    uint64_t errors;       /* 500, and what a provider or a target fails with instead; also
                           any status that a target asked for, but 2xx, which counts as ok,
                           401, 404 and 429                                          */
    uint64_t throttled;    /* 429, and what a provider has instead                      */
    uint64_t unauthorized; /* 401: bad key, no credits, banned                          */
    uint64_t bad_requests; /* 400, or 404 for a path that is no endpoint                */

    uint64_t in_flight;     /* now                                                       */
    uint64_t max_in_flight; /* the most there ever were at once                          */
    uint64_t slow;          /* replies that dripped, among the above                     */
    uint64_t connections;   /* accepted in all                                           */
    uint64_t credits;       /* spent                                                     */
    uint64_t targets;       /* different targets; an upper bound beyond 50,000          */
};

/*
 * Gives a sandbox (sandbox_free()) on `base` (kept) that follows `spec` (copied; NULL or ""
 * for one that behaves).  Returns NULL with a sentence in `error` (cut to error_len) for a
 * spec that does not read, or where memory ran out.
 */
struct sandbox *sandbox_new(struct event_base *base, const char *spec, char *error,
                            size_t error_len);

/*
 * Listens on `address`, numeric and of loopback (127.0.0.0/8 or ::1); port 0 takes a free one.
 * May be called again for another address, four times in all.  Returns 0, or -1 with errno:
 * EINVAL (no address, or the fifth), EPERM (not loopback), or what bind(2) and listen(2) say.
 */
int sandbox_listen(struct sandbox *sandbox, const char *address, uint16_t port);

/* 1 for a numeric loopback address, 0 for another, -1 for what is no numeric address. */
int sandbox_is_loopback(const char *address);

/* The port first listened on; 0 before. */
uint16_t sandbox_port(const struct sandbox *sandbox);

/* The profile that it plays, by its name; static. */
const char *sandbox_profile(const struct sandbox *sandbox);

/* Lends the counters; they live and change as long as the sandbox does. */
const struct sandbox_counters *sandbox_counters(const struct sandbox *sandbox);

/* Writes the counters as one JSON object of one line, without its end, into `out`; returns
 * its length, as snprintf() does.  1,024 bytes are always enough. */
int sandbox_counters_json(const struct sandbox_counters *counters, char *out, size_t len);

/* Closes everything at once; calls under way get no reply.  Before the base is freed, and not
 * from one of the sandbox's own callbacks.  NULL is ignored. */
void sandbox_free(struct sandbox *sandbox);

#endif

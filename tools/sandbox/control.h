/*
 * What a single target asks of the sandbox, in its own query:
 *
 *     https://example.com/a?sandbox=status-503,retry-after-2,times-1
 *
 * so that a test or a reader provokes exactly one behaviour with one URL and no spec.  The
 * value is a comma-separated list of:
 *
 *   ok error empty captcha cut drop   the answer, as the spec's names
 *   target-N          the target itself answers N, 400 to 599
 *   api-NAME          what the provider says in that situation (dialect.h): api-bad-key,
 *                     api-no-credits, api-throttled, api-failed, api-bad-request, and others
 *   status-N          status N (200 to 599); the page below 300, a JSON error from there on
 *   retry-after-S     the reply has a Retry-After header
 *   latency-N         milliseconds before the reply
 *   slow, slow-N      the body drips (over N milliseconds)
 *   size-S            bytes of the page (k and m as in a spec)
 *   encoding-E        gzip, br, zstd or none
 *   binary chunked close hangup
 *   times-N           only the first N calls of this target; later ones are as the spec says
 *
 * A value with any other word in it is none of ours and changes nothing: a real list may well
 * have a parameter of that name.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <stdint.h>

struct sandbox_plan;
struct sandbox_spec;

/* Changes `plan`, made for attempt `n` at `url`, as the URL asks.  1 where it asks, else 0. */
int sandbox_control_apply(struct sandbox_plan *plan, const struct sandbox_spec *spec,
                          const char *url, uint32_t n);

#endif

/*
 * The report of a run that is under way: it knows what no record says, the limit on calls in
 * flight over time and when answers were throttled.
 */
#ifndef PFETCH_TOOL_REPORT_LIVE_H
#define PFETCH_TOOL_REPORT_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include <pfetch/fetch.h>

#include "tally.h"

struct event_base;
struct report_live;

/* All kept. */
struct report_live_setup {
    const char *path; /* of the report                                    */
    struct event_base *base;
    const struct fetch_client *client;
    const struct tally *tally; /* with figures over time                           */
    const char *output;        /* as -o has it                                     */
};

/*
 * Looks at the client from now on.  The file is created at once, so that a place that cannot be
 * written is found before anything is sent.  NULL and a sentence in `error` where that fails.
 */
struct report_live *report_live_open(const struct report_live_setup *setup, char *error,
                                     size_t error_len);

/*
 * Writes the page and frees; not `wanted`: leaves no trace.  False and a sentence in `error` where
 * it cannot be written.  NULL is ignored.
 */
bool report_live_close(struct report_live *r, bool wanted, char *error, size_t error_len);

#endif

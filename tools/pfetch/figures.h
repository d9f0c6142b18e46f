/*
 * What a run's pages come to by host and over time, beside the tally: what the report is drawn
 * from and the summary's hosts are taken from.  Memory is constant, about 1 MiB, whatever the
 * number of pages.
 *
 * Pages come one by one, from a run under way or from the records of one that has ended.
 */
#ifndef PFETCH_TOOL_FIGURES_H
#define PFETCH_TOOL_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "hosts.h"
#include "series.h"

#define FIGURES_SLOWEST 10u    /* pages that are kept by name */
#define FIGURES_URL_BYTES 512u /* of their URLs, with the NUL */
#define FIGURES_STATUSES 600u  /* HTTP statuses below it      */

struct figures_slow {
    uint32_t elapsed_ms;
    enum fetch_outcome outcome;
    int status;
    bool cut; /* `url` is its beginning only */
    char url[FIGURES_URL_BYTES];
};

struct figures {
    uint64_t status[FIGURES_STATUSES]; /* of pages that were sent; [0]: unknown */
    struct hosts *hosts;               /* every page                            */
    struct hosts *failing;             /* pages that are not ok                 */
    struct figures_slow slowest[FIGURES_SLOWEST];
    unsigned slow_count;
    bool timed;              /* there is a series, which is empty else  */
    bool sampled;            /* figures_sample() was called             */
    uint64_t throttled_seen; /* of the sample before                    */
    struct series series;
};

/* `timed`: over time too.  NULL: memory. */
struct figures *figures_new(bool timed);
void figures_free(struct figures *f);

/* Borrows the page.  Of it are looked at: url, outcome, status, attempts, body_len, cost_micro,
 * elapsed_ms and fetched_at_ms (0: unknown). */
void figures_add(struct figures *f, const struct fetch_page *page);

/* What the client says at a moment of its calls: how many are in flight, their limit, and how
 * often they were throttled.  Only where `timed`. */
void figures_sample(struct figures *f, int64_t at_ms, const struct fetch_stats *stats);

#endif

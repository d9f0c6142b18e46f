/*
 * What a run came to, as a page to look at: one HTML file that needs nothing but itself.
 *
 * Everything is drawn when the page is written.  A script of a few lines shows the figures of the
 * step under the pointer; without it a browser shows the same as plain tips.  The page's own
 * policy (CSP) allows that script by its digest and nothing else, so that whatever a URL or a host
 * holds, and however it got past the escaping, does not run.
 */
#ifndef PFETCH_TOOL_REPORT_H
#define PFETCH_TOOL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "options.h"
#include "report_read.h"
#include "tally.h"
#include "whole_file.h"

#define REPORT_MAX (16u << 20) /* bytes of the page; it has about half a megabyte */

/* What the figures do not say; borrowed. */
struct report_about {
    const char *output;      /* where the pages are, for the title; "-": standard output */
    size_t more;             /* further outputs                                          */
    bool live;               /* drawn by the run itself                                  */
    uint64_t before;         /* pages that the output had before that run                */
    struct report_seen seen; /* else: what reading came across                           */
};

/* Appends the page, of a tally with figures; out->failed where memory ran out. */
void report_html(struct bytes *out, const struct tally *t, const struct report_about *about);

/*
 * Writes the page into a file (taken) that is there whole or not at all; with `t` NULL leaves no
 * trace.  False and a sentence in `error` where it cannot be written.
 */
bool report_write(struct whole_file *file, const struct tally *t, const struct report_about *about,
                  char *error, size_t error_len);

/*
 * pfetch --report FILE [OUTPUT ...]: reads what is there, sends nothing, writes the page and says
 * so.  Returns the exit status.
 */
int report_run(const struct options *options);

#endif

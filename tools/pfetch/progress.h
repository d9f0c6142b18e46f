/*
 * What standard error says while a run is under way.
 */
#ifndef PFETCH_TOOL_PROGRESS_H
#define PFETCH_TOOL_PROGRESS_H

#include <stddef.h>
#include <time.h>

#include <pfetch/fetch.h>

#include "console.h"
#include "options.h"
#include "tally.h"

struct progress;
struct event_base;

/* What it looks at, each time anew; all kept. */
struct progress_view {
    const struct tally *tally;
    const struct fetch_client *client;
    const char *const *note; /* *note: "stopping" or the like, or NULL */
};

/* `form` is never PROGRESS_AUTO.  NULL: memory. */
struct progress *progress_new(struct event_base *base, struct console *console,
                              enum progress_form form, const struct progress_view *view);
/* Takes the line of progress away. */
void progress_free(struct progress *p);

/* One moment of a run, and how it is told: pure functions, for progress_new() and tests. */
struct progress_moment {
    const struct tally *tally;
    struct fetch_stats stats;
    double rate;         /* pages per second of late */
    uint64_t elapsed_ms; /* since the run began      */
    time_t now;          /* of the calendar's clock  */
    const char *note;    /* or NULL                  */
};

#define PROGRESS_TEXT 1024u /* bytes that any of the following needs at most */

/*
 * A bar of at most `width` columns; what matters least is left out where it is narrow.  No piece is
 * cut, and none has more columns than bytes, so that a wide character in a note fits too.
 */
void progress_bar(char to[PROGRESS_TEXT], const struct progress_moment *m, unsigned width);
/* A line in words, and a JSON object of one line. */
void progress_plain(char to[PROGRESS_TEXT], const struct progress_moment *m);
void progress_json(char to[PROGRESS_TEXT], const struct progress_moment *m);

#endif

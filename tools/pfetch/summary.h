/*
 * What a run came to, for people and for programs.
 */
#ifndef PFETCH_TOOL_SUMMARY_H
#define PFETCH_TOOL_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <pfetch/fetch.h>

#include "bytes.h"
#include "tally.h"

/* Everything it is made from; all borrowed. */
struct summary {
    const struct tally *tally;
    struct fetch_stats stats;
    uint64_t elapsed_ms;
    time_t started; /* of the calendar's clock */
    int exit_code;
    const char
        *stopped_by;    /* "account", "credits", "time", "signal", "output", "system", or NULL */
    const char *output; /* as -o has it                                             */
    bool directory;     /* the output is one                                        */
    bool resumable;     /* it can be gone on with                                   */
    bool bodies;        /* the output holds no records                              */
};

/* Whether the end of the list was not reached, or something of it was not put on record. */
bool summary_is_incomplete(const struct summary *s);

/* Millionths of a credit that it would have spent in an hour; 0 where it took less than a second. */
int64_t summary_hourly(const struct summary *s);

/* A few lines for people, each but the last with a line feed; appended. */
void summary_text(struct bytes *out, const struct summary *s);

/* One JSON object of one line, without a line feed; appended.  Begins with "type":"summary". */
void summary_json(struct bytes *out, const struct summary *s);

#endif

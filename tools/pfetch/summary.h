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
    bool bodies;        /* the output holds no records                              */
};

/* A few lines for people, each but the last with a line feed; appended. */
void summary_text(struct bytes *out, const struct summary *s);

/* One JSON object of one line, without a line feed; appended.  Begins with "type":"summary". */
void summary_json(struct bytes *out, const struct summary *s);

/* The file of --summary: written beside its place, and moved there once it is whole. */
struct summary_file;

/* Created at once, so that a place that cannot be written is found before anything is sent. */
struct summary_file *summary_file_open(const char *path, char *error, size_t error_len);

/*
 * Writes and frees; with `text` NULL, or failed, leaves no trace.  False and a sentence in `error`
 * where it cannot be written.  A NULL file is ignored.
 */
bool summary_file_close(struct summary_file *f, const struct bytes *text, char *error,
                        size_t error_len);

#endif

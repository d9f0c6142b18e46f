/*
 * The output as a whole: the sink that pages go to, what it holds already and so is not due, and
 * the order in which records leave.
 */
#ifndef PFETCH_TOOL_OUTPUT_H
#define PFETCH_TOOL_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console.h"
#include "due.h"
#include "options.h"
#include "order.h"
#include "sink.h"

/* All zero before output_open(). */
struct output {
    struct sink *sink;
    struct due *due;
    struct order *order;  /* NULL: records leave as pages come      */
    uint64_t failed;      /* pages that it held and that are not ok */
    char *recipe;         /* see recipe.h                           */
    char spill[PATH_MAX]; /* directory for what waits in the order  */
};

/* What it is opened with; all kept but `events`. */
struct output_setup {
    const struct options *options;
    struct event_base *base;
    struct recorder *recorder;
    struct console *console;
    struct outfile_events events;
};

/*
 * Opens what options->output names and, to resume, reads what is there.  False and a sentence in
 * `error` where that cannot be, or must not: output_fini() is due all the same.
 */
bool output_open(struct output *out, const struct output_setup *setup, char *error,
                 size_t error_len);

/* Ends the sink too, where sink_close() has not: the owner sets `sink` to NULL behind that. */
void output_fini(struct output *out);

#endif

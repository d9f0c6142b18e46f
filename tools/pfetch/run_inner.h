/*
 * The inside of a run, between run.c (what it needs, and in which order) and run_end.c (how it ends).
 */
#ifndef PFETCH_TOOL_RUN_INNER_H
#define PFETCH_TOOL_RUN_INNER_H

#include <time.h>

#include "console.h"
#include "control.h"
#include "flow.h"
#include "found.h"
#include "input.h"
#include "output.h"
#include "progress.h"
#include "redact.h"
#include "report_live.h"
#include "run.h"
#include "sandbox/sandbox.h"
#include "whole_file.h"

struct run {
    struct options *options;
    struct event_base *base;
    struct console *console;
    struct sandbox *sandbox;
    char sandbox_url[64];
    struct redact secrets;
    struct recorder *recorder;
    struct input *input;
    struct fetch_client *client;
    struct control *control;  /* NULL: no --control                                       */
    char account[FOUND_MARK]; /* "": nothing is kept for the next run                     */
    struct output output;
    struct whole_file *summary;
    struct report_live *report;
    struct progress *progress;
    struct tally tally;
    struct flow flow;
    time_t started;
    char error[OPTIONS_ERROR + SINK_ERROR];
};

/* The output is complete, or as complete as it gets; what is left is to say so.  The exit code. */
int run_end(struct run *r);

#endif

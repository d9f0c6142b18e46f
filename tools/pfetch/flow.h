/*
 * The flow of a run on its loop: targets from the input into the gather, pages from the gather
 * into the sink, and everything that ends it early.
 */
#ifndef PFETCH_TOOL_FLOW_H
#define PFETCH_TOOL_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <pfetch/fetch.h>

#include "console.h"
#include "due.h"
#include "input.h"
#include "order.h"
#include "sink.h"
#include "tally.h"

struct event;
struct event_base;

/* The first cause that made a run send no more. */
enum flow_stop {
    FLOW_GOES_ON = 0,
    FLOW_STOP_ACCOUNT, /* the endpoint refuses the key                      */
    FLOW_STOP_CREDITS, /* --max-credits would be overstepped                */
    FLOW_STOP_TIME,    /* --max-time is over                                */
    FLOW_STOP_SIGNAL,  /* SIGINT or SIGTERM                                 */
    FLOW_STOP_OUTPUT,  /* the output cannot be written                      */
    FLOW_STOP_SYSTEM   /* memory ran out, or the loop failed                */
};

/* What the flow works with; all kept but by nobody freed here. */
struct flow_parts {
    struct event_base *base;
    struct fetch_client *client;
    struct input *input;
    struct sink *sink;
    struct due *due;
    struct order *order; /* NULL: records leave as pages come                            */
    struct console *console;
    struct tally *tally;
    uint64_t limit;       /* targets; 0: none                                     */
    uint32_t max_time_ms; /* 0: none                                              */
    bool resumable;       /* --resume can go on with the output                   */
    bool tell_failures;   /* the output has no records: say what failed           */
};

struct flow {
    struct flow_parts part;
    struct fetch_gather *gather;
    enum flow_stop stop;
    int signal_number; /* with FLOW_STOP_SIGNAL                                  */
    const char *note;  /* for the progress: "stopping", or NULL                  */
    char note_text[64];
    uint64_t stop_by_ms; /* tally_now_ms() when the last attempt under way is over */
    uint64_t position;   /* of the next target in the list                         */

    unsigned signals;  /* SIGINT and SIGTERM so far                              */
    unsigned told;     /* failures told                                          */
    bool cancel;       /* what is under way is not waited for either             */
    bool held;         /* the source said that it will be woken                  */
    bool input_ended;  /* the input's end was seen                               */
    bool done;         /* every target has ended                                 */
    struct event *act; /* does on a fresh stack what a callback decided      */
    struct event *on_int;
    struct event *on_term;
    struct event *on_time;
    struct event *countdown;
};

/* Sets up signals, timers and the gather.  False: memory; flow_fini() is due all the same. */
bool flow_init(struct flow *f, const struct flow_parts *parts);
/* Runs the loop until every target has ended and its record is written, or cannot be. */
void flow_run(struct flow *f);
void flow_fini(struct flow *f);

/* For input_new(): an item may be there; `arg` is the flow. */
void flow_on_input(void *arg);
/* For outfile_events: `arg` is the flow. */
void flow_on_room(void *arg);
void flow_on_output_failed(void *arg);

/* Whether something of the list is missing for another reason than its own failure. */
bool flow_is_incomplete(const struct flow *f);

#endif
